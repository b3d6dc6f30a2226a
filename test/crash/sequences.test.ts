/**
 * Whatever is asked for and whatever dies, in whatever order: once it has come to rest, every run has ended, every pool is
 * empty, nothing waits for nothing, the queue holds nothing, and `iroko doctor --strict` finds nothing. Limits hold all the
 * way. A failing test prints its seed and the sequence; the other tests here kill harder, this one mixes more.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ChildProcess } from "node:child_process";
import fc from "fast-check";
import { IrokoError } from "@iroko/core";
import { cancelRun, listRuns, retryRun, setPool, type Database } from "@iroko/core/engine";
import { ownPostgres, type OwnPostgres } from "../support/own-postgres.ts";
import { spawnWorker } from "../support/spawn-worker.ts";
import { testInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { effort } from "./effort.ts";
import { assertAtRest } from "./invariants.ts";
import { childrenOf, signalTo } from "./supervised.ts";

const seed = Number(process.env["SEED"] ?? 20261121);
const sequences = effort(2, 150);
/** The last sequence that is begun in a short run begins by then; the first one always is. */
const beginsWithinMs = effort(9_000, 24 * 3_600_000);
const ttlSeconds = 6;
const patient = { seconds: 300, everyMilliseconds: 100 };

const codes = ["old", "new"] as const;
type Code = (typeof codes)[number];
const moduleOf = (code: Code): string => `${code}.config.ts`;

/** \`middle\` is what a deploy changes; \`fragile\` never makes one of its days, and everything fails now and then. */
const definitions = (code: Code): string => `
  import { z } from "zod";
  import { allPartitions, asset, assetCheck, daily, define, dep, multiAsset, output, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", end: "2026-11-09", timezone: "UTC" });
  const schema = z.object({ day: z.string() });
  const retry = retryPolicy({ maxRetries: 5, baseSeconds: 0.05, capSeconds: 0.2 });
  const rows = async ({ partition, attempt }) => {
    await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 60));
    if (attempt % 3 === 1 && Math.random() < 0.1) throw new Error("bad luck");
    return [{ day: partition.key }];
  };
  const body = { partitions: days, schema, retry, codeVersion: "1" };
  export const raw = asset({ ...body, key: "raw", output: jsonLines("raw"), pools: ["narrow"], materialize: rows });
  export const middle = multiAsset({
    outputs: { even: output({ key: "even", schema, output: jsonLines("even") }), odd: output({ key: "odd", schema, output: jsonLines("odd"), optional: true }) },
    partitions: days, deps: { raw }, retry, codeVersion: "${code}", pools: ["narrow", "wide"],
    materialize: async (ctx) => ({ even: await rows(ctx), ...(ctx.partition.key.endsWith("4") ? {} : { odd: await rows(ctx) }) }),
  });
  export const below = asset({ ...body, key: "below", deps: { odd: middle.odd }, output: jsonLines("below"), materialize: rows });
  export const fragile = asset({ ...body, key: "fragile", retry: retryPolicy({ maxRetries: 0 }), deps: { even: dep(middle.even, { weak: true }) }, output: jsonLines("fragile"),
    materialize: (ctx) => { if (ctx.partition.key === "2026-11-03") throw new Error("never"); return rows(ctx); } });
  export const summary = asset({ ...body, key: "summary", pools: ["wide"], deps: { even: dep(middle.even, { map: allPartitions }), fragile }, output: jsonLines("summary"), materialize: rows });
  const looks = assetCheck({ asset: raw, name: "looks", blocking: true, run: () => ({ passed: true }) });
  export default define({ assets: [raw, middle, below, fragile, summary], checks: [looks] });
`;
const slots = { narrow: 2, wide: 3 };

const selections = ["*", "+below", "raw", "fragile or summary", "even+"] as const;
const which = fc.nat({ max: 99 });
const submit = (...limits: readonly (number | undefined)[]) =>
  fc.record({
    kind: fc.constant("submit" as const),
    select: fc.constantFrom(...selections),
    first: fc.integer({ min: 1, max: 6 }),
    more: fc.integer({ min: 0, max: 2 }),
    priority: fc.integer({ min: -1, max: 1 }),
    maxConcurrency: fc.constantFrom(...limits),
  });
const retry = fc.record({
  kind: fc.constant("retry" as const),
  which,
  fromStart: fc.boolean(),
  select: fc.constantFrom("*", "*", "+below", "even+"),
});
const one = <Kind extends string>(kind: Kind) => fc.record({ kind: fc.constant(kind), which });
const goOn = fc.record({ kind: fc.constant("go on" as const), steps: fc.integer({ min: 1, max: 4 }) });

