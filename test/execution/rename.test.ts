/** A renamed asset keeps its history: what was made stays made and published, and nothing is stale by the name alone. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assetGraph, countIn, type IrokoError, stalenessOf } from "@iroko/core";
import { listEvents, listPartitions, readState, refreshSummaries } from "@iroko/core/engine";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const definitions = (numbers: string, path = "numbers"): string => `
  import { z } from "zod";
  import { asset, daily, define } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  export const numbers = asset({
    ${numbers}, partitions: days, schema, output: jsonLines("${path}"), materialize: () => [{ n: 1 }],
  });
  export const totals = asset({
    key: "totals", partitions: days, schema, output: jsonLines("totals"), deps: { numbers }, materialize: () => [{ n: 1 }],
  });
  export default define({ assets: [numbers, totals] });
`;
const asked = { select: "*", partitions: { kind: "text", text: "2026-11-01..2026-11-03" } } as const;

/** Of every asset, how many partitions are made and how many stale. */
async function standing({ db }: TestInstance, { snapshot }: Awaited<ReturnType<TestInstance["deploy"]>>) {
  const graph = assetGraph(snapshot);
  const now = Temporal.Now.instant();
  const state = await readState(db, snapshot, [...graph.assets.keys()], now);
  const staleness = stalenessOf(graph, state, now);
  return Object.fromEntries(
    Array.from(graph.assets.values(), ({ key, partitions }) => [
      key,
      [countIn(partitions, state.assets.get(key)!.materialized), countIn(partitions, staleness.get(key)!.stale)],
    ]),
  );
}

test("what was made under the old key is that of the new one, once, and a rename alone makes nothing stale", async () => {
  await using instance = await testInstance({ "iroko.config.ts": definitions(`key: "numbers"`) });
  await instance.deploy();
  const worker = await instance.startWorker();
  const run = await instance.submit(asked);
  assert.equal((await instance.ended(run)).status, "succeeded");
  await refreshSummaries(instance.db);
  await worker.drain(10);

  await instance.project.write("iroko.config.ts", definitions(`key: "figures", renamedFrom: "numbers"`, "figures"));
  const deployed = await instance.deploy();
  assert.deepEqual(await standing(instance, deployed), { figures: [3, 0], totals: [3, 0] });
  await refreshSummaries(instance.db);
  assert.deepEqual(await standing(instance, deployed), { figures: [3, 0], totals: [3, 0] });
  assert.deepEqual(await listPartitions(instance.db, "numbers", { limit: 5 }), []);
  const events = await listEvents(instance.db, { asset: "figures" }, { limit: 10 });
  assert.ok(
    events.some(({ type }) => type === "materialization"),
    "its events come along",
  );

  await instance.startWorker();
  const published = join(instance.project.folder, "store/figures/2026-11-02.jsonl");
  await waitFor("the new path to be published", async () =>
    (await readFile(published, "utf8").catch(() => undefined)) === '{"n":1}\n' ? true : undefined,
  );
  await instance.project.write(
    "iroko.config.ts",
    `${definitions(`key: "figures", renamedFrom: "numbers"`, "figures")}\n//`,
  );
  assert.deepEqual(await standing(instance, await instance.deploy()), { figures: [3, 0], totals: [3, 0] });
});

test("a rename is refused where both keys have been made, and while a run makes the old one", async () => {
  await using instance = await testInstance({ "iroko.config.ts": definitions(`key: "numbers"`) });
  await instance.deploy();
  const run = await instance.submit(asked);
  await instance.project.write("iroko.config.ts", definitions(`key: "figures", renamedFrom: "numbers"`));
  // Nothing of it is made yet: a row is what the claim leaves.
  await instance.db.query("insert into iroko.asset_partition (asset, partition) values ('numbers', 'x')");
  const refused = async (): Promise<IrokoError> =>
    instance.deploy().then(
      () => assert.fail("it was not refused"),
      (error: unknown) => error as IrokoError,
    );
  assert.match((await refused()).message, new RegExp(`while run ${run} is making it`));
  await instance.db.query("insert into iroko.asset_partition (asset, partition) values ('figures', 'x')");
  const both = await refused();
  assert.equal(both.code, "ASSET_RENAME");
  assert.match(both.message, /both have been made/);
});
