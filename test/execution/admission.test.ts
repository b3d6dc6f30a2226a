/**
 * Who is let in front of the workers: few at a time, the best by priority, in turn over the runs, in order. Workers here are
 * registered and claim nothing, so that the tables show what was admitted; steps end as if one had run them.
 */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { v7 as uuidv7 } from "uuid";
import { setPool } from "@iroko/core/engine";
import { admit } from "../../packages/core/src/execution/admit.ts";
import { claimSteps } from "../../packages/core/src/execution/claim.ts";
import { definitionHashesOf } from "../../packages/core/src/execution/step-definition.ts";
import { registerWorker, setDraining } from "../../packages/core/src/instance/workers.ts";
import { refreshStatistics } from "../../packages/core/src/instance/statistics.ts";
import { waitFor } from "../support/wait-for.ts";
import { location, testInstance, type TestInstance } from "../support/test-instance.ts";

const definitions = `
  import { asset, daily, define } from "@iroko/core";
  const days = daily({ start: "2020-01-01", timezone: "Africa/Lagos" });
  const body = { partitions: days, materialize: () => undefined };
  export const plain = asset({ key: "plain", ...body });
  export const other = asset({ key: "other", ...body });
  export const narrow = asset({ key: "narrow", ...body, pools: ["narrow"] });
  export const both = asset({ key: "both", ...body, pools: ["narrow", "wide"] });
  export default define({ assets: [plain, other, narrow, both] });
`;

/** Four admitted steps per live slot: what admit.ts says. */
const perSlot = 4;
const now = Temporal.Instant.from("2022-06-01T00:00:00Z");

interface Setup extends TestInstance {
  /** Registers a worker that claims nothing by itself, and lets in whom it has room for. */
  register(slots: number): Promise<string>;
  /** Of 100 days, unless said otherwise. */
  run(select: string, how?: { readonly priority?: number; readonly days?: string }): Promise<string>;
  admit(): Promise<number>;
  /** Ends the run's first admitted steps, at most so many, and lets others in. */
  end(run: string, count: number): Promise<void>;
  /** How many steps are admitted: of a run, or of all. */
  admitted(run?: string): Promise<number>;
  /** Of a run, in the plan's order. */
  numbers(run: string): Promise<readonly number[]>;
  wakeUps(): Promise<number>;
}

async function setup(): Promise<Setup> {
  const instance = await testInstance({ "iroko.config.ts": definitions });
  const { snapshot } = await instance.deploy();
  const { db } = instance;
  const sessions: { end(): Promise<void> }[] = [];
  const letIn = (): Promise<number> => db.transaction((tx) => admit(tx, location));
  const count = async (query: string, values: readonly unknown[] = []): Promise<number> =>
    (await db.query<{ n: number }>(`select count(*) as n from ${query}`, values)).rows[0]!.n;
  return {
    ...instance,
    async register(slots) {
      const session = await db.session();
      sessions.push(session);
      const id = uuidv7();
      const definitionHashes = definitionHashesOf(snapshot);
      const code = { snapshot: snapshot.hash, definitionHashes };
      const worker = { id, location, ttlSeconds: 5, host: "here", pid: 1, bootId: "1", slots, ...code };
      await registerWorker(session, worker, randomInt(2 ** 31));
      await letIn();
      return id;
    },
    run: (select, { priority = 0, days = "2022-01-01..2022-04-10" } = {}) =>
      instance.submit({ select, partitions: { kind: "text", text: days } }, now, { priority }),
    admit: letIn,
    async end(run, most) {
      await db.query(
        `update iroko.step set status = 'succeeded', worker = null, admitted = false, ended_at = clock_timestamp()
          where id in (select id from iroko.step where run = $1 and admitted order by id limit $2)`,
        [run, most],
      );
      await letIn();
    },
    admitted: (run) => count("iroko.step where admitted and run = coalesce($1, run)", [run ?? null]),
    async numbers(run) {
      const { rows } = await db.query<{ n: number }>(
        "select n from iroko.step where run = $1 and admitted order by n",
        [run],
      );
      return rows.map(({ n }) => n);
    },
    wakeUps: () => count("graphile_worker._private_jobs"),
    async [Symbol.asyncDispose]() {
      await Promise.all(sessions.map((session) => session.end()));
      await instance[Symbol.asyncDispose]();
    },
  };
}

