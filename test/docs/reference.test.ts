/** The tables of the reference are true: each row is asked of the code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as assets from "@iroko/assets";
import * as core from "@iroko/core";
import {
  assetGraph,
  daily,
  formatPartitions,
  IrokoError,
  parsePartitions,
  selectAssets,
  snapshotOf,
} from "@iroko/core";
import example from "../../examples/pos-pipeline/iroko.config.ts";
import { exitCodes } from "../../packages/cli/src/exit-codes.ts";
import { cliReference } from "../../scripts/write-cli-reference.ts";
import { readDoc } from "./read-doc.ts";
import { rowsOf } from "./tables.ts";

test("each selection of the page selects in the example what its row says", () => {
  const graph = assetGraph(snapshotOf(example));
  const rows = rowsOf(readDoc("reference/selections.md"), "| selection ");
  assert.ok(rows.length > 10);
  for (const [selection = "", , expected = ""] of rows) {
    const keys = selectAssets(graph, selection, { allowEmpty: true });
    const wanted = expected === "–" ? [] : expected.split(", ");
    assert.deepEqual(keys.toSorted(), wanted.toSorted(), selection);
  }
});

test("each text of the page means the partitions, or is refused with the code, that its row says", () => {
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const now = Temporal.Instant.from("2026-11-10T12:00+01:00");
  const rows = rowsOf(readDoc("reference/partitions.md"), "| text ");
  assert.ok(rows.length > 5);
  for (const [text = "", , expected] of rows) {
    assert.equal(read(text), expected, text);
  }

  function read(text: string): string {
    try {
      return formatPartitions(days, parsePartitions(days, text, { now }));
    } catch (error) {
      if (error instanceof IrokoError) return error.code;
      throw error;
    }
  }
});

test("the page of the API has every function and value that the packages export, and no other", () => {
  const page = readDoc("reference/api.md");
  for (const [heading, exports] of [
    ["## @iroko/core", core],
    ["## @iroko/assets", assets],
  ] as const) {
    const section = page.slice(page.indexOf(`${heading}\n`)).split("\n## ")[0] ?? "";
    const named = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name = ""]) => name);
    assert.deepEqual(named.toSorted(), Object.keys(exports).toSorted(), heading);
  }
});

test("the page of the commands is what they say of themselves; `npm run docs:cli` writes it anew", async () => {
  assert.deepEqual(readDoc("reference/cli.md").split("\n"), (await cliReference()).split("\n"));
});

test("the page of the commands has every exit code", () => {
  const codes = rowsOf(readDoc("reference/cli.md"), "| exit code").map(([code]) => Number(code));
  assert.deepEqual(codes, Object.values(exitCodes));
});
