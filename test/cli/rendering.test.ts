import assert from "node:assert/strict";
import { test } from "node:test";
import { IrokoError, type PlanReport } from "@iroko/core";
import { printPlan } from "../../packages/cli/src/runs/print-plan.ts";
import { exitCodeOf, renderError, toJsonError } from "../../packages/cli/src/terminal/render-error.ts";
import { formatTable } from "../../packages/cli/src/terminal/table.ts";
import { formatBytes, formatSeconds, plural } from "../../packages/cli/src/terminal/units.ts";
import { UsageError } from "../../packages/cli/src/usage-error.ts";

const plain = { style: (_format: unknown, text: string): string => text };

test("an error is told by code, message, place and next move", () => {
  const error = new IrokoError("SQL_FAILED", "It has no such column.", {
    hint: "Mend it.",
    place: { file: "/srv/shop/sales.sql", line: 3, column: 7, subject: 'asset "sales"' },
  });
  assert.equal(
    renderError(error, plain),
    'SQL_FAILED It has no such column.\n  at /srv/shop/sales.sql:3:7, asset "sales"\n  → Mend it.',
  );
  assert.equal(toJsonError(error).place?.line, 3);
  assert.equal(exitCodeOf(error), 2);
});

test("what we threw by mistake is INTERNAL, with its stack, and no refusal", () => {
  const error = new TypeError("x is not a function");
  assert.match(renderError(error, plain), /^INTERNAL x is not a function\n[^]*rendering\.test\.ts[^]*report/);
  assert.equal(exitCodeOf(error), 1);
  assert.deepEqual([toJsonError(new UsageError("No.")).code, exitCodeOf(new UsageError("No."))], ["USAGE", 2]);
});

test("a table is as wide as it must be; in a narrow terminal only what may be cut is", () => {
  const columns = [
    { title: "ID", value: (row: { id: string }) => row.id },
    { title: "REASON", value: (row: { reason: string }) => row.reason, shrinks: true },
    { title: "ROWS", value: (row: { rows: number }) => row.rows, align: "right" },
  ] as const;
  const rows = [{ id: "0199e6b2-4a43-7c0e-9a53-3f0d1e1c2b3a", reason: "its inputs have changed since", rows: 1234567 }];
  const table = (width: number): readonly string[] =>
    formatTable<{ id: string; reason: string; rows: number }>(columns, rows, { width, style: (text) => text }).split(
      "\n",
    );
  assert.deepEqual(table(Infinity), [
    "ID                                    REASON                              ROWS",
    "0199e6b2-4a43-7c0e-9a53-3f0d1e1c2b3a  its inputs have changed since  1,234,567",
  ]);
  const narrow = table(65);
  assert.equal(narrow[1], "0199e6b2-4a43-7c0e-9a53-3f0d1e1c2b3a  its inputs have…  1,234,567");
  assert.ok(table(20)[1]?.includes(rows[0]!.id), "ids are never cut");
});

test("a plan in a narrow terminal says what it makes and why whole: reasons stand below the table", () => {
  const estimate = { rows: 1274, bytes: 10_100, seconds: 2.4, from: "median of its last 4 partitions" };
  const row = { count: 4, steps: 4, backfill: "per-partition", estimate };
  const report: PlanReport = {
    assets: [
      { ...row, asset: "raw_sales", partitions: "2026-11-14..2026-11-17", reason: "its schema changed" },
      { ...row, asset: "cleaned_sales", partitions: "2026-11-14..2026-11-17", reason: "upstream will be remade" },
      { ...row, asset: "daily_summary", partitions: "2026-11-14..2026-11-17", reason: "upstream will be remade" },
    ],
    checks: [],
    skipped: [],
    steps: 12,
    materializations: 12,
    orderBy: "oldest",
    total: { rows: 3822, bytes: 30_300, seconds: 7.2, unknown: [] },
    history: [],
  };
  const printed = (columns: number): readonly string[] => {
    const lines: string[] = [];
    const data = (text: string): void => void lines.push(...text.split("\n"));
    printPlan(report, { columns, data, styleData: (_, text) => text });
    return lines;
  };
  assert.match(printed(120)[1]!, /^raw_sales +2026-11-14\.\.2026-11-17 .*  its schema changed$/);
  const narrow = printed(80);
  assert.match(narrow[1]!, /^raw_sales +2026-11-14\.\.2026-11-17 +4 +4 +~1,274 +~10\.1 kB +~2\.4 s$/);
  assert.deepEqual(narrow.slice(4, 7), [
    "reasons:",
    "  raw_sales: its schema changed",
    "  cleaned_sales, daily_summary: upstream will be remade",
  ]);
  assert.ok(narrow.every((line) => line.length <= 80));
});

test("cells and messages of others steer no terminal", () => {
  const columns = [{ title: "KEY", value: (key: string) => key }];
  const text = formatTable<string>(columns, ["\u001b[2Jgone\nnext"], { width: 80, style: (title) => title });
  assert.equal(text, "KEY\n\u{fffd}[2Jgone next");
});

test("sizes, times and counts as people read them", () => {
  assert.deepEqual([0, 999, 1000, 12_345, 999_950, 5.2e9].map(formatBytes), [
    "0 B",
    "999 B",
    "1.0 kB",
    "12.3 kB",
    "1.0 MB",
    "5.2 GB",
  ]);
  assert.deepEqual([0.004, 0.5, 3.21, 59.4, 185, 7800].map(formatSeconds), [
    "0.00 s",
    "0.50 s",
    "3.2 s",
    "59 s",
    "3 min 5 s",
    "2 h 10 min",
  ]);
  assert.deepEqual([plural(1, "step"), plural(1200, "step")], ["1 step", "1,200 steps"]);
});