test("a location without a live worker fills no queue; the first worker's window is filled when it comes", async () => {
  await using its = await setup();
  await its.run("plain");
  assert.deepEqual([await its.admitted(), await its.wakeUps()], [0, 0]);
  const worker = await its.register(3);
  assert.deepEqual([await its.admitted(), await its.wakeUps()], [3 * perSlot, 3 * perSlot]);
  await its.register(2);
  await setDraining(its.db, worker);
  const run = await its.run("other");
  assert.equal(await its.admitted(run), 0, "who drains counts for nothing: the window is that of two slots");
  assert.equal(await its.admitted(), 3 * perSlot);
});

test("no more steps are admitted than the window holds, however often and by however many at once it is asked", async () => {
  await using its = await setup();
  await its.register(2);
  const run = await its.run("plain");
  await Promise.all(Array.from({ length: 20 }, () => its.admit()));
  assert.deepEqual(await its.numbers(run), [0, 1, 2, 3, 4, 5, 6, 7], "the first ones, in order");
  assert.equal(await its.wakeUps(), 8, "one wake-up each");
  await its.end(run, 5);
  assert.deepEqual(await its.numbers(run), [5, 6, 7, 8, 9, 10, 11, 12]);
});

test("two long runs get turns: the later one is let in as often as the first, and neither waits for the other's end", async () => {
  await using its = await setup();
  await its.register(2);
  const first = await its.run("plain");
  const second = await its.run("other");
  assert.deepEqual([await its.admitted(first), await its.admitted(second)], [8, 0], "there was nobody else");
  await its.end(first, 4);
  assert.deepEqual([await its.admitted(first), await its.admitted(second)], [4, 4], "who has fewer comes first");
  for (let round = 0; round < 5; round += 1) {
    await its.end(first, 4);
    assert.deepEqual([await its.admitted(first), await its.admitted(second)], [4, 4]);
    await its.end(second, 4);
    assert.deepEqual([await its.admitted(first), await its.admitted(second)], [4, 4]);
  }
  const third = await its.run("plain or other", { days: "2022-05-01" });
  await its.end(first, 4);
  assert.equal(await its.admitted(third), 2, "all of a short run get in with the next turn");
});

test("a higher priority goes past what was let in before, and is claimed first; a lower one waits", async () => {
  await using its = await setup();
  const worker = await its.register(2);
  const backfill = await its.run("plain");
  const tonight = await its.run("other", { priority: 10, days: "2022-05-01..2022-05-03" });
  assert.deepEqual([await its.admitted(backfill), await its.admitted(tonight)], [8, 3], "at once: nobody ends first");
  const { snapshot } = await its.deploy();
  const by = {
    worker,
    location,
    snapshot,
    definitionHashes: definitionHashesOf(snapshot),
    answer: () => Promise.reject(new Error("there is no mapping function")),
  };
  const claimed = await claimSteps(its.db, by, 4, []);
  assert.deepEqual(
    claimed.map(({ attempt: { step } }) => step.run),
    [tonight, tonight, tonight, backfill],
  );
  const later = await its.run("other", { priority: -1, days: "2022-05-04..2022-05-06" });
  await its.end(backfill, 6);
  assert.equal(await its.admitted(later), 0);
  await its.db.query(
    "update iroko.step set status = 'canceled', ended_at = clock_timestamp() where run = $1 and not admitted",
    [backfill],
  );
  await its.end(backfill, 8);
  assert.equal(await its.admitted(later), 3, "its turn comes once nobody else wants one");
});