/** Every sequence has some of everything: what differs is the order, and what it meets. */
const command = fc.oneof(
  submit(undefined, 1, 2),
  retry,
  one("cancel"),
  one("start worker"),
  one("kill worker"),
  one("kill child"),
  one("deploy"),
  one("restart Postgres"),
  goOn,
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;
const times = (count: number, arbitrary: fc.Arbitrary<Command>): fc.Arbitrary<Command[]> =>
  fc.array(arbitrary, { minLength: count, maxLength: count });
const sequence = fc
  .tuple(
    times(1, submit(undefined)),
    times(1, submit(1, 2)),
    times(2, retry),
    times(1, one("cancel")),
    times(1, one("start worker")),
    times(2, one("kill worker")),
    times(1, one("kill child")),
    times(1, one("deploy")),
    times(1, one("restart Postgres")),
    times(3, goOn),
    times(effort(0, 10), command),
  )
  .map((parts) => parts.flat())
  .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }));

test("random sequences of asking, killing and deploying come to rest with nothing left behind", async (t) => {
  await using stack = new AsyncDisposableStack();
  const its = await setUp(stack);
  const done: Record<string, number> = {};
  const startedAt = performance.now();
  let begun = 0;
  await fc.assert(
    fc.asyncProperty(submit(undefined, 1, 2), sequence, async (first, others) => {
      if (begun > 0 && performance.now() - startedAt > beginsWithinMs) return;
      begun += 1;
      for (const each of [first, ...others]) {
        await its.perform(each);
        done[each.kind] = (done[each.kind] ?? 0) + 1;
      }
      await its.rest();
    }),
    // No two runs of one sequence are alike, so a shorter one that happens to fail would tell less.
    { seed, numRuns: sequences, endOnFailure: true },
  );
  const runs = (await listRuns(its.db, { limit: 100_000 })).length;
  const figures = Object.entries(done).map(([kind, count]) => `${kind} ${count}`);
  t.diagnostic(`seed ${seed}: ${begun} sequences of ${figures.join(", ")}; ${runs} runs ended, nothing left behind`);
});

interface Setup {
  readonly db: Database;
  perform(command: Command): Promise<void>;
  /** Lets everything come to its end, and looks at what is left. */
  rest(): Promise<void>;
}

async function setUp(stack: AsyncDisposableStack): Promise<Setup> {
  const postgres = stack.use(await ownPostgres());
  const files = Object.fromEntries(codes.map((code) => [moduleOf(code), definitions(code)]));
  const instance = stack.use(await testInstance(files, { database: postgres.database }));
  const { db } = instance;
  let code: Code = "old";
  const { snapshot } = await instance.deploy(moduleOf(code));
  for (const [name, size] of Object.entries(slots)) await setPool(db, name, size);
  await watchLimits(db);

  const workers = new Map<ChildProcess, Code>();
  stack.defer(() => workers.forEach((_, child) => child.kill("SIGKILL")));
  const start = (of: Code): void => {
    const child = spawnWorker(instance, ttlSeconds, { TEST_MODULE: moduleOf(of), TEST_SLOTS: "2" });
    child.stderr?.resume();
    child.once("exit", () => workers.delete(child));
    workers.set(child, of);
  };
  const startMissing = (): void => {
    for (const each of codes) if (![...workers.values()].includes(each)) start(each);
  };
  startMissing();
  const runOf = async (n: number, isEnded: boolean): Promise<string | undefined> => {
    const runs = await listRuns(db, { limit: 20 });
    return pick(
      runs.filter(({ endedAt }) => (endedAt !== null) === isEnded),
      n,
    )?.id;
  };

  /** Workers that run something, if any comes to that soon; else all. */
  const atWork = async (): Promise<readonly ChildProcess[]> => {
    let busy: readonly ChildProcess[] = [];
    await briefly(async () => {
      const { rows } = await db.query<{ pid: number }>(
        "select w.pid from iroko.worker w where w.id in (select worker from iroko.step where status = 'running')",
      );
      busy = [...workers.keys()].filter((child) => rows.some(({ pid }) => pid === child.pid));
      return busy.length > 0;
    });
    return busy.length > 0 ? busy : [...workers.keys()];
  };

  const perform = async (asked: Command): Promise<void> => {
    switch (asked.kind) {
      case "submit": {
        const { select, first, more, priority, maxConcurrency } = asked;
        const text = `2026-11-0${first}..2026-11-0${first + more}`;
        await instance.submit({ select, partitions: { kind: "text", text } }, undefined, { priority, maxConcurrency });
        return;
      }
      case "cancel": {
        const run = await runOf(asked.which, false);
        if (run !== undefined) await cancelRun(db, run, "at random");
        return;
      }
      case "retry": {
        const live = await runOf(asked.which, false);
        if ((await runOf(0, true)) === undefined && live !== undefined) {
          await cancelRun(db, live, "to be retried");
          await briefly(async () => (await runOf(0, true)) !== undefined);
        }
        const run = await runOf(asked.which, true);
        if (run !== undefined) await retryRun(db, run, asked);
        return;
      }
      case "start worker":
        if (workers.size < 3) start(code);
        return;
      case "kill worker":
        pick(await atWork(), asked.which)?.kill("SIGKILL");
        return;
      case "kill child": {
        const children = (await atWork()).flatMap(({ pid }) => (pid === undefined ? [] : childrenOf(pid)));
        const child = pick(children, asked.which);
        if (child !== undefined) signalTo(child, "SIGKILL");
        return;
      }
      case "deploy":
        code = code === "old" ? "new" : "old";
        await instance.deploy(moduleOf(code));
        return;
      case "restart Postgres":
        killPostgres(postgres);
        return;
      case "go on":
        await someEnd(db, asked.steps);
    }
  };

  return {
    db,
    // Refused is fine; where Postgres is away, it is asked again.
    async perform(asked) {
      await waitFor(
        `${asked.kind} to be answered`,
        async () => {
          try {
            await perform(asked);
            return true;
          } catch (error) {
            return error instanceof IrokoError && !error.code.startsWith("DATABASE_");
          }
        },
        patient,
      );
    },
    async rest() {
      await waitFor(
        "everything to come to rest",
        async () => {
          startMissing();
          return (await unrest(db).catch(() => ["Postgres is away"])).length === 0;
        },
        patient,
      ).catch(async (error: unknown) => {
        throw new Error(`${String(error)}: ${(await unrest(db)).join("\n")}`);
      });
      assert.deepEqual((await db.query("select * from beyond")).rows, [], "no limit was ever passed");
      const outside = await db.query(
        `select r.id, s.n, s.pools from iroko.run r join iroko.step s on s.run = r.id and s.kind <> 'gate'
          where (r.max_concurrency is not null) <> ('run ' || r.id = any (s.pools))`,
      );
      assert.deepEqual(outside.rows, [], "a run's limit is of all its steps, and of no other's");
      await assertAtRest(db, instance.store, snapshot);
    },
  };
}

