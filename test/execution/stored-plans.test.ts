/** Plans that are kept and applied: exactly that plan, once, and not when what it rests on has moved. */
import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { after, test } from "node:test";
import type { PlanRequest } from "@iroko/core";
import { applyPlan, getRun, listRuns, requireApplicable, storePlan, type Location } from "@iroko/core/engine";
import { testInstance, type TestInstance } from "../support/test-instance.ts";

const definitions = `
  import { existsSync, readFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, externalAsset, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-10-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  const here = (name) => new URL(name, import.meta.url);
  const n = () => Number(readFileSync(here("n"), "utf8"));
  export const till = externalAsset({ key: "till", observe: (ctx) => ctx.partitions.map((partition) => ({ partition, dataVersion: readFileSync(here("n"), "utf8") })) });
  export const raw = asset({ key: "raw", partitions: days, schema, output: jsonLines("raw"), deps: { till },
    retry: retryPolicy({ maxRetries: 0 }),
    materialize: () => { if (existsSync(here("broken"))) throw new Error("broken"); return [{ n: n() }]; } });
  export const cleaned = asset({ key: "cleaned", partitions: days, schema, output: jsonLines("cleaned"), deps: { raw },
    materialize: () => [{ n: n() }] });
  export const other = asset({ key: "other", partitions: days, schema, output: jsonLines("other"), materialize: () => [{ n: n() }] });
  export default define({ assets: [till, raw, cleaned, other] });
`;

const now = Temporal.Instant.from("2026-11-08T06:00:00Z");
const text = (words: string): PlanRequest["partitions"] => ({ kind: "text", text: words });

interface Setup extends AsyncDisposable {
  readonly instance: TestInstance;
  readonly location: Location;
  keep(request: PlanRequest): Promise<string>;
  make(select: string, partitions: string): Promise<void>;
  /** What steps make and sources hold is another number from now on. */
  change(): Promise<void>;
  /** Steps of `raw` fail from now on, or no longer. */
  breakRaw(broken: boolean): Promise<void>;
}

async function setup(): Promise<Setup> {
  const instance = await testInstance({ "iroko.config.ts": definitions, n: "1" });
  const location = await instance.deploy();
  let n = 1;
  await instance.startWorker({ slots: 2 });
  return {
    instance,
    location,
    keep: async (request) => (await storePlan(instance.db, location, request, now)).id,
    async make(select, partitions) {
      await instance.ended(await instance.submit({ select, partitions: text(partitions) }, now));
    },
    change: () => writeFile(instance.project.file("n"), String((n += 1))),
    breakRaw: (broken) =>
      broken ? writeFile(instance.project.file("broken"), "") : rm(instance.project.file("broken"), { force: true }),
    [Symbol.asyncDispose]: () => instance[Symbol.asyncDispose](),
  };
}

const at = await setup();
after(() => at[Symbol.asyncDispose]());
const { db } = at.instance;
const runCount = async () => (await listRuns(db, { limit: 500, observations: true })).length;

const refused = async (work: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> => {
  const error = await work.then(
    () => assert.fail("it was applied"),
    (thrown: unknown) => thrown as { code: string; message: string; hint: string },
  );
  return error;
};

test("a plan is applied once, as exactly that run, and nothing happens before", async () => {
  const { id, plan } = await storePlan(
    db,
    at.location,
    { select: "+cleaned", partitions: text("2026-11-01..2026-11-03"), order: "newest" },
    now,
  );
  assert.match(id, /^[0-9a-z]{8}$/);
  assert.equal(await runCount(), 0, "a plan alone changes nothing");

  const { run } = await applyPlan(db, id.toUpperCase(), "cli");
  assert.equal((await at.instance.ended(run)).status, "succeeded");
  const record = await getRun(db, run);
  assert.deepEqual(
    [record?.selection, record?.partitions, record?.trigger, record?.asOf.toString()],
    ["+cleaned", "2026-11-01..2026-11-03", "cli", now.toString()],
  );
  assert.deepEqual(
    plan.assets.map(({ asset }) => asset),
    ["raw", "cleaned"],
  );
  const spent = await refused(applyPlan(db, id, "cli"));
  assert.equal(spent.code, "PLAN_SPENT");
  assert.ok(spent.message.includes(run) && spent.hint.includes(run));
  assert.equal((await refused(applyPlan(db, "zzzzzzzz", "cli"))).code, "PLAN_UNKNOWN");
});

test("two that apply a plan at once make one run", async () => {
  const before = await runCount();
  for (let round = 0; round < 5; round += 1) {
    const id = await at.keep({ select: "other", partitions: text("2026-11-01") });
    const answers = await Promise.allSettled([1, 2, 3, 4].map(() => applyPlan(db, id, "cli")));
    const runs = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value.run] : []));
    const codes = answers.flatMap((answer) =>
      answer.status === "rejected" ? [(answer.reason as { code: string }).code] : [],
    );
    assert.deepEqual([runs.length, codes], [1, ["PLAN_SPENT", "PLAN_SPENT", "PLAN_SPENT"]]);
    await at.instance.ended(runs[0]!);
    assert.equal(await runCount(), before + round + 1);
  }
});