test("a pool admits as many as it has room for, and what waits for it keeps nobody else out", async () => {
  await using its = await setup();
  await setPool(its.db, "narrow", 3);
  await its.register(4);
  const pooled = await its.run("narrow", { days: "2020-01-01..2022-05-31" });
  assert.equal(await its.admitted(pooled), 3);
  const beside = await its.run("plain");
  assert.equal(await its.admitted(beside), 13, "the rest of the window is for others");
  for (let round = 0; round < 5; round += 1) {
    await its.end(pooled, 1);
    await its.end(beside, 8);
    assert.deepEqual([await its.admitted(pooled), await its.admitted(beside)], [3, 13]);
  }
});

test("within a run, steps of a narrow pool stand in front of nobody: whoever ends one of them lets others in as well", async () => {
  await using its = await setup();
  await setPool(its.db, "narrow", 1);
  // All of `narrow` come before all of `plain`.
  const run = await its.run("narrow or plain");
  await its.register(2);
  const { rows } = await its.db.query<{ name: string; admitted: number }>(
    "select name, count(*) filter (where admitted) as admitted from iroko.step where run = $1 group by name order by name",
    [run],
  );
  assert.deepEqual(rows, [
    { name: "narrow", admitted: 1 },
    { name: "plain", admitted: 7 },
  ]);
});

test("a step of two pools needs room in both", async () => {
  await using its = await setup();
  await setPool(its.db, "narrow", 5);
  await setPool(its.db, "wide", 2);
  await its.register(4);
  const run = await its.run("both");
  assert.equal(await its.admitted(run), 2);
  await setPool(its.db, "wide", 100);
  await its.admit();
  assert.equal(await its.admitted(run), 5);
  await setPool(its.db, "narrow", 0);
  await its.end(run, 5);
  assert.equal(await its.admitted(run), 0, "a pool of none lets none in");
});

test("a pool of four wakes four of 100,000, and looks at no more than it must to find who is next", async () => {
  await using its = await setup();
  await setPool(its.db, "narrow", 4);
  await its.register(8);
  const run = await its.run("narrow", { days: "2022-01-01" });
  await its.db.query(
    `insert into iroko.step (run, n, kind, name, assets, location, definition_hash, windows, pools, reason, status, ready_at)
     select run, more.n, kind, name, assets, location, definition_hash, windows, pools, reason, 'ready', clock_timestamp()
       from iroko.step cross join generate_series(1, 100000) as more (n) where run = $1`,
    [run],
  );
  await waitFor("Postgres to know how many there are", async () => {
    await refreshStatistics(its.db);
    const { rows } = await its.db.query<{ n: number }>(
      "select reltuples as n from pg_class where oid = 'iroko.step'::regclass",
    );
    return rows[0]!.n > 90_000;
  });
  await its.admit();
  assert.deepEqual([await its.admitted(), await its.wakeUps()], [4, 4]);
  const beside = await its.run("plain");
  assert.equal(await its.admitted(beside), 28);
  // What Postgres reads of them, instead of how long it took: that would tell who else uses the machine.
  const read = async (): Promise<number> => {
    const { rows } = await its.db.query<{ n: number }>(
      "select idx_tup_fetch + seq_tup_read as n from pg_stat_user_tables where relname = 'step' and schemaname = 'iroko'",
    );
    return rows[0]!.n;
  };
  await its.db.query(
    "update iroko.step set status = 'canceled', admitted = false, ended_at = clock_timestamp() where run = $1 and admitted",
    [beside],
  );
  const told = "select pg_stat_force_next_flush()";
  await its.db.transaction((tx) => tx.query(told));
  const before = await read();
  await its.db.transaction(async (tx) => {
    assert.equal(await admit(tx, location), 28, "others get in while the pool is full");
    await tx.query(told);
  });
  const reads = (await read()) - before;
  assert.ok(reads > 0 && reads < 5_000, `${reads} rows were read`);
});