/** Until so many more steps have ended. */
async function someEnd(db: Database, steps: number): Promise<void> {
  const ended = async (): Promise<number> => {
    const { rows } = await db.query<{ n: number }>("select count(*) as n from iroko.step where ended_at is not null");
    return rows[0]!.n;
  };
  const before = await ended();
  await briefly(async () => (await ended()) >= before + steps);
}

/** It may never come: there is no worker, or it waits for what only another command brings. */
async function briefly(condition: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 20 && !(await condition()); looks += 1) await sleep(100);
}

const pick = <Value>(values: readonly Value[], which: number): Value | undefined => values[which % values.length];

function killPostgres({ dataDir }: OwnPostgres): void {
  const [pid] = readFileSync(join(dataDir, "postmaster.pid"), "utf8").split("\n");
  signalTo(Number(pid), "SIGQUIT");
}

/** Whenever a step begins, each pool and each run is looked at: at rest it is too late to tell. */
async function watchLimits(db: Database): Promise<void> {
  await db.query(`
    create table beyond (name text, running bigint, slots integer);
    create function watch() returns trigger language plpgsql as $$ begin
      insert into beyond
        select name, running, slots
          from (select p.name, p.slots, (select count(*) from iroko.step s where s.status = 'running' and p.name = any (s.pools)) as running from iroko.pool p
                 union all
                select r.id::text, r.max_concurrency, (select count(*) from iroko.step s where s.run = r.id and s.status = 'running')
                  from iroko.run r where r.max_concurrency is not null and r.ended_at is null) limits
         where running > slots;
      return null; end $$;
    create trigger watch after update of status on iroko.step for each statement execute function watch()`);
}

/** What has not come to rest yet, and by what it is held: in words, for whoever waits too long. */
async function unrest(db: Database): Promise<readonly string[]> {
  const { rows } = await db.query<{ what: string }>(`
    select format('step %s of run %s (%s) is %s: waits for %s, admitted %s, behind %s, until %s (%s), attempt %s, worker %s, pools %s',
                  s.n, s.run, s.name, s.status, s.waiting_on, s.admitted, s.behind, s.deferred_until, s.deferred_reason, s.attempt, s.worker, s.pools) as what
      from iroko.step s where s.status in ('blocked', 'ready', 'running')
     union all
    select format('run %s is %s, %s of %s expanded', id, status, expanded, planned) from iroko.run where ended_at is null
     union all
    select format('pool %s has %s in it', p.name, count(*)) from iroko.pool p join iroko.step s on s.status = 'running' and p.name = any (s.pools) group by p.name
     union all
    select format('the limit of run %s is still there', run) from iroko.pool where run is not null
     union all
    select format('%s@%s is not published', asset, partition) from iroko.asset_partition
     where object_key is not null and published_version is distinct from version
     union all
    select format('a queue job is left: %s of %s, attempt %s, locked by %s, %s', id, task_id, attempts, locked_by, last_error) from graphile_worker._private_jobs`);
  return rows.map(({ what }) => what);
}
