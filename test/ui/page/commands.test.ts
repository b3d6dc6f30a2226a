/** Commands that the page shows: each goes through a real shell into the CLI's own parser, and means what the page means by it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { parseSelection } from "../../../packages/core/src/graph/selection-parser.ts";
import { commandTable } from "../../../packages/cli/src/command-table.ts";
import { requestOf as requestOfOptions, type RequestOptions } from "../../../packages/cli/src/runs/request-options.ts";
import { requestOf } from "../../../packages/ui/page/src/pages/launchpad/request.ts";
import * as commands from "../../../packages/ui/page/src/parts/commands.ts";
import { selectionOf } from "../../../packages/ui/page/src/parts/selection.ts";

const page = fileURLToPath(new URL("../../../packages/ui/page/", import.meta.url));
const run = "0199f3a2-0000-7000-8000-000000000000";

interface Parsed {
  readonly name: string;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** As a shell cuts it, and as the CLI takes it; throws what commander says of a wrong one. */
async function parsed(command: string): Promise<Parsed> {
  const [program, ...words] = execFileSync("sh", ["-c", `printf '%s\\0' ${command}`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);
  assert.equal(program, "iroko");
  const entry = commandTable.find(({ name }) => name === words[0] || name === words.slice(0, 2).join(" "));
  assert.ok(entry, command);
  const { default: definition } = await entry.load();
  const parser = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  definition.configure(parser);
  parser.action(() => {});
  parser.parse(words.slice(entry.name.split(" ").length), { from: "user" });
  return { name: entry.name, args: parser.args, options: parser.opts() };
}

const odd = `it's "a" $b\\c -x`;
const shown: Readonly<Record<keyof typeof commands, readonly string[]>> = {
  init: [commands.init],
  dev: [commands.dev],
  deploy: [commands.deploy],
  serve: [commands.serve],
  worker: [commands.worker],
  workerOf: [commands.workerOf("shops"), commands.workerOf(odd)],
  widenPool: [commands.widenPool("bank", 3), commands.widenPool(odd, 1)],
  listSchedules: [commands.listSchedules],
  addUser: [commands.addUser],
  createToken: [commands.createToken],
  setPool: [commands.setPool],
  repairStore: [commands.repairStore],
  makeAll: [commands.makeAll],
  makeMissing: [commands.makeMissing],
  makeFirst: [commands.makeFirst("raw", false), commands.makeFirst(odd, true)],
  backfill: [commands.backfill("raw", "2026-11-01..2026-11-07"), commands.backfill(odd, "day=a b or day='c'")],
  observe: [commands.observe("shop/till"), commands.observe(odd)],
  rollback: [commands.rollback("raw", "", 3), commands.rollback(odd, "2026-11-01 x", 1)],
  showRows: [commands.showRows("raw", ""), commands.showRows(odd, "2026-11-01 x")],
  applyPlan: [commands.applyPlan("7k3qv9xa", {}), commands.applyPlan("7k3qv9xa", { priority: -3, maxConcurrency: 2 })],
  materialize: [commands.materialize({ select: "*" })],
  makeAnyway: [
    commands.makeAnyway({ selection: "*", partitions: "" }),
    commands.makeAnyway({ selection: odd, partitions: "stale" }),
    commands.makeAnyway({ selection: odd, partitions: "missing of last:30" }),
  ],
  retryRun: [
    commands.retryRun({ id: run }),
    commands.retryRun({ id: run, fromStart: true, select: odd, partitions: "last:3, 2026-11-01" }),
    commands.retryRun({
      id: run,
      fromStart: true,
      only: [{ select: odd, partitions: 'shop="Ọjà, 1",day=2026-11-01' }, { select: "raw" }],
    }),
  ],
  runLogs: [commands.runLogs(run, 3, false), commands.runLogs(run, 3, true), commands.runLogs(run, 3, true, "stderr")],
};

for (const command of Object.values(shown).flat()) {
  test(`the CLI takes: ${command}`, async () => {
    const { name, options } = await parsed(command);
    if (["materialize", "backfill"].includes(name)) requestOfOptions(options);
  });
}

test("a command of no such option is one that the CLI refuses", async () => {
  await assert.rejects(parsed("iroko backfill --select raw --backfill range"), /unknown option '--backfill'/);
  await assert.rejects(parsed("iroko observe raw"), /too many arguments/);
});

test("the launchpad asks for what the address says, and the command asks for the same", async () => {
  const query = new URLSearchParams({
    select: '+"a b"',
    partitions: "2026-11-01..2026-11-07, last:7",
    location: "shops",
    backfill: "10",
    order: "newest",
    checks: "none",
    priority: "-2",
    maxConcurrency: "2",
    force: "true",
    config: `{"raw":{"who":"it's","rows":3}}`,
  });
  const { plan, how } = requestOf(query);
  assert.deepEqual(how, { priority: -2, maxConcurrency: 2 });
  const { location, partitions, config, ...rest } = plan;
  assert.equal(location, "shops");
  assert.deepEqual(config, { raw: { who: "it's", rows: 3 } });
  const { options } = await parsed(commands.materialize({ ...plan, ...how }));
  assert.deepEqual(requestOfOptions(options as RequestOptions), {
    ...rest,
    partitions: { kind: "text", text: partitions },
  });
  assert.deepEqual(options["config"], config);
  assert.deepEqual([options["location"], options["priority"], options["maxConcurrency"]], ["shops", -2, 2]);
  for (const backfill of ["perPartition", "range"]) {
    const asked = requestOf(new URLSearchParams({ select: "raw", backfill })).plan;
    const told = await parsed(commands.materialize(asked));
    assert.equal(told.options["policy"], backfill);
  }
});

test("a run that asked for what is stale of some is asked for again whole, with the same partitions", async () => {
  const { options } = await parsed(commands.makeAnyway({ selection: "raw", partitions: "stale of last:30" }));
  assert.deepEqual(requestOfOptions(options as RequestOptions), {
    select: "raw",
    partitions: { kind: "text", text: "last:30" },
    force: true,
  });
});

test("an asset of any key is selected by it alone", () => {
  for (const key of ["raw", "shop/till", "a-b", "2024", "and", odd]) {
    assert.deepEqual({ ...parseSelection(selectionOf(key)), column: 0 }, { kind: "key", pattern: key, column: 0 });
  }
});

test("commands stand in one file, which the CLI is asked about, and in what is shown without scripts", async () => {
  const elsewhere = globSync("src/**/*.{ts,tsx}", { cwd: page })
    .filter((file) => file !== "src/parts/commands.ts")
    .filter((file) => /["'`>]iroko [a-z]/.test(readFileSync(page + file, "utf8")));
  assert.deepEqual(elsewhere, []);
  const html = readFileSync(`${page}index.html`, "utf8");
  const found = [...html.matchAll(/<code>(iroko [^<]*)<\/code>/g)].map(([, text = ""]) =>
    text.replaceAll(/&lt;(\w+)&gt;/g, "$1"),
  );
  assert.ok(found.length > 4);
  for (const command of found) await parsed(command);
});
