/** Why this ran and why that did not: situations set up for real, and the first cause that is named. */
import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import type { Explanation, PlanRequest, Reason } from "@iroko/core";
import {
  evaluateSchedules,
  explainAsset,
  listSteps,
  readMoment,
  setPaused,
  setPool,
  type Location,
} from "@iroko/core/engine";
import { location as locationName, testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const definitions = `
  import { existsSync, readFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, externalAsset, job, retryPolicy, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  const here = (name) => new URL(name, import.meta.url);
  const n = () => Number(readFileSync(here("n"), "utf8"));
  const until = async (name, signal) => { while (!existsSync(here(name)) && !signal.aborted) await new Promise((r) => setTimeout(r, 10)); };
  const fails = (name) => { if (existsSync(here(name))) throw new Error("no link to the bank"); };
  const common = { partitions: days, schema, retry: retryPolicy({ maxRetries: 0 }) };
  export const till = externalAsset({ key: "till", partitions: days,
    observe: (ctx) => ctx.partitions.map((partition) => ({ partition, dataVersion: readFileSync(here("n"), "utf8") })) });
  export const raw = asset({ ...common, key: "raw", output: jsonLines("raw"), deps: { till }, materialize: () => { fails("broken"); return [{ n: n() }]; } });
  export const cleaned = asset({ ...common, key: "cleaned", output: jsonLines("cleaned"), deps: { raw }, materialize: () => [{ n: n() }] });
  export const revenue = asset({ ...common, key: "revenue", output: jsonLines("revenue"), deps: { cleaned }, materialize: () => [{ n: n() }] });
  export const gated = asset({ ...common, key: "gated", output: jsonLines("gated"), pools: ["bank"],
    materialize: async (ctx) => { await until("go", ctx.signal); return [{ n: 1 }]; } });
  export const flaky = asset({ key: "flaky", schema, output: jsonLines("flaky"), retry: retryPolicy({ maxRetries: 3, baseSeconds: 3600, capSeconds: 3600, jitter: "none" }),
    materialize: () => { throw new Error("no link to the bank"); } });
  const nightlyJob = job({ key: "nightly_job", select: "+revenue" });
  export default define({
    assets: [till, raw, cleaned, revenue, gated, flaky], jobs: [nightlyJob],
    schedules: [schedule({ key: "nightly", job: nightlyJob, cron: "0 2 * * *", timezone: "Africa/Lagos" })],
  });
`;

const now = Temporal.Instant.from("2026-11-08T06:00:00Z");
const request = (select: string, text?: string): PlanRequest => ({
  select,
  partitions: text === undefined ? { kind: "unspecified" } : { kind: "text", text },
});

/** The chain of codes from the first reason up to the first cause. */
function chain(reason: Reason | undefined): readonly string[] {
  return reason === undefined ? [] : [reason.code, ...chain(reason.because?.[0])];
}

/** Up to the first cause. */
function inOneSentence({ message, because = [] }: Reason): string {
  const [first] = because;
  return first === undefined ? message : `${message}, because ${inOneSentence(first)}`;
}

function last(reason: Reason): Reason {
  const [first] = reason.because ?? [];
  return first === undefined ? reason : last(first);
}

describe("explain", { concurrency: false }, () => {
  let instance: TestInstance;
  let deployed: Location;
  const file = (name: string) => instance.project.file(name);
  const explained = async (target: string, at = now): Promise<Explanation> =>
    explainAsset(instance.db, deployed, target, await readMoment(instance.db, deployed.snapshot, at));
  const one = async (target: string) => {
    const { groups } = await explained(target);
    assert.equal(groups.length, 1, JSON.stringify(groups));
    const [reason] = groups[0]!.because;
    return { status: groups[0]!.status, codes: chain(reason), sentence: reason ? inOneSentence(reason) : "", reason };
  };
  const make = async (select: string, text?: string) => {
    const run = await instance.submit(request(select, text), now);
    await instance.ended(run);
    return run;
  };

  before(async () => {
    instance = await testInstance({ "iroko.config.ts": definitions, n: "1" });
    deployed = await instance.deploy();
  });
  after(() => instance[Symbol.asyncDispose]());

  test("no live worker of the location: what is ready waits for one, and what is below waits for that", async () => {
    const run = await instance.submit(request("raw or cleaned", "2026-11-01..2026-11-03"), now);
    const ready = await one("raw@2026-11-02");
    assert.deepEqual([ready.status, ready.codes], ["waiting", ["NO_WORKER"]]);
    assert.match(ready.sentence, /raw@2026-11-02 is ready, and no live worker of the code location "test"/);
    const below = await one("cleaned@2026-11-02");
    assert.deepEqual([below.status, below.codes], ["waiting", ["WAITS_FOR_STEP", "NO_WORKER"]]);
    assert.match(
      below.sentence,
      /^cleaned@2026-11-02 waits for raw@2026-11-02, in run .*, because raw@2026-11-02 is ready/,
    );

    const draining = await instance.startWorker({ slots: 2 });
    await instance.ended(run);
    assert.deepEqual((await one("raw@2026-11-02")).codes, ["UP_TO_DATE"]);
    assert.ok(draining.id);
  });

  test("what nothing has changed is fresh, by which run and since when; of a whole asset, partitions that stand alike are told together", async () => {
    const run = await make("revenue", "2026-11-01..2026-11-02");
    const { status, reason, sentence } = await one("revenue@2026-11-02");
    assert.deepEqual([status, reason?.code, reason?.run], ["fresh", "UP_TO_DATE", run]);
    assert.match(sentence, /^revenue@2026-11-02 was made at 2026.* by run .* \(cli\)/);
    const { groups } = await explained("revenue");
    assert.deepEqual(
      groups.map(({ status: each, partitions, count, example }) => [each, partitions, count, example]),
      [
        ["missing", "2026-11-03..2026-11-07", 5, "2026-11-07"],
        ["fresh", "2026-11-01..2026-11-02", 2, "2026-11-02"],
      ],
    );
  });

  test("late data: what is stale says which source changed after its window had closed, two levels up", async () => {
    await make("till", "all");
    await make("raw", "2026-11-01..2026-11-02");
    await make("cleaned or revenue", "2026-11-01..2026-11-02");
    await writeFile(file("n"), "2");
    await make("till", "2026-11-02");
    const raw = await one("raw@2026-11-02");
    assert.deepEqual([raw.status, raw.codes], ["stale", ["INPUT_CHANGED", "LATE_DATA"]]);
    assert.match(
      raw.sentence,
      /because late data: till@2026-11-02 was observed with other data at .*, after its window had closed/,
    );
    const behind = await one("revenue@2026-11-02");
    assert.deepEqual([behind.status, behind.codes.slice(0, 2)], ["behind", ["INPUT_STALE", "INPUT_STALE"]]);
    assert.equal(behind.codes.at(-1), "LATE_DATA");
    assert.equal((await one("raw@2026-11-01")).status, "fresh", "late data reopens what it touches, and nothing else");

    const run = await instance.submit({ select: "raw", partitions: { kind: "stale" } }, now);
    await instance.ended(run);
    await make("cleaned", "2026-11-02");
    const revenue = await one("revenue@2026-11-02");
    assert.deepEqual(
      [revenue.status, revenue.codes],
      ["stale", ["INPUT_CHANGED", "MADE_AGAIN", "MADE_AGAIN", "LATE_DATA"]],
    );
    assert.match(
      revenue.sentence,
      /cleaned@2026-11-02 was made again at .*, because raw@2026-11-02 was made again at .* by run .* \(till changed\), because late data/,
    );
  });

  test("what is missing because something two levels up failed names that failure, and its retry", async () => {
    await writeFile(file("broken"), "");
    const run = await make("raw or cleaned or revenue", "2026-11-05");
    await rm(file("broken"));
    const failed = await one("raw@2026-11-05");
    assert.deepEqual([failed.status, failed.codes], ["failed", ["STEP_FAILED"]]);
    const { status, codes, reason, sentence } = await one("revenue@2026-11-05");
    assert.deepEqual([status, codes], ["missing", ["STEP_SKIPPED", "STEP_SKIPPED", "STEP_FAILED"]]);
    assert.match(
      sentence,
      /revenue@2026-11-05 was skipped.*because cleaned@2026-11-05 was skipped.*because raw@2026-11-05 failed.*no link to the bank/,
    );
    assert.equal(last(reason!).command, `iroko runs retry ${run}`);
    const unasked = await one("cleaned@2026-11-06");
    assert.deepEqual([unasked.status, unasked.codes.slice(0, 2)], ["missing", ["INPUT_MISSING", "NEVER_MADE"]]);
  });

  test("a full pool is named, and who is in it", async () => {
    await setPool(instance.db, "bank", 1);
    const run = await instance.submit(request("gated", "2026-11-01..2026-11-02"), now);
    await waitFor(
      "one to run",
      async () => (await listSteps(instance.db, run, { limit: 10, statuses: ["running"] })).length === 1,
    );
    const { groups } = await explained("gated@2026-11-01..2026-11-02");
    assert.deepEqual(
      groups.map(({ status, because }) => [status, because[0]?.code]),
      [
        ["running", "STEP_RUNNING"],
        ["waiting", "POOL_FULL"],
      ],
    );
    assert.match(
      groups[1]!.because[0]!.message,
      new RegExp(`the pool "bank": its 1 place is taken by gated@2026-11-0\\d \\(run ${run}\\)`),
    );
    await writeFile(file("go"), "");
    await instance.ended(run);
  });

  test("a step that is tried again says when, and after what", async () => {
    const run = await instance.submit(request("flaky"), now);
    await waitFor(
      "its first attempt",
      async () => (await listSteps(instance.db, run, { limit: 1 }))[0]?.deferredUntil !== null,
    );
    const { status, codes, sentence, reason } = await one("flaky");
    assert.deepEqual([status, codes], ["waiting", ["RETRY"]]);
    assert.match(
      sentence,
      /flaky is put off until .*: retry 1 of 3 after USER_CODE; the last attempt ended with USER_CODE: .*no link to the bank/,
    );
    assert.ok(reason?.until !== undefined);
  });

  test("a window that has not closed says when it will", async () => {
    const open = await one("raw@2026-11-08");
    assert.deepEqual([open.status, open.codes], ["not yet", ["WINDOW_OPEN"]]);
    assert.equal(open.reason?.until?.toString(), "2026-11-08T23:00:00Z");
    assert.deepEqual((await one("raw@2026-12-01")).codes, ["WINDOW_FUTURE"]);
  });

  test("who asks for it: no schedule, one that ticks next and for what, one that was paused by hand", async () => {
    const gated = await one("gated@2026-11-04");
    assert.deepEqual(gated.codes, ["NEVER_MADE", "NO_SCHEDULE"]);
    assert.equal(gated.reason?.command, "iroko materialize --select gated --partition 2026-11-04");
    assert.deepEqual(
      (await explained("gated")).schedules.map(({ code }) => code),
      ["NO_SCHEDULE"],
    );

    await evaluateSchedules({ db: instance.db, now: () => now });
    const missed = await one("raw@2026-11-06");
    assert.deepEqual(missed.codes, ["NEVER_MADE", "NOT_ASKED_FOR"]);
    assert.match(
      missed.sentence,
      /the schedule "nightly" has not ticked yet; it ticks next at 2026-11-09T01:00:00Z; its next tick asks for 2026-11-08, not for 2026-11-06/,
    );
    await instance.db.transaction((tx) => setPaused(tx, locationName, "nightly", true));
    const paused = await one("raw@2026-11-06");
    assert.deepEqual(paused.codes, ["NEVER_MADE", "SCHEDULE_PAUSED"]);
    assert.match(paused.sentence, /the schedule "nightly" was paused by hand at 20/);
  });

  test("code that has moved: what is made is stale by it, what waits is held for it", async () => {
    const changed = definitions.replace('key: "cleaned"', 'key: "cleaned", codeVersion: "2"');
    await writeFile(file("iroko.config.ts"), changed);
    deployed = await instance.deploy();
    const stale = await one("cleaned@2026-11-01");
    assert.deepEqual([stale.status, stale.codes], ["stale", ["CODE_CHANGED"]]);
    assert.match(stale.sentence, /cleaned@2026-11-01: its code changed since it was made at/);
    await instance.submit(request("cleaned", "2026-11-01"), now);
    const held = await one("cleaned@2026-11-01");
    assert.deepEqual([held.status, held.codes], ["waiting", ["CODE_MOVED"]]);
  });

  test("what is not there is refused, with the nearest", async () => {
    await assert.rejects(explained("cleand"), { code: "ASSET_NOT_FOUND" });
    await assert.rejects(explained("raw@2026-1"), { code: "PARTITION_FORMAT" });
  });
});
