/**
 * What is true of every route, tried on each that the contract has: one that is added is tried, too. What every change needs
 * of its body, its caller and its origin is tried on each in auth-limits and auth-routes.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { apiRoot, openClient, operationsByName, pathNames, type Operation } from "@iroko/core/client";
import { evaluateSchedules, listAudit } from "@iroko/core/engine";
import { bearer, origin, peopleOf, publicServer, type PublicServer } from "./public-server.ts";
import { now, sample, type ErrorBody, type Sample } from "./sample.ts";

const module = `
  import { z } from "zod";
  import { asset, daily, define, dynamic, externalAsset, job, retryPolicy, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const schema = z.object({ n: z.int() });
  const check = (name) => ({ name, kind: "own", severity: "warn", blocking: false, columns: [], history: 0, run: () => Promise.resolve({ passed: false }) });
  export const till = externalAsset({ key: "till", observe: (ctx) => ctx.partitions.map((partition) => ({ partition, dataVersion: "1" })) });
  export const sales = asset({
    key: "sales", partitions: daily({ start: "2026-11-01", timezone: "Africa/Lagos" }), schema, output: jsonLines("sales"),
    checks: [check("one"), check("two")], pools: ["bank", "till"], retry: retryPolicy({ maxRetries: 0 }),
    materialize(ctx) { console.log(ctx.partition.key); console.error("once more"); return [{ n: 1 }]; },
  });
  export const tenants = asset({ key: "tenants", partitions: dynamic("tenants"), schema, output: jsonLines("tenants"), materialize: () => [] });
  const all = job({ key: "all", select: "sales" });
  const at = (key, cron) => schedule({ key, job: all, cron, timezone: "Africa/Lagos" });
  export default define({ assets: [till, sales, tenants], jobs: [all], schedules: [at("nightly", "0 2 * * *"), at("hourly", "0 * * * *")] });
`;

/** What stands in the paths of operations. */
const names: Readonly<Record<string, string>> = { key: "sales", n: "0", location: "test", name: "tenants" };
const queries: Readonly<Record<string, string>> = {
  "assets.versions": "partition=2026-11-01",
  "configs.list": "select=*",
};

/** Reads that are one thing however much there is; every other read is a list, and pages. */
const ofOneThing = new Set([
  "home.get",
  "home.stale",
  "instance.get",
  "instance.database",
  "instance.health",
  "instance.openapi",
  "instance.store",
  "lineage.get",
  "assets.get",
  "assets.staleness",
  "assets.explain",
  "assets.grid",
  "assets.standing",
  "assets.columns",
  "assets.series",
  "assets.outlook",
  "runs.get",
  "runs.groups",
  "runs.step",
  "session.get",
]);
/** Lists of which this instance has one item at most, or none for who asks. */
const short = new Set(["instance.locations", "instance.queues", "configs.list", "runs.attempts", "session.list"]);
/** It tells the clocks as they are. */
const everNew = new Set(["instance.health"]);

let at: Sample;
let front: PublicServer;
let tokens: Awaited<ReturnType<typeof peopleOf>>;
let run: string;
before(async () => {
  at = await sample({ module, worker: false });
  const { db } = at.instance;
  tokens = await peopleOf(db);
  front = await publicServer(db, { now: () => now });
  const client = openClient({ url: at.url });
  await client.dynamicPartitions.add({ name: "tenants", keys: ["ada", "bola"] });
  // From what has happened on: a clock that is behind that asks for nothing.
  for (const hours of [1, 26, 51]) await evaluateSchedules({ db, now: () => Temporal.Now.instant().add({ hours }) });
  const worker = await at.instance.startWorker();
  for (const force of [false, true]) {
    ({ run } = await client.runs.submit({ select: "sales", partitions: "2026-11-01..2026-11-02", force }));
    await at.instance.ended(run);
  }
  await worker.drain(0);
});
after(async () => {
  await front[Symbol.asyncDispose]();
  await at[Symbol.asyncDispose]();
});

const named = [...operationsByName()];
const reads = named.filter(([, { method, content }]) => method === "GET" && content === undefined);

function pathOf(name: string, operation: Operation): string {
  const valueOf = (field: string): string =>
    field === "id" ? run : field === "key" && name.startsWith("schedules.") ? "nightly" : names[field]!;
  return pathNames(operation).reduce(
    (path, field) => path.replace(`{${field}}`, encodeURIComponent(valueOf(field))),
    apiRoot + operation.path,
  );
}

async function get(name: string, operation: Operation, query: Record<string, string> = {}, headers = {}) {
  const search = new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(queries[name])), ...query });
  return fetch(`${at.url}${pathOf(name, operation)}${search.size === 0 ? "" : `?${search.toString()}`}`, { headers });
}

for (const [name, operation] of reads) {
  test(`${name} has an ETag, and is not sent again to whoever has it`, async () => {
    const first = await get(name, operation);
    assert.equal(first.status, 200, await first.clone().text());
    const tag = first.headers.get("etag") ?? "";
    assert.match(tag, /^(?:W\/)?"[0-9a-f]{40}"$/);
    assert.equal(first.headers.get("cache-control"), "no-cache");
    if (everNew.has(name)) return;
    const again = await get(name, operation, {}, { "if-none-match": tag });
    assert.deepEqual([again.status, await again.text()], [304, ""]);
  });

  test(`${name} is of one thing, or pages by cursor, without a gap and without an end that is none`, async () => {
    assert.equal(operation.page === undefined, ofOneThing.has(name), "it is a list, or named as one thing");
    if (operation.page === undefined) return;
    const page = async (query: Record<string, string>) => {
      const answer = await get(name, operation, query);
      const text = await answer.text();
      assert.equal(answer.status, 200, text);
      return JSON.parse(text) as { readonly items: readonly unknown[]; readonly cursor: string | null };
    };
    const whole = await page({ limit: "5" });
    assert.ok(whole.items.length >= (short.has(name) ? 0 : 2), `${whole.items.length} items`);
    const walked: unknown[] = [];
    for (let after: string | null = ""; after !== null && walked.length < whole.items.length;) {
      const { items, cursor } = await page({ limit: "1", ...(after === "" ? {} : { after }) });
      assert.ok(items.length <= 1);
      walked.push(...items);
      after = cursor;
      if (after === null) assert.equal(walked.length, whole.items.length, "nothing comes after the last page");
    }
    assert.deepEqual(walked, whole.items);
    for (const limit of ["0", `${operation.page.most + 1}`, "x"]) {
      const { status } = await get(name, operation, { limit });
      assert.equal(status, 400, limit);
    }
  });
}

for (const [name, operation] of named.filter(([, { method }]) => method !== "GET")) {
  test(`${name} is told in the audit, by its name, with who, from where and the outcome`, async () => {
    const { status, body } = await front.ask(operation.method, pathOf(name, operation), {
      headers: { ...bearer(tokens.admin), origin },
      body: '{"never":1}',
      address: "192.0.2.9",
    });
    assert.ok(status >= 400 && status < 500, `${status} ${body}`);
    const [row] = await listAudit(at.instance.db, 1);
    const { code } = (JSON.parse(body) as ErrorBody).error;
    assert.deepEqual(
      [row!.operation, row!.actorKind, row!.actor, row!.via, row!.address, row!.outcome],
      [name, "token", "admin", "token", "192.0.2.9", code],
    );
  });
}