test("a plan that nobody applies is forgotten after a day, by the next one; a spent one is not", async () => {
  const old = await at.keep({ select: "other", partitions: text("2026-11-01") });
  const spent = await at.keep({ select: "other", partitions: text("2026-11-02") });
  await applyPlan(db, spent, "cli");
  await db.query("update iroko.plan set created_at = created_at - interval '25 hours'");
  const fresh = await at.keep({ select: "other", partitions: text("2026-11-03") });
  assert.equal((await refused(applyPlan(db, old, "cli"))).code, "PLAN_UNKNOWN");
  assert.equal((await refused(applyPlan(db, spent, "cli"))).code, "PLAN_SPENT");
  await requireApplicable(db, fresh);
});

interface Case {
  readonly name: string;
  readonly request: PlanRequest;
  /** Before the plan is made. */
  readonly before?: (at: Setup) => Promise<unknown>;
  /** Between plan and apply. */
  readonly meanwhile: (at: Setup) => Promise<unknown>;
  /** What the error says; undefined: it is applied all the same. */
  readonly says: RegExp | undefined;
}

const cleanedOf = (words: string): PlanRequest => ({ select: "cleaned", partitions: text(words) });
const rawMade = (at: Setup) => at.make("raw", "2026-11-01..2026-11-05");

const cases: readonly Case[] = [
  {
    name: "a planned partition was made meanwhile",
    request: cleanedOf("2026-11-01..2026-11-03"),
    before: rawMade,
    meanwhile: (at) => at.make("cleaned", "2026-11-02"),
    says: /cleaned@2026-11-02 was made meanwhile/,
  },
  {
    name: "what it reads was made again and came out otherwise",
    request: cleanedOf("2026-11-01..2026-11-03"),
    before: rawMade,
    meanwhile: async (at) => {
      await at.change();
      await at.make("raw", "2026-11-02..2026-11-05");
    },
    says: /raw@2026-11-02..2026-11-03 were made meanwhile/,
  },
  {
    name: "what it reads was made again and came out the same",
    request: cleanedOf("2026-11-01..2026-11-03"),
    before: rawMade,
    meanwhile: (at) => at.make("raw", "2026-11-02"),
    says: undefined,
  },
  {
    name: "partitions beside those it makes and reads were made",
    request: cleanedOf("2026-11-01..2026-11-03"),
    before: rawMade,
    meanwhile: async (at) => {
      await at.change();
      await at.make("raw or cleaned", "2026-11-04..2026-11-05");
    },
    says: undefined,
  },
  {
    name: "another asset's run",
    request: cleanedOf("2026-11-01..2026-11-03"),
    before: rawMade,
    meanwhile: (at) => at.make("other", "2026-11-01..2026-11-07"),
    says: undefined,
  },
  {
    name: "a planned partition failed meanwhile",
    request: { select: "raw", partitions: text("2026-11-01..2026-11-03") },
    meanwhile: async (at) => {
      await at.breakRaw(true);
      await at.make("raw", "2026-11-03");
    },
    says: /raw@2026-11-03 was tried and failed meanwhile/,
  },
  {
    name: "one more partition is among the failed",
    request: { select: "raw", partitions: { kind: "failed", within: "2026-10-01..2026-10-07" } },
    before: async (at) => {
      await at.breakRaw(true);
      await at.make("raw", "2026-10-03");
    },
    meanwhile: (at) => at.make("raw", "2026-10-05"),
    says: /it would also make raw@2026-10-05 \(failed last time\)/,
  },
  {
    name: "one of the missing ones is no longer missing",
    request: { select: "raw", partitions: { kind: "missing", within: "2026-10-20..2026-10-23" } },
    before: (at) => at.make("raw", "2026-10-20..2026-10-21"),
    meanwhile: (at) => at.make("raw", "2026-10-22"),
    says: /raw@2026-10-22 was made meanwhile; it would no longer make raw@2026-10-22/,
  },
  {
    name: "a source was observed and has changed",
    request: { select: "raw", partitions: text("2026-11-01") },
    before: (at) => at.make("till", "all"),
    meanwhile: async (at) => {
      await at.change();
      await at.make("till", "all");
    },
    says: /till was observed meanwhile/,
  },
  {
    name: "a source was observed and is as it was",
    request: { select: "raw", partitions: text("2026-11-01") },
    before: (at) => at.make("till", "all"),
    meanwhile: (at) => at.make("till", "all"),
    says: undefined,
  },
  {
    name: "the definitions were deployed anew",
    request: { select: "raw", partitions: text("2026-11-01") },
    meanwhile: async (at) => {
      await writeFile(
        at.instance.project.file("iroko.config.ts"),
        definitions.replace("z.object({ n: z.int() })", "z.object({ n: z.int().min(0) })"),
      );
      await at.instance.deploy();
    },
    says: /the definitions have changed \(cleaned, other, raw\)/,
  },
];

for (const { name, request, before, meanwhile, says } of cases) {
  test(`${says === undefined ? "a plan stands" : "a plan is out of date"}: ${name}`, async () => {
    await before?.(at);
    const id = await at.keep(request);
    await meanwhile(at);
    await at.breakRaw(false);
    const runs = await runCount();
    if (says === undefined) {
      await requireApplicable(db, id);
      const { run } = await applyPlan(db, id, "cli");
      assert.equal(await runCount(), runs + 1);
      await at.instance.ended(run);
      return;
    }
    const error = await refused(applyPlan(db, id, "cli"));
    assert.equal(error.code, "PLAN_OUT_OF_DATE");
    assert.match(error.message, says);
    assert.match(error.hint, /iroko plan --select (raw|cleaned) --/);
    assert.equal(await runCount(), runs, "nothing was submitted");
    assert.equal((await refused(requireApplicable(db, id))).code, "PLAN_OUT_OF_DATE", "it stays out of date");
  });
}
