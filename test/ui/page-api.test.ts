/** What the page asks the API for: home in one answer, the graph in columns, partitions as cells, runs by what they make. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Home, Lineage, PartitionGrid, RunGroup, Session } from "@iroko/core/client";
import { json, sample, type Sample } from "./sample.ts";

let at: Sample;
let run: string;
before(async () => {
  at = await sample();
  run = await at.instance.submit({
    select: "raw_sales or cleaned_sales",
    partitions: { kind: "text", text: "2026-11-01..2026-11-03" },
  });
  await at.instance.ended(run);
});
after(() => at[Symbol.asyncDispose]());

const get = async <Answer>(path: string): Promise<Answer> => json<Answer>(await at.get(`/api/v1${path}`));

test("home says in one answer what is wrong, what ran, and what comes next", async () => {
  const home = await get<Home>("/home");
  assert.deepEqual(home.healths, { failed: 1, running: 0, missing: 2, made: 0, unknown: 1 });
  assert.deepEqual(
    home.troubles.map(({ asset, health }) => [asset, health]),
    [
      ["cleaned_sales", "failed"],
      ["raw_sales", "missing"],
      ["slow", "missing"],
    ],
  );
  assert.deepEqual(
    home.runs.map(({ id, status }) => [id, status]),
    [[run, "failed"]],
  );
  assert.deepEqual(
    home.next.map(({ schedule, at: tick, partitions }) => [schedule, tick, partitions]),
    [["nightly", "2026-11-07T01:00:00Z", "2026-11-06"]],
  );
  assert.deepEqual([home.late, home.held], [[], []]);
  assert.equal(home.workers.alive, 1);
  assert.equal(home.timezone, "Africa/Lagos");
});

test("a tick that nobody has asked for in time is late, and steps that were put off are held", async () => {
  await using idle = await sample({ worker: false });
  const { db } = idle.instance;
  await db.query(
    `insert into iroko.automation (location, name, cron, timezone, since) values ('test', 'nightly', '0 2 * * *', 'Africa/Lagos', '2026-11-01')
     on conflict (location, name) do update set since = excluded.since`,
  );
  await db.query(
    `insert into iroko.tick (location, name, scheduled_for, status, reason, handled_since)
     values ('test', 'nightly', '2026-11-05T01:00:00Z', 'skipped', 'nothing to ask for', '2026-11-04T01:00:00Z')`,
  );
  const waiting = await idle.instance.submit({ select: "slow", partitions: { kind: "unspecified" } });
  await db.query(
    `update iroko.step set status = 'ready', deferred_reason = 'the link is closed until 01:00', deferred_until = now() + interval '1 hour' where run = $1`,
    [waiting],
  );
  const { late, held } = await json<Home>(await idle.get("/api/v1/home"));
  assert.deepEqual(
    late.map(({ schedule, at: tick }) => [schedule, tick]),
    [["nightly", "2026-11-06T01:00:00Z"]],
  );
  assert.deepEqual(
    held.map(({ reason, steps, run: of, until }) => [reason, steps, of, until !== null]),
    [["the link is closed until 01:00", 1, waiting, true]],
  );
});

test("the graph comes in columns: each arrow goes down the list, each place names what it is of", async () => {
  const graph = await get<Lineage>("/lineage");
  const { keys, groups, group, healths, health, edges } = graph;
  assert.deepEqual([keys.length, graph.total, graph.around], [4, 4, null]);
  const raw = keys.indexOf("raw_sales");
  const cleaned = keys.indexOf("cleaned_sales");
  assert.deepEqual(edges, [raw, cleaned]);
  assert.ok(raw < cleaned);
  assert.equal(groups[group[raw]!], "ingestion");
  assert.equal(healths[health[cleaned]!], "failed");
  const selected = await get<Lineage>("/lineage?select=cleaned_sales");
  assert.deepEqual([selected.keys, selected.edges, selected.total], [["cleaned_sales"], [], 4]);
});

test("of more than three hundred assets the neighbourhood of one is shown, of one in trouble unless told otherwise", async () => {
  await using many = await sample({
    worker: false,
    module: `
      import { asset, define, externalAsset } from "@iroko/core";
      const assets = [];
      for (let n = 0; n < 320; n += 1)
        assets.push(n < 20 ? externalAsset({ key: "a" + n }) : asset({ key: "a" + n, deps: { up: assets[n - 20] }, materialize: () => ({ metadata: {} }) }));
      export default define({ assets });
    `,
  });
  const near = await json<Lineage>(await many.get("/api/v1/lineage?around=a100"));
  assert.deepEqual(near.keys.toSorted(), ["a100", "a120", "a140", "a60", "a80"].toSorted());
  assert.deepEqual([near.total, near.around, near.edges.length], [320, "a100", 8]);
  const worst = await json<Lineage>(await many.get("/api/v1/lineage"));
  assert.equal(worst.around, "a20", "the first that was never made");
  const all = await json<Lineage>(await many.get("/api/v1/lineage?whole=true"));
  assert.deepEqual([all.keys.length, all.around], [320, null]);
  assert.equal((await many.get("/api/v1/lineage?around=a1000")).status, 404);
});

test("days stand in rows of months, each where the calendar has it, by a letter", async () => {
  const grid = await get<PartitionGrid>("/assets/cleaned_sales/grid");
  assert.deepEqual([grid.cell, grid.count, grid.columns], ["partition", 5, []]);
  assert.deepEqual(
    grid.rows.map(({ label, cells }) => [label, cells]),
    [["2026-11", "mfm.."]],
  );
  assert.deepEqual(grid.rows[0]!.keys.slice(0, 2), ["2026-11-01", "2026-11-02"]);
  const part = await get<PartitionGrid>("/assets/cleaned_sales/grid?within=2026-11-03..2026-11-04");
  assert.deepEqual(
    part.rows.map(({ cells }) => cells),
    ["--m."],
  );
  const wrong = await at.get("/api/v1/assets/cleaned_sales/grid?within=2027-01-01");
  assert.equal(wrong.status, 400);
});

test("a hundred thousand hours are a few thousand days, and their hours when looked at closer; dimensions are crossed", async () => {
  await using wide = await sample({
    worker: false,
    module: `
      import { asset, daily, define, fixed, hourly, multi } from "@iroko/core";
      const made = () => ({ metadata: {} });
      export const hours = asset({ key: "hours", partitions: hourly({ start: "2015-06-01-00:00", timezone: "Africa/Lagos" }), materialize: made });
      export const shops = asset({ key: "shops", partitions: fixed(Array.from({ length: 120 }, (_, n) => "shop" + n)), materialize: made });
      export const sales = asset({ key: "sales", partitions: multi({ region: fixed(["LA", "AB"]), day: daily({ start: "2026-11-01", timezone: "Africa/Lagos" }) }), materialize: made });
      export default define({ assets: [hours, shops, sales] });
    `,
  });
  const hours = await json<PartitionGrid>(await wide.get("/api/v1/assets/hours/grid"));
  assert.ok(hours.count > 100_000);
  assert.equal(hours.cell, "day");
  const june = hours.rows[0]!;
  assert.deepEqual(
    [june.label, june.cells, june.keys[0]],
    ["2015-06", ".".repeat(30), "2015-06-01-00:00..2015-06-01-23:00"],
  );
  const day = await json<PartitionGrid>(
    await wide.get(`/api/v1/assets/hours/grid?within=${encodeURIComponent(june.keys[1]!)}`),
  );
  assert.deepEqual(
    [day.cell, day.rows.map(({ label, cells }) => [label, cells])],
    ["partition", [["2015-06-02", ".".repeat(24)]]],
  );
  const shops = await json<PartitionGrid>(await wide.get("/api/v1/assets/shops/grid"));
  assert.deepEqual(
    shops.rows.map(({ cells }) => cells.length),
    [50, 50, 20],
  );
  const sales = await json<PartitionGrid>(await wide.get("/api/v1/assets/sales/grid"));
  assert.deepEqual(
    [sales.columns.length, sales.rows.map(({ label, cells }) => `${label} ${cells}`).toSorted()],
    [5, ["AB .....", "LA ....."]],
  );
});

test("a run is told by what it makes, with ranges for its steps", async () => {
  const { items } = await get<{ items: RunGroup[] }>(`/runs/${run}/groups`);
  assert.deepEqual(
    items.map(({ name, states }) => [name, states.map(({ status, steps, partitions }) => [status, steps, partitions])]),
    [
      ["raw_sales", [["succeeded", 3, "2026-11-01..2026-11-03"]]],
      [
        "cleaned_sales",
        [
          ["failed", 1, "2026-11-02"],
          ["succeeded", 2, "2026-11-01, 2026-11-03"],
        ],
      ],
    ],
  );
  for (const { startedAt, endedAt, meanSeconds, states } of items) {
    assert.ok(startedAt !== null && endedAt !== null && startedAt <= endedAt);
    for (const state of states) assert.ok(startedAt <= state.startedAt! && state.endedAt! <= endedAt);
    assert.ok(meanSeconds !== null && meanSeconds > 0);
  }
});

test("the page learns who asks, in what role, and the server's clock", async () => {
  const session = await get<Session>("/session");
  assert.deepEqual([session.role, session.kind], ["admin", "machine"]);
  assert.match(session.now, /^2026-11-06T/);
});
