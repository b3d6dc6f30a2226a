/** What the page works out by itself, without a browser: choices, lines, bars, completions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import type { PartitionGrid } from "@iroko/core/client";
import { span } from "../../../packages/ui/page/src/parts/amounts.ts";
import {
  cellName,
  cellNamed,
  cellsIn,
  chosenKeys,
  chosenText,
} from "../../../packages/ui/page/src/pages/asset/choose.ts";
import { barsOf, type HomeRun } from "../../../packages/ui/page/src/pages/home/bars.ts";
import { fieldsOf, textOf, valueOf } from "../../../packages/ui/page/src/pages/launchpad/config-fields.ts";
import { configOf, configWith, queryOf, requestOf } from "../../../packages/ui/page/src/pages/launchpad/request.ts";
import { completions } from "../../../packages/ui/page/src/pages/lineage/completions.ts";
import { itemsOf } from "../../../packages/ui/page/src/pages/lineage/outline-items.ts";
import { linesOf } from "../../../packages/ui/page/src/pages/run/log-lines.ts";
import { score } from "../../../packages/ui/page/src/shell/score.ts";

const month = (label: string, days: number, cells: string): PartitionGrid["rows"][number] => ({
  label,
  key: null,
  cells,
  keys: Array.from({ length: days }, (_, at) =>
    cells[at] === "-" ? "" : `${label}-${String(at + 1).padStart(2, "0")}`,
  ),
});

const uncrossed = { mayBe: ["month", "partition"], crossed: null, left: 0 } as const;

test("a brush over days chooses all from the one to the other, over rows, and passes what is not there", () => {
  const grid: PartitionGrid = {
    ...uncrossed,
    cell: "partition",
    rows: [month("2026-10", 31, `${"-".repeat(28)}mmm`), month("2026-11", 5, "mm.f-")],
    columns: [],
    count: 7,
    within: null,
  };
  const chosen = { from: [0, 29], to: [1, 2] } as const;
  assert.equal(chosenText(grid, chosen), "2026-10-30..2026-11-03");
  assert.equal(chosenText(grid, { from: [1, 2], to: [0, 29] }), "2026-10-30..2026-11-03", "either way");
  assert.equal(cellsIn(grid, chosen).size, 5);
  assert.equal(chosenText(grid, { from: [1, 3], to: [1, 3] }), "2026-11-04");
  assert.equal(chosenKeys(grid, { from: [1, 0], to: [1, 1] }), "2026-11-01, 2026-11-02");
});

test("a brush over coarser cells chooses from the first partition of the first to the last of the last", () => {
  const grid: PartitionGrid = {
    ...uncrossed,
    cell: "month",
    rows: [{ label: "2026", key: null, cells: "mp", keys: ["2026-01-01..2026-01-31", "2026-02-01..2026-02-28"] }],
    columns: [],
    count: 59,
    within: null,
  };
  assert.equal(chosenText(grid, { from: [0, 0], to: [0, 1] }), "2026-01-01..2026-02-28");
});

test("a cell is found again by its name in the address, also when more was made or it has come to hold more", () => {
  const before: PartitionGrid = {
    ...uncrossed,
    cell: "month",
    rows: [{ label: "2026", key: null, cells: "-mp", keys: ["", "2026-02-01..2026-02-28", "2026-03-01..2026-03-02"] }],
    columns: [],
    count: 30,
    within: null,
  };
  const years = [{ label: "2025", key: null, cells: "m", keys: ["2025-12-31"] }];
  const more = [{ ...before.rows[0]!, keys: ["", "2026-02-01..2026-02-28", "2026-03-01..2026-03-31"] }];
  const later: PartitionGrid = { ...before, rows: [...years, ...more] };
  assert.equal(cellName(before, 0, 2), "2026-03-01");
  assert.deepEqual(cellNamed(later, cellName(before, 0, 2)), [1, 2]);
  assert.equal(cellNamed(later, "2026-04-01"), undefined);
  const crossed: PartitionGrid = {
    ...uncrossed,
    cell: "partition",
    rows: ["a", "b..c"].map((key) => ({ label: key, key, cells: "m-m", keys: [] })),
    columns: ["1", "2", "3"],
    crossed: { across: "day", down: "shop", keys: ["2026-11-01", "2026-11-02", "2026-11-03"], isTime: true },
    count: 4,
    within: null,
  };
  for (const [row, column] of [
    [0, 0],
    [0, 2],
    [1, 0],
    [1, 2],
  ] as const)
    assert.deepEqual(cellNamed(crossed, cellName(crossed, row, column)), [row, column]);
});

test("a brush over two dimensions chooses a rectangle, named as one however large, without what is not there", () => {
  const days = ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"];
  const rows = (cells: readonly string[]): PartitionGrid["rows"] =>
    cells.map((letters, at) => ({ label: `s${at}`, key: `s${at}`, cells: letters, keys: [] }));
  const grid = (cells: readonly string[], changes: Partial<NonNullable<PartitionGrid["crossed"]>>): PartitionGrid => ({
    ...uncrossed,
    cell: "partition",
    rows: rows(cells),
    columns: days,
    crossed: { across: "day", down: "shop", keys: days, isTime: true, ...changes },
    count: 8,
    within: null,
  });
  const all = { from: [1, 3], to: [0, 1] } as const;
  assert.equal(chosenText(grid(["mm.m", "mmmm"], {}), all), "shop=s0|s1,day=2026-11-02..2026-11-04");
  assert.equal(
    chosenText(grid(["mm-m", "mmmm"], {}), all),
    "shop=s0,day=2026-11-02|2026-11-04 or shop=s1,day=2026-11-02..2026-11-04",
  );
  assert.equal(
    chosenText(grid(["mm.m"], { isTime: false }), { from: [0, 0], to: [0, 1] }),
    "shop=s0,day=2026-11-01|2026-11-02",
  );
  const months = { keys: ["2026-09-01..2026-09-30", "2026-10-01..2026-10-31", "2026-11-01", "x"] };
  assert.equal(chosenText(grid(["mmmm"], months), { from: [0, 0], to: [0, 2] }), "shop=s0,day=2026-09-01..2026-11-01");
  const several = {
    ...grid(["mm"], { down: null }),
    rows: [{ label: "a b", key: "shop=a,till=b", cells: "mm", keys: [] }],
  };
  assert.equal(chosenText(several, { from: [0, 0], to: [0, 1] }), "shop=a,till=b,day=2026-11-01..2026-11-02");
});

test("a log's pieces become lines, however they were cut, each stream by itself", () => {
  assert.deepEqual(
    linesOf([
      { stream: "stdout", body: "one\ntw" },
      { stream: "stderr", body: "bad" },
      { stream: "stdout", body: "o\n" },
      { stream: "stderr", body: " thing\n" },
      { stream: "stdout", body: "\nlast" },
    ]),
    [
      { stream: "stdout", text: "one" },
      { stream: "stdout", text: "two" },
      { stream: "stderr", text: "bad thing" },
      { stream: "stdout", text: "" },
      { stream: "stdout", text: "last" },
    ],
  );
});

test("a log cut anywhere has the same lines", () => {
  const text = "a\n\nbc\nlong line here\n\n\nend";
  const whole = linesOf([{ stream: "stdout", body: text }]);
  for (let cut = 0; cut <= text.length; cut += 1) {
    for (let next = cut; next <= text.length; next += 1) {
      const pieces = [text.slice(0, cut), text.slice(cut, next), text.slice(next)].filter((body) => body !== "");
      assert.deepEqual(linesOf(pieces.map((body) => ({ stream: "stdout", body }))), whole, `${cut} ${next}`);
    }
  }
});

const run = (startedAt: string, endedAt: string | null): HomeRun => ({
  id: startedAt,
  status: endedAt === null ? "running" : "succeeded",
  selection: "*",
  partitions: "",
  by: "cli",
  planned: 1,
  succeeded: 1,
  failed: 0,
  createdAt: startedAt,
  startedAt,
  endedAt,
});

test("runs that were on at the same time lie in different rows, and what runs still ends now", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  const bars = barsOf(
    [
      run("2026-11-21T11:00:00Z", null),
      run("2026-11-21T10:00:00Z", "2026-11-21T11:30:00Z"),
      run("2026-11-21T02:00:00Z", "2026-11-21T02:10:00Z"),
    ],
    now,
  );
  assert.deepEqual(
    bars.map(({ row }) => row),
    [0, 0, 1],
  );
  const live = bars.at(-1)!;
  assert.ok(Math.abs(live.left + live.width - 100) < 1e-9);
});

test("no bar leaves the day, whatever the clocks say", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  for (const { left, width } of barsOf(
    [run("2026-12-24T00:00:00Z", "2026-12-25T00:00:00Z"), run("2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z")],
    now,
  ))
    assert.ok(left >= 0 && left + width <= 100, `${left} + ${width}`);
});

test("a config's schema becomes fields, and what is typed into them becomes values of their types", () => {
  const schema = z.toJSONSchema(
    z.object({
      rows: z.int().default(10),
      mode: z.enum(["full", "sample"]),
      note: z.string().optional().describe("for the log"),
      dry: z.boolean().default(false),
      tags: z.array(z.string()).default([]),
    }),
    { io: "input" },
  );
  const fields = fieldsOf(schema);
  assert.deepEqual(
    fields.map(({ name, kind, isRequired, normally }) => [name, kind, isRequired, normally]),
    [
      ["rows", "number", false, "10"],
      ["mode", "choice", true, undefined],
      ["note", "text", false, undefined],
      ["dry", "boolean", false, "false"],
      ["tags", "json", false, "[]"],
    ],
  );
  assert.equal(fields[2]!.description, "for the log");
  const typed = ["12", "sample", "007", "true", '["a"]'];
  assert.deepEqual(
    fields.map((field, at) => valueOf(field, typed[at]!)),
    [12, "sample", "007", true, ["a"]],
  );
  assert.deepEqual(
    fields.map((field, at) => textOf(valueOf(field, typed[at]!)!)),
    typed,
  );
  assert.deepEqual(
    fields.map((field) => valueOf(field, "")),
    fields.map(() => undefined),
  );
  assert.equal(valueOf(fields[0]!, "many"), "many", "sent as it is: the dry run says what is wrong with it");
  assert.deepEqual(
    fieldsOf(z.toJSONSchema(z.array(z.int()))).map(({ name, kind }) => [name, kind]),
    [["", "json"]],
  );
});

test("a request becomes an address that asks for the same", () => {
  const plan = {
    select: "+a",
    partitions: "last:7",
    backfill: { batches: 5 },
    checks: "none",
    force: true,
    config: { a: { rows: 3 } },
  } as const;
  const how = { priority: -1, maxConcurrency: 2 };
  assert.deepEqual(requestOf(new URLSearchParams(queryOf({ ...plan, ...how }))), { plan, how });
  assert.deepEqual(queryOf({ select: "a" }), { select: "a" });
});

test("the address keeps a config by asset, and forgets what is taken away", () => {
  const one = configWith({}, "raw", "rows", 3);
  assert.equal(one, '{"raw":{"rows":3}}');
  const config = configOf(new URLSearchParams({ config: one }));
  assert.equal(configWith(config, "raw", "mode", "full"), '{"raw":{"rows":3,"mode":"full"}}');
  assert.equal(configWith(config, "raw", "rows", undefined), "");
  assert.equal(configWith(config, "other", "", [1]), '{"raw":{"rows":3},"other":[1]}');
  assert.deepEqual(configOf(new URLSearchParams({ config: "{" })), {});
  assert.equal(requestOf(new URLSearchParams({ select: "raw", config: "{" })).plan.config, "{", "the server says so");
});

test("a selection is completed by its last word, after whatever stands before it", () => {
  assert.deepEqual(completions("+raw and cle", ["raw", "cleaned", "uncle"], []), [
    "+raw and cleaned",
    "+raw and uncle",
  ]);
  assert.deepEqual(completions("group:ma", [], ["marts", "raw"]), ["group:marts"]);
  assert.deepEqual(completions("raw ", ["raw"], []), []);
});

test("the outline has every asset once, below the first that it depends on, and names the others", () => {
  // 0 → 2 ← 1, 2 → 3
  const items = itemsOf({ keys: ["a", "b", "c", "d"], edges: [0, 2, 1, 2, 2, 3] });
  assert.deepEqual(
    items.map(({ at, depth, also }) => [at, depth, also]),
    [
      [0, 0, []],
      [2, 1, [1]],
      [3, 2, []],
      [1, 0, []],
    ],
  );
});

test("search finds letters in their order, whole words first", () => {
  const found = ["daily_revenue", "revenue", "raw_events"].map((name) => [name, score(name, "reve")] as const);
  const order = found.filter(([, points]) => points !== undefined).toSorted(([, a], [, b]) => a! - b!);
  assert.deepEqual(
    order.map(([name]) => name),
    ["revenue", "daily_revenue", "raw_events"],
  );
  assert.equal(score("raw", "xyz"), undefined);
});

test("spans are told in two units at most", () => {
  assert.deepEqual(
    [0.05, 3.21, 59, 3_725, 90_000].map((seconds) => span(seconds)),
    ["50 ms", "3.2 s", "59 s", "1 h 2 min", "1 d 1 h"],
  );
});
