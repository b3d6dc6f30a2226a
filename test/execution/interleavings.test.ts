/**
 * Whatever happens in whatever order (submits, cancels, workers that come, go and vanish, steps that fail, a queue that is
 * emptied), every run ends with counts equal to its steps', and nothing is left behind.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { cancelRun, setPool, type Worker } from "@iroko/core/engine";
import { mayBecome, runTransitions, stepTransitions } from "../../packages/core/src/planning/run-states.ts";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const definitions = `
  import { z } from "zod";
  import { allPartitions, asset, daily, define, dep, multiAsset, output, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  const retry = retryPolicy({ maxRetries: 2, baseSeconds: 0.02, capSeconds: 0.1 });
  const live = async (ctx, failing = 0.08) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    if (Math.random() < failing) throw new Error("bad luck");
    if (Math.random() < 0.005) process.exit(1);
    return [{ n: 1 }];
  };
  export const source = asset({ key: "source", partitions: days, schema, output: jsonLines("source"), retry, pools: ["few"], materialize: live });
  export const split = multiAsset({
    outputs: {
      even: output({ key: "even", schema, output: jsonLines("even") }),
      odd: output({ key: "odd", schema, output: jsonLines("odd"), optional: true }),
    },
    partitions: days, deps: { source }, retry,
    materialize: async (ctx) => ({ even: await live(ctx), ...(Math.random() < 0.7 ? { odd: [{ n: 1 }] } : {}) }),
  });
  export const belowOdd = asset({ key: "below_odd", partitions: days, deps: { odd: split.odd }, retry, materialize: async (ctx) => { await live(ctx); } });
  export const weakly = asset({ key: "weakly", partitions: days, deps: { even: dep(split.even, { weak: true }) }, schema, output: jsonLines("weakly"), retry, materialize: live });
  export const summary = asset({ key: "summary", partitions: days, deps: { even: dep(split.even, { map: allPartitions }) }, schema, output: jsonLines("summary"), retry, materialize: (ctx) => live(ctx, 0.2) });
  export default define({ assets: [source, split, belowOdd, weakly, summary] });
`;

/** Numbers in [0, 1) that are the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Keeps every change of a status: what happened between two looks counts, too. */
async function watchStatuses(instance: TestInstance): Promise<void> {
  for (const table of ["step", "run"]) {
    await instance.db.query(
      `create table seen_${table} (before text, after text, unique nulls not distinct (before, after))`,
    );
    await instance.db.query(
      `create function see_${table}() returns trigger language plpgsql as $$ begin
         if tg_op = 'INSERT' then insert into seen_${table} values (null, new.status) on conflict do nothing;
         elsif old.status <> new.status then insert into seen_${table} values (old.status, new.status) on conflict do nothing; end if;
         return null; end $$`,
    );
    await instance.db.query(
      `create trigger see after insert or update on iroko.${table} for each row execute function see_${table}()`,
    );
  }
}

async function count(instance: TestInstance, query: string): Promise<number> {
  const { rows } = await instance.db.query<{ n: number }>(`select count(*) as n from ${query}`);
  return rows[0]?.n ?? -1;
}

test("random interleavings leave every run ended, its counts right, and nothing behind", async (t) => {
  const seed = Number(process.env["SEED"] ?? 20261121);
  t.diagnostic(`seed ${seed}`);
  const random = seeded(seed);
  const pick = <Value>(values: readonly Value[]): Value | undefined => values[Math.floor(random() * values.length)];
  await using instance = await testInstance({ "iroko.config.ts": definitions });
  await instance.deploy();
  await watchStatuses(instance);
  await setPool(instance.db, "few", 2);

  const runs: string[] = [];
  const workers = new Set<Worker>();
  const comings: Promise<unknown>[] = [];
  const startOne = async (): Promise<void> => void workers.add(await instance.startWorker({ slots: 3, ttlSeconds: 2 }));
  const actions: readonly (() => Promise<unknown>)[] = [
    async () => {
      const first = 1 + Math.floor(random() * 10);
      const days = `2026-11-${String(first).padStart(2, "0")}..2026-11-${String(first + Math.floor(random() * 6)).padStart(2, "0")}`;
      runs.push(
        await instance.submit({ select: "+summary or below_odd or weakly", partitions: { kind: "text", text: days } }),
      );
    },
    async () => {
      const run = pick(runs);
      if (run !== undefined) await cancelRun(instance.db, run, "at random").catch(() => {});
    },
    async () => {
      if (workers.size + comings.length < 2) await startOne();
    },
    async () => {
      const worker = pick([...workers]);
      if (worker === undefined) return;
      workers.delete(worker);
      await worker.drain(pick([0, 0.1, 1]));
    },
    () => instance.db.query("delete from graphile_worker._private_jobs where locked_by is null"),
    // Its session and its other connections break; it comes back.
    () =>
      instance.db.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'iroko worker %'",
      ),
  ];
  const weights = [0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 5];
  await startOne();
  const until = performance.now() + 15_000;
  while (performance.now() < until) {
    await actions[pick(weights) ?? 0]!();
    await sleep(random() * 300);
  }
  await startOne();
  await waitFor("all runs to end", async () => (await count(instance, "iroko.run where ended_at is null")) === 0, {
    seconds: 60,
    everyMilliseconds: 100,
  }).catch(async (error: unknown) => {
    const { rows } = await instance.db.query(
      `select s.id, s.run, s.n, s.kind, s.name, s.status, s.waiting_on, s.admitted, s.behind, s.deferred_until, s.deferred_reason, s.attempt, s.worker,
              r.status as run_status, r.cancel_requested_at
         from iroko.step s join iroko.run r on r.id = s.run where r.ended_at is null and s.ended_at is null limit 20`,
    );
    throw new Error(`${String(error)}: ${JSON.stringify(rows, null, 1)}`);
  });

  assert.ok(runs.length > 5, `${runs.length} runs`);
  assert.equal(
    await count(
      instance,
      `(select r.id from iroko.run r left join iroko.step s on s.run = r.id group by r.id
        having (r.planned, r.succeeded, r.failed, r.skipped, r.canceled) is distinct from
               (count(s.id), count(*) filter (where s.status = 'succeeded'), count(*) filter (where s.status = 'failed'),
                count(*) filter (where s.status = 'skipped'), count(*) filter (where s.status = 'canceled'))) wrong`,
    ),
    0,
    "counts are those of the steps",
  );
  assert.equal(
    await count(
      instance,
      "iroko.step where status in ('blocked', 'ready', 'running') or behind is not null or admitted",
    ),
    0,
  );
  assert.equal(await count(instance, "iroko.asset_partition where busy_step is not null"), 0, "no busy marks");
  for (const [table, transitions] of [
    ["step", stepTransitions],
    ["run", runTransitions],
  ] as const) {
    const { rows } = await instance.db.query<{ before: string | null; after: string }>(
      `select before, after from seen_${table}`,
    );
    for (const { before, after } of rows)
      assert.ok(
        mayBecome<string>(transitions, before ?? undefined, after),
        `${table}: ${before ?? "–"} → ${after} is not in the table`,
      );
    assert.ok(rows.length >= (table === "step" ? 9 : 3), `only ${rows.length} kinds of changes of ${table}s were seen`);
  }
});
