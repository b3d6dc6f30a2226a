/** The API over a real instance: what it tells, what it changes, how it refuses. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { waitFor } from "../support/wait-for.ts";
import { json, now, sample, type ErrorBody, type Sample } from "./sample.ts";

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

const refused = async (answer: Response): Promise<readonly [number, string]> => {
  const { error } = await json<ErrorBody>(answer);
  assert.ok(error.message.length > 10 && (error.hint ?? "").length > 3, JSON.stringify(error));
  return [answer.status, error.code];
};

test("assets come upstream first, each with its status in ranges", async () => {
  const { items: assets } = await json<{
    items: { key: string; upstream: string[]; status: { health: string; sentence: string; partitions: unknown } }[];
  }>(await at.get("/api/v1/assets"));
  assert.deepEqual(assets.map(({ key }) => key).toSorted(), ["cleaned_sales", "raw_sales", "shop/till", "slow"]);
  const cleaned = assets.find(({ key }) => key === "cleaned_sales")!;
  assert.ok(assets.indexOf(cleaned) > assets.findIndex(({ key }) => key === "raw_sales"));
  assert.deepEqual(cleaned.upstream, ["raw_sales"]);
  assert.deepEqual(cleaned.status.partitions, {
    exists: "2026-11-01..2026-11-05",
    made: "2026-11-01, 2026-11-03",
    missing: "2026-11-02, 2026-11-04..2026-11-05",
    failed: "2026-11-02",
    running: null,
  });
  assert.equal(cleaned.status.health, "failed");
  assert.match(cleaned.status.sentence, /^3 of 5 partitions are missing: .*; the last try failed: 2026-11-02\.$/);
});

test("an asset is found by a key with a slash; one that is not there is told with the nearest", async () => {
  const { key, kind } = await json<{ key: string; kind: string }>(await at.get("/api/v1/assets/shop%2Ftill"));
  assert.deepEqual([key, kind], ["shop/till", "external"]);
  const answer = await at.get("/api/v1/assets/raw_sale");
  const { error } = await json<ErrorBody>(answer);
  assert.deepEqual([answer.status, error.code, error.hint], [404, "ASSET_NOT_FOUND", 'Did you mean "raw_sales"?']);
});

test("partitions are paged by a cursor, newest first", async () => {
  interface Page {
    readonly items: readonly { readonly key: string; readonly lastStatus: string }[];
    readonly cursor: string | null;
  }
  const keys: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const after: string = cursor === "" ? "" : `&after=${encodeURIComponent(cursor)}`;
    const page: Page = await json<Page>(await at.get(`/api/v1/assets/raw_sales/partitions?limit=2${after}`));
    keys.push(...page.items.map(({ key }) => key));
    cursor = page.cursor;
  }
  assert.deepEqual(keys, ["2026-11-03", "2026-11-02", "2026-11-01"]);
});

test("a run is told with its progress, its steps and what they printed", async () => {
  const record = await json<{ status: string; failed: number }>(await at.get(`/api/v1/runs/${run}`));
  assert.deepEqual([record.status, record.failed], ["failed", 1]);
  const { items: steps, cursor } = await json<{
    items: { n: number; name: string; status: string; partitions: string; error: { code: string } | null }[];
    cursor: string | null;
  }>(await at.get(`/api/v1/runs/${run}/steps?limit=2`));
  assert.deepEqual([steps.length, cursor], [2, String(steps[1]?.n)]);
  const failed = await json<{ items: { n: number; partitions: string; error: { code: string } }[] }>(
    await at.get(`/api/v1/runs/${run}/steps?status=failed`),
  );
  assert.deepEqual(
    failed.items.map((step) => [step.partitions, step.error.code]),
    [["2026-11-02", "USER_CODE"]],
  );
  const { items: logs } = await json<{ items: { stream: string; body: string }[] }>(
    await at.get(`/api/v1/runs/${run}/logs?step=${steps[0]!.n}`),
  );
  assert.match(
    logs
      .filter(({ stream }) => stream === "stdout")
      .map(({ body }) => body)
      .join(""),
    /^reading 2026-11-01 <script>/,
  );
  assert.match(
    logs
      .filter(({ stream }) => stream === "stderr")
      .map(({ body }) => body)
      .join(""),
    /a warning/,
  );
  const { items: materializations } = await json<{ items: { asset: string; partition: string }[] }>(
    await at.get(`/api/v1/runs/${run}/materializations`),
  );
  assert.equal(materializations.length, 5);
});

test("a plan is told without anything being started; the same body submits it", async () => {
  const body = { select: "raw_sales", partitions: "missing" };
  const count = async (): Promise<number> =>
    (await json<{ items: unknown[] }>(await at.get("/api/v1/runs"))).items.length;
  const before = await count();
  const { plan } = await json<{ plan: { steps: number; assets: { partitions: string }[] } }>(
    await at.post("/api/v1/plans", body),
  );
  assert.deepEqual([plan.steps, plan.assets.map(({ partitions }) => partitions)], [2, ["2026-11-04..2026-11-05"]]);
  assert.equal(await count(), before);
  const answer = await at.post("/api/v1/runs", body);
  assert.equal(answer.status, 201);
  const { run: made } = await json<{ run: string }>(answer);
  const { status, succeeded } = await at.instance.ended(made);
  assert.deepEqual([status, succeeded], ["succeeded", 2]);
});

test("runs are listed by what they are about, who asked for them, and when", async () => {
  const ids = async (query: string) =>
    (await json<{ items: { id: string }[] }>(await at.get(`/api/v1/runs?${query}`))).items.map(({ id }) => id);
  const all = await ids("");
  const raw = await ids("asset=raw_sales");
  assert.ok(raw.length > 0 && raw.every((id) => all.includes(id)));
  assert.deepEqual(await ids("asset=slow"), [], "which has not run yet");
  assert.deepEqual(await ids("asset=raw_sales&limit=1"), raw.slice(0, 1));
  assert.deepEqual(await ids("by=schedule"), []);
  assert.deepEqual(await ids("since=2026-11-01T00:00:00%2B01:00"), all);
  assert.deepEqual(await ids("until=2026-11-01T00:00:00Z"), []);
  assert.deepEqual(await refused(await at.get("/api/v1/runs?since=yesterday")), [400, "REQUEST_INVALID"]);
  const unknown = await at.get("/api/v1/runs?asset=raw_sale");
  assert.match(await unknown.text(), /Did you mean \\?"raw_sales/);
  assert.equal(unknown.status, 404);
});

test("what cannot be planned is refused before anything is started", async () => {
  assert.deepEqual(await refused(await at.post("/api/v1/runs", { select: "raw_sale", partitions: "missing" })), [
    404,
    "ASSET_NOT_FOUND",
  ]);
  assert.deepEqual(await refused(await at.post("/api/v1/runs", { select: "group:nothing" })), [400, "SELECTION_EMPTY"]);
  assert.deepEqual(await refused(await at.post("/api/v1/runs", { select: "raw_sales", partitions: "2026-11-06" })), [
    400,
    "PARTITION_OPEN",
  ]);
  assert.deepEqual(await refused(await at.post("/api/v1/runs", { select: "raw_sales" })), [
    400,
    "PARTITION_UNSPECIFIED",
  ]);
  assert.deepEqual(
    await refused(await at.post("/api/v1/runs", { select: "raw_sales", partitions: "'; drop table iroko.run; --" })),
    [400, "PARTITION_FORMAT"],
  );
  assert.deepEqual(await refused(await at.post("/api/v1/runs", { select: "slow", location: "elsewhere" })), [
    404,
    "LOCATION_NOT_FOUND",
  ]);
});

test("a running run is canceled, one that has ended is not, and what failed is retried", async () => {
  const { run: slow } = await json<{ run: string }>(await at.post("/api/v1/runs", { select: "slow", force: true }));
  await waitFor("the step to run", async () => {
    const { running } = await json<{ running: number }>(await at.get(`/api/v1/runs/${slow}`));
    return running === 1;
  });
  assert.deepEqual(await refused(await at.post(`/api/v1/runs/${slow}/retry`)), [409, "RUN_NOT_ENDED"]);
  assert.equal((await at.post(`/api/v1/runs/${slow}/cancel`, { reason: "a test" })).status, 200);
  assert.equal((await at.instance.ended(slow)).status, "canceled");
  assert.deepEqual(await refused(await at.post(`/api/v1/runs/${slow}/cancel`)), [409, "RUN_ENDED"]);
  await at.instance.project.write("go", "");
  const answer = await at.post(`/api/v1/runs/${slow}/retry`);
  assert.equal(answer.status, 201);
  const { run: again } = await json<{ run: string }>(answer);
  assert.equal((await at.instance.ended(again)).status, "succeeded");
  assert.deepEqual(await refused(await at.post(`/api/v1/runs/${again}/retry`)), [409, "RUN_SUCCEEDED"]);
  const some = { fromStart: true, select: "slow" };
  const { run: third } = await json<{ run: string }>(await at.post(`/api/v1/runs/${again}/retry`, some));
  assert.equal((await at.instance.ended(third)).status, "succeeded");
  for (const [select, ...why] of [
    ["slo", 404, "ASSET_NOT_FOUND"],
    ["slow and", 400, "SELECTION_SYNTAX"],
    ["raw_sales", 400, "RETRY_SELECTION"],
  ] as const)
    assert.deepEqual(await refused(await at.post(`/api/v1/runs/${again}/retry`, { ...some, select })), why);
});

test("a run says how it is to run: before which others, and how much of it at once", async () => {
  const how = { priority: 5, maxConcurrency: 2 };
  const { run } = await json<{ run: string }>(await at.post("/api/v1/runs", { select: "slow", force: true, ...how }));
  const { priority, maxConcurrency } = await json<typeof how>(await at.get(`/api/v1/runs/${run}`));
  assert.deepEqual({ priority, maxConcurrency }, how);
  assert.deepEqual(await refused(await at.post("/api/v1/runs", { select: "slow", maxConcurrency: 0 })), [
    400,
    "REQUEST_INVALID",
  ]);
  await at.instance.ended(run);
});

test("a schedule tells its next ticks and what they ask for; paused, it has none, until it is resumed", async () => {
  interface Schedules {
    readonly items: readonly {
      readonly paused: boolean;
      readonly next: readonly { readonly at: string; readonly partitions: string }[];
    }[];
  }
  const read = async () => (await json<Schedules>(await at.get("/api/v1/schedules?ticks=2"))).items[0]!;
  assert.deepEqual(
    (await read()).next.map(({ at, partitions }) => [at, partitions]),
    [
      ["2026-11-07T01:00:00Z", "2026-11-06"],
      ["2026-11-08T01:00:00Z", "2026-11-07"],
    ],
  );
  assert.equal((await at.post("/api/v1/schedules/test/nightly/pause")).status, 200);
  assert.deepEqual([(await read()).paused, (await read()).next], [true, []]);
  assert.equal((await at.post("/api/v1/schedules/test/nightly/resume")).status, 200);
  assert.equal((await read()).next.length, 2);
  assert.deepEqual(await refused(await at.post("/api/v1/schedules/test/nightl/pause")), [404, "SCHEDULE_NOT_FOUND"]);
});

test("runs are paged, filtered and counted by a strict query", async () => {
  const first = await json<{ items: { id: string }[]; cursor: string }>(await at.get("/api/v1/runs?limit=1"));
  const next = await json<{ items: { id: string }[] }>(await at.get(`/api/v1/runs?limit=1&after=${first.cursor}`));
  assert.notEqual(first.items[0]!.id, next.items[0]!.id);
  const failed = await json<{ items: { id: string }[] }>(await at.get("/api/v1/runs?status=failed"));
  assert.deepEqual(
    failed.items.map(({ id }) => id),
    [run],
  );
  assert.deepEqual(await refused(await at.get("/api/v1/runs?limit=0")), [400, "REQUEST_INVALID"]);
  assert.deepEqual(await refused(await at.get("/api/v1/runs?unknown=1")), [400, "REQUEST_INVALID"]);
  assert.deepEqual(await refused(await at.get("/api/v1/runs?after=x")), [400, "REQUEST_INVALID"]);
});

test("what is not there is a 404 that says what is", async () => {
  assert.deepEqual(await refused(await at.get("/api/v1/nothing")), [404, "NOT_FOUND"]);
  assert.deepEqual(await refused(await at.get("/api/v1/runs/01a1fcb6-6e98-7530-869b-e3e5d512bb64")), [
    404,
    "RUN_NOT_FOUND",
  ]);
  assert.deepEqual(await refused(await at.get("/api/v1/runs/..%2f..%2fetc%2fpasswd")), [404, "RUN_NOT_FOUND"]);
  assert.deepEqual(await refused(await at.get(`/api/v1/runs/${run}%27%20or%201=1`)), [404, "RUN_NOT_FOUND"]);
});

test("health names the code locations and who works for them", async () => {
  const { status, locations, workers } = await json<{
    status: string;
    locations: { name: string; version: number }[];
    workers: { alive: boolean; slots: number }[];
  }>(await at.get("/api/v1/health"));
  assert.deepEqual([status, locations.map(({ name, version }) => [name, version])], ["ok", [["test", 1]]]);
  assert.deepEqual(
    workers.map(({ alive }) => alive),
    [true],
  );
});

test("a plan is kept under its id and applied once; what has moved meanwhile is told with 409", async () => {
  interface Kept {
    readonly id: string;
    readonly plan: {
      readonly assets: readonly { readonly estimate: { readonly rows: number; readonly from: string } }[];
    };
  }
  const body = { select: "raw_sales", partitions: "2026-11-01..2026-11-02", order: "newest" };
  const kept = await json<Kept>(await at.post("/api/v1/plans", body));
  const other = await json<Kept>(await at.post("/api/v1/plans", body));
  assert.match(kept.plan.assets[0]!.estimate.from, /^median of its last \d partitions$/);
  assert.equal(kept.plan.assets[0]!.estimate.rows, 2);
  const applied = await at.post(`/api/v1/plans/${kept.id}/apply`);
  assert.equal(applied.status, 201);
  assert.equal((await at.instance.ended((await json<{ run: string }>(applied)).run)).status, "succeeded");
  assert.deepEqual(await refused(await at.post(`/api/v1/plans/${kept.id}/apply`)), [409, "PLAN_SPENT"]);
  assert.deepEqual(await refused(await at.post(`/api/v1/plans/${other.id}/apply`)), [409, "PLAN_OUT_OF_DATE"]);
  assert.deepEqual(await refused(await at.post("/api/v1/plans/zzzzzzzz/apply")), [404, "PLAN_UNKNOWN"]);
});

test("an asset's partitions are explained: what failed, what waits for a plan, and what has moved since", async () => {
  const { groups } = await json<{
    groups: { status: string; because: { code: string; error?: { code: string } }[] }[];
  }>(await at.get("/api/v1/assets/cleaned_sales/explain?partitions=2026-11-02"));
  assert.deepEqual(
    groups.map(({ status, because }) => [status, because[0]?.code, because[0]?.error?.code]),
    [["failed", "STEP_FAILED", "USER_CODE"]],
  );
  const whole = async (): Promise<string> => (await at.get("/api/v1/assets/cleaned_sales/explain")).text();
  assert.match(await whole(), /cleaned_sales@2026-11-02 failed at .*no amount/s);
  const { id } = await json<{ id: string }>(
    await at.post("/api/v1/plans", { select: "raw_sales or cleaned_sales", partitions: "2026-11-02..2026-11-04" }),
  );
  assert.match(await whole(), new RegExp(`plan ${id} of .* nobody has applied it.*iroko apply ${id}`, "s"));
  const partitions = { kind: "text", text: "2026-11-02" } as const;
  await at.instance.ended(await at.instance.submit({ select: "raw_sales", partitions }, now));
  assert.match(await whole(), new RegExp(`plan ${id} of .* is out of date.*Make a new one: iroko plan`, "s"));
  assert.deepEqual(await refused(await at.get("/api/v1/assets/cleaned_sale/explain")), [404, "ASSET_NOT_FOUND"]);
});
