/** More of why this and why not, each cause set up for real: changed definitions, deferrals, cancels, ticks, kept plans. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import type { Explanation, PlanRequest, Reason } from "@iroko/core";
import {
  applyPlan,
  cancelRun,
  evaluateSchedules,
  explainAsset,
  listSteps,
  readMoment,
  storePlan,
  type Store,
} from "@iroko/core/engine";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const definitions = (
  parts: { readonly schema?: string; readonly deps?: string; readonly schedules?: string } = {},
): string => `
  import { existsSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, job, retryPolicy, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  const common = { partitions: days, codeVersion: "1", retry: retryPolicy({ maxRetries: 0 }), materialize: () => [{ n: 1 }] };
  export const raw = asset({ ...common, key: "raw", schema: ${parts.schema ?? "schema"}, output: jsonLines("raw") });
  export const rates = asset({ ...common, key: "rates", schema, output: jsonLines("rates") });
  export const totals = asset({ ...common, key: "totals", schema, output: jsonLines("totals"), deps: { ${parts.deps ?? "raw"} } });
  export const slow = asset({ ...common, key: "slow", schema, output: jsonLines("slow"), materialize: async (ctx) => {
    while (!existsSync(new URL("go", import.meta.url)) && !ctx.signal.aborted) await new Promise((r) => setTimeout(r, 10));
    return [{ n: 1 }];
  } });
  const makeTotals = job({ key: "make_totals", select: "totals" });
  export default define({ assets: [raw, rates, totals, slow], jobs: [makeTotals], schedules: [${parts.schedules ?? ""}] });
`;

const now = Temporal.Instant.from("2026-11-08T06:00:00Z");
const request = (select: string, text: string): PlanRequest => ({ select, partitions: { kind: "text", text } });

async function explained(instance: TestInstance, target: string, at = now): Promise<Explanation> {
  const location = await instance.deploy();
  return explainAsset(instance.db, location, target, await readMoment(instance.db, location.snapshot, at));
}

const codesOf = ({ code, because = [] }: Reason): readonly string[] => [code, ...because.slice(0, 1).flatMap(codesOf)];

/** Of one partition: its status, and each reason's chain of codes. */
async function one(instance: TestInstance, target: string) {
  const { groups } = await explained(instance, target);
  assert.equal(groups.length, 1, JSON.stringify(groups));
  const { status, because } = groups[0]!;
  return { status, codes: because.map(codesOf), messages: because.map(({ message }) => message), because };
}

async function make(instance: TestInstance, select: string, text: string): Promise<string> {
  const run = await instance.submit(request(select, text), now);
  assert.equal((await instance.ended(run)).status, "succeeded");
  return run;
}

test("stale by its schema, and what lacks an input that can be read; stale by what it reads now and no longer", async () => {
  await using instance = await testInstance({ "iroko.config.ts": definitions() });
  await instance.deploy();
  await instance.startWorker();
  await make(instance, "raw", "2026-11-01..2026-11-02");
  await make(instance, "totals or rates", "2026-11-01");

  await writeFile(
    instance.project.file("iroko.config.ts"),
    definitions({ schema: "z.object({ n: z.int(), till: z.string() })" }),
  );
  const raw = await one(instance, "raw@2026-11-01");
  assert.deepEqual([raw.status, raw.codes], ["stale", [["SCHEMA_CHANGED"]]]);
  assert.match(
    raw.messages[0]!,
    /its schema changed since it was made at .*SCHEMA_OLD: column "till" is new and not nullable$/,
  );
  const behind = await one(instance, "totals@2026-11-01");
  assert.deepEqual([behind.status, behind.codes], ["behind", [["INPUT_STALE", "SCHEMA_CHANGED"]]]);
  const unmade = await one(instance, "totals@2026-11-02");
  assert.deepEqual([unmade.status, unmade.codes], ["missing", [["INPUT_UNREADABLE"]]]);
  assert.match(unmade.messages[0]!, /raw@2026-11-02, which it reads, was written with an older schema/);
  assert.equal(unmade.because[0]?.command, "iroko backfill --select raw --partitions 2026-11-02");

  await writeFile(instance.project.file("iroko.config.ts"), definitions({ deps: "rates" }));
  const totals = await one(instance, "totals@2026-11-01");
  assert.deepEqual([totals.status, totals.codes], ["stale", [["DEPENDENCIES_CHANGED"], ["DEPENDENCIES_CHANGED"]]]);
  assert.match(totals.messages.join("\n"), /it no longer reads raw since it was made[^]*it reads rates now/);
});

