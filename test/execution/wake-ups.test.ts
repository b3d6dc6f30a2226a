/**
 * A wake-up that is given is heard, whatever happens to the one before it meanwhile. Nothing here is mended: no reconciler
 * runs, and the slots that look are this file's own, by the real claims and ends.
 */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { v7 as uuidv7 } from "uuid";
import { setPool, type Database } from "@iroko/core/engine";
import { claimSteps, type Claimant } from "../../packages/core/src/execution/claim.ts";
import { finishForRetry, finishSteps, nothingBrought } from "../../packages/core/src/execution/finish.ts";
import { definitionHashesOf } from "../../packages/core/src/execution/step-definition.ts";
import { stepTask, wakeSteps } from "../../packages/core/src/instance/wake-ups.ts";
import { registerWorker } from "../../packages/core/src/instance/workers.ts";
import { seeded } from "../support/seeded.ts";
import { location, testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const definitions = `
  import { asset, daily, define } from "@iroko/core";
  const body = { partitions: daily({ start: "2026-01-01", timezone: "UTC" }), materialize: () => undefined };
  export const plain = asset({ key: "plain", ...body });
  export const narrow = asset({ key: "narrow", ...body, pools: ["narrow"] });
  export const below = asset({ key: "below", ...body, deps: { plain, narrow } });
  export default define({ assets: [plain, narrow, below] });
`;
const now = Temporal.Instant.from("2026-06-01T00:00:00Z");
const timeout = 120_000;

interface Setup extends TestInstance {
  readonly by: Claimant;
}

/** A worker is registered and has a queue id; it does nothing by itself. */
async function setup(): Promise<Setup> {
  const instance = await testInstance({ "iroko.config.ts": definitions });
  const { snapshot } = await instance.deploy();
  const { db } = instance;
  const session = await db.session();
  const worker = uuidv7();
  const definitionHashes = definitionHashesOf(snapshot);
  const code = { snapshot: snapshot.hash, definitionHashes };
  const row = { id: worker, location, ttlSeconds: 5, host: "here", pid: 1, bootId: "1", slots: 3, ...code };
  await registerWorker(session, row, randomInt(2 ** 31));
  return {
    ...instance,
    by: {
      worker,
      location,
      snapshot,
      definitionHashes,
      answer: () => Promise.reject(new Error("there is no mapping function")),
    },
    async [Symbol.asyncDispose]() {
      await session.end();
      await instance[Symbol.asyncDispose]();
    },
  };
}

/** As graphile-worker fetches one. */
const fetchJob = `
  update graphile_worker._private_jobs set attempts = attempts + 1, locked_by = 'slot', locked_at = now()
   where id = (select id from graphile_worker._private_jobs where locked_at is null and run_at <= now() and ($1::bigint is null or id = $1)
                order by priority, run_at, id limit 1 for update skip locked)
  returning id`;
const completeJob = "delete from graphile_worker._private_jobs where id = $1";

const waitsForALock = (db: Database): Promise<unknown> =>
  waitFor(
    "somebody to wait for the fetch",
    async () =>
      (
        await db.query(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%add_jobs%'",
        )
      ).rows.length > 0,
    { seconds: 60 },
  );

test(
  "a job with a key that is given again while it is fetched is lost, without an error: so ours have none",
  { timeout },
  async () => {
    await using its = await setup();
    const { db } = its;
    const keyed = `select id from graphile_worker.add_jobs(array[row('${stepTask(location)}', '{}', null, null, null, 'its key', null, null)::graphile_worker.job_spec])`;
    const { rows } = await db.query<{ id: number }>(keyed);
    let again: Promise<unknown> | undefined;
    await db.transaction(async (fetching) => {
      await fetching.query(fetchJob, [rows[0]!.id]);
      again = db.query(keyed);
      await waitsForALock(db);
    });
    await again;
    const left = await db.query("select from graphile_worker._private_jobs where locked_at is null");
    assert.equal(left.rowCount, 0, "what was asked for again is not there");

    await its.submit({ select: "plain", partitions: { kind: "text", text: "2026-01-01..2026-01-03" } }, now);
    const ours = await db.query(
      "select from graphile_worker._private_jobs where key is not null and locked_at is null",
    );
    assert.equal(ours.rowCount, 0);
  },
);

test(
  "a step that is woken again while its wake-up is being fetched, or is at work, is heard of once more",
  { timeout },
  async () => {
    await using its = await setup();
    const { db } = its;
    await its.submit({ select: "plain", partitions: { kind: "text", text: "2026-01-01" } }, now);
    const wakeUp = async (): Promise<{ readonly step: number; readonly job: number }> => {
      const { rows } = await db.query<{ step: number; job: number }>(
        "select s.id as step, j.id as job from iroko.step s join graphile_worker._private_jobs j on j.id = s.wake_up and j.locked_at is null",
      );
      assert.equal(rows.length, 1, "it has a wake-up that nobody has fetched");
      return rows[0]!;
    };
    const wake = (step: number): Promise<void> => db.transaction((tx) => wakeSteps(tx, [{ step, at: null }]));

    const first = await wakeUp();
    await db.transaction(async (fetching) => {
      await fetching.query(fetchJob, [first.job]);
      await wake(first.step); // it waits for no fetch
    });
    const second = await wakeUp();
    assert.notEqual(second.job, first.job);

    await db.query(fetchJob, [second.job]);
    await wake(first.step); // while the second is at work
    await db.query(completeJob, [second.job]);
    const third = await wakeUp();
    const claimed = await claimSteps(db, its.by, 1, [third.job]);
    assert.deepEqual(
      claimed.map(({ attempt }) => attempt.step.step),
      [first.step],
    );
  },
);

test("who takes another step than the one it was woken for leaves that one a wake-up", { timeout }, async () => {
  await using its = await setup();
  const { db } = its;
  const day = { kind: "text" as const, text: "2026-01-01" };
  const low = await its.submit({ select: "plain", partitions: day }, now);
  const jobOf = async (run: string): Promise<number | null> =>
    (await db.query<{ job: number | null }>("select wake_up as job from iroko.step where run = $1", [run])).rows[0]!
      .job;
  const woken = (await jobOf(low))!;
  await db.query(fetchJob, [woken]);
  const high = await its.submit({ select: "narrow", partitions: day }, now, { priority: 1 });
  const others = await jobOf(high);
  const [claimed] = await claimSteps(db, its.by, 1, [woken]);
  assert.equal(claimed?.attempt.step.run, high);
  await db.query(completeJob, [woken]);
  assert.equal(await jobOf(low), others, "that of the step that was taken");
  const { rowCount } = await db.query("select from graphile_worker._private_jobs where id = $1 and locked_at is null", [
    others,
  ]);
  assert.equal(rowCount, 1);
});

test("slots that look, end steps and put them off at once lose no wake-up", { timeout }, async (t) => {
  const chance = seeded();
  await using its = await setup();
  await setPool(its.db, "narrow", 2);
  const runs = await Promise.all(
    [0, 1, 2].map((n) =>
      its.submit(
        {
          select: "*",
          partitions: { kind: "text", text: "2026-01-01..2026-01-08" },
          order: n === 1 ? "newest" : "oldest",
        },
        now,
        { priority: n % 2, ...(n === 0 ? { maxConcurrency: 2 } : {}) },
      ),
    ),
  );
  await workAll(its, chance);
  const { rows } = await its.db.query(
    `select s.n, s.name, s.status, s.admitted, s.behind, s.pools, s.deferred_until, j.id as job
       from iroko.step s left join graphile_worker._private_jobs j on j.id = s.wake_up where s.status not in ('succeeded')`,
  );
  assert.deepEqual(rows, [], `seed ${chance.seed}: steps that nobody looks at any more`);
  t.diagnostic(`seed ${chance.seed}: ${runs.length} runs of 24 steps, by three slots`);
});

/** Three slots, woken by nothing but the queue, until it holds nothing more. */
async function workAll({ db, by }: Setup, chance: () => number): Promise<void> {
  let atWork = 0;
  const look = async (woken: readonly number[]): Promise<boolean> => {
    const claimed = await claimSteps(db, by, 1 + Math.floor(chance() * 2), woken);
    await Promise.all(
      claimed.map(async ({ attempt, kind }) => {
        if (kind === "run" && chance() < 0.3) {
          const error = { code: "USER_CODE" as const, message: "bad luck" };
          const delaySeconds = chance() < 0.5 ? 0 : 0.05;
          await finishForRetry(db, attempt, { delaySeconds, reason: "retry", error, counts: true });
        } else {
          const end = { status: "succeeded" as const, outcome: "made" as const };
          await finishSteps(db, [{ attempt, end, brought: nothingBrought }], by.snapshot);
        }
      }),
    );
    return claimed.length > 0;
  };
  const slot = async (): Promise<void> => {
    for (;;) {
      atWork += 1;
      const { rows } = await db.query<{ id: number }>(fetchJob, [null]);
      const job = rows[0]?.id;
      if (job !== undefined) {
        let woken = [job];
        while (await look(woken)) woken = [];
        await db.query(completeJob, [job]);
      }
      atWork -= 1;
      if (job !== undefined) continue;
      if (atWork === 0 && (await db.query("select from graphile_worker._private_jobs")).rowCount === 0) return;
      await sleep(5); // for what another slot has still in hand, or is put off
    }
  };
  await Promise.all([slot(), slot(), slot()]);
}