test("what another run is making waits for that run, and is told to run there; what was canceled names the run", async () => {
  await using instance = await testInstance({ "iroko.config.ts": definitions() });
  await instance.deploy();
  await instance.startWorker({ slots: 2 });
  const first = await instance.submit(request("slow", "2026-11-03"), now);
  const running = (run: string) => async () =>
    (await listSteps(instance.db, run, { limit: 1, statuses: ["running"] })).length === 1;
  await waitFor("the first to run", running(first));
  const second = await instance.submit(request("slow", "2026-11-03"), now);
  await waitFor("the second to find it busy", async () => {
    const { rows } = await instance.db.query("select from iroko.step where run = $1 and behind is not null", [second]);
    return rows.length === 1;
  });
  const both = await one(instance, "slow@2026-11-03");
  assert.deepEqual([both.status, both.codes], ["running", [["STEP_RUNNING"], ["HELD_BY_ANOTHER_RUN"]]]);
  assert.deepEqual(
    both.because.map(({ run }) => run),
    [first, second],
  );
  assert.match(both.messages[1]!, new RegExp(`run ${first} is making its partition \\(slow@2026-11-03\\)`));

  await cancelRun(instance.db, second, "not now");
  await cancelRun(instance.db, first, "the shop is closed");
  await instance.ended(first);
  const canceled = await one(instance, "slow@2026-11-03");
  assert.deepEqual([canceled.status, canceled.codes.map(([code]) => code)], ["missing", ["STEP_CANCELED"]]);
  assert.match(canceled.messages[0]!, /was canceled with run .*: (not now|the shop is closed)/);
});

test("a transfer that the network gate puts off says until when and why", async () => {
  await using instance = await testInstance({ "iroko.config.ts": definitions() });
  await instance.deploy();
  const until = Temporal.Now.instant().add({ hours: 5 });
  // A store in the network, as far as the gate is asked about it.
  const remote: Store = new Proxy(instance.store, {
    get: (store, name) => {
      if (name === "kind") return "s3";
      const value: unknown = Reflect.get(store, name);
      return typeof value === "function" ? (value.bind(store) as unknown) : value;
    },
  });
  const answer = { pass: false, until, reason: "the link's window opens at 23:00" } as const;
  await instance.startWorker({
    store: remote,
    gate: { ask: ({ purpose }) => Promise.resolve(purpose === "stage" ? answer : { pass: true }) },
  });
  const run = await instance.submit(request("raw", "2026-11-04"), now);
  await waitFor(
    "the gate to put it off",
    async () => (await listSteps(instance.db, run, { limit: 1 }))[0]?.deferredUntil !== null,
  );
  const { status, codes, messages, because } = await one(instance, "raw@2026-11-04");
  assert.deepEqual([status, codes], ["waiting", [["DEFERRED"]]]);
  assert.match(messages[0]!, /raw@2026-11-04 is put off until .*: .*the link's window opens at 23:00/);
  const told = because[0]!.until!.epochMilliseconds;
  assert.ok(Math.abs(told - until.epochMilliseconds) < 600_000, "as the database's clock has it");
});

test("a schedule that is off in the code, and one whose last tick failed, and why", async () => {
  const nightly = (more: string): string =>
    `schedule({ key: "nightly", job: makeTotals, cron: "0 2 * * *", timezone: "Africa/Lagos", ${more} })`;
  await using instance = await testInstance({
    "iroko.config.ts": definitions({ schedules: nightly("enabled: false") }),
  });
  const schedulesOf = async (at = now) => (await explained(instance, "totals", at)).schedules;
  assert.deepEqual(
    (await schedulesOf()).map(({ code }) => code),
    ["SCHEDULE_OFF"],
  );

  await writeFile(instance.project.file("iroko.config.ts"), definitions({ schedules: nightly("") }));
  await instance.deploy();
  await evaluateSchedules({ db: instance.db, now: () => now });
  const later = now.add({ hours: 24 });
  // Its job makes totals only, and nobody has made what they read.
  await evaluateSchedules({ db: instance.db, now: () => later });
  const [failed] = await schedulesOf(later);
  assert.equal(failed?.code, "TICK_FAILED");
  assert.match(
    failed.message,
    /the last tick of the schedule "nightly", of 2026-11-09T01:00:00Z, failed: PLAN_INPUT_MISSING.*ticks next at 2026-11-10T01:00:00Z/,
  );
});

test("a plan that nobody has applied is told with its command, then what put it out of date, and once it is spent no more", async () => {
  await using instance = await testInstance({ "iroko.config.ts": definitions() });
  const location = await instance.deploy();
  await instance.startWorker();
  const planOf = (target: string) =>
    explained(instance, target).then(({ schedules }) => schedules.filter(({ code }) => code !== "NO_SCHEDULE"));
  const { id } = await storePlan(instance.db, location, request("raw or totals", "2026-11-01..2026-11-03"), now);
  const [kept] = await planOf("totals@2026-11-02");
  assert.deepEqual([kept?.code, kept?.command, kept?.partitions], ["PLAN_KEPT", `iroko apply ${id}`, "2026-11-02"]);
  assert.deepEqual(await planOf("totals@2026-11-04"), []);
  assert.deepEqual(await planOf("rates"), []);

  await make(instance, "raw", "2026-11-02");
  assert.deepEqual(await planOf("raw@2026-11-02"), [], "nothing of it is wanting any more");
  const [old] = await planOf("totals@2026-11-02");
  assert.equal(old?.code, "PLAN_OUT_OF_DATE");
  assert.match(old.message, /is out of date: raw@2026-11-02 was made meanwhile$/);
  assert.match(old.error?.hint ?? "", /iroko plan --select 'raw or totals'/);

  const again = await storePlan(instance.db, location, request("raw or totals", "2026-11-01..2026-11-03"), now);
  const { run } = await applyPlan(instance.db, again.id, "cli");
  await instance.ended(run);
  assert.deepEqual(await planOf("totals@2026-11-02"), []);
});
