/** What a request asks of Postgres: so many statements, however many assets, partitions and steps there are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { apiRoot, openClient, operationsByName, pathNames } from "@iroko/core/client";
import { startServer } from "@iroko/ui";
import { testInstance } from "../support/test-instance.ts";

/** At most so many statements. An explanation follows causes and waiting steps, each to a depth that has an end. */
const most: Readonly<Record<string, number>> = {
  "home.get": 12,
  "instance.health": 3,
  "instance.openapi": 0,
  "instance.get": 2,
  "instance.locations": 1,
  "instance.pools": 2,
  "instance.queues": 1,
  "instance.store": 1,
  "lineage.get": 4,
  "assets.list": 3,
  "assets.counts": 6,
  "assets.get": 3,
  "assets.staleness": 4,
  "assets.explain": 130,
  "assets.grid": 6,
  "assets.outlook": 9,
  "assets.columns": 1,
  "assets.standing": 8,
  "assets.partitions": 2,
  "assets.versions": 2,
  "assets.checks": 2,
  "assets.events": 2,
  "configs.list": 2,
  "dynamicPartitions.list": 2,
  "runs.list": 1,
  "runs.get": 2,
  "runs.groups": 3,
  "runs.steps": 3,
  "runs.step": 3,
  "runs.attempts": 2,
  "runs.logs": 2,
  "runs.materializations": 3,
  "runs.failedChecks": 3,
  "runs.events": 3,
  "schedules.list": 4,
  "schedules.ticks": 2,
  // A page of previewed ticks is so many plans.
  "schedules.preview": 40,
  "session.get": 0,
  "users.list": 1,
  "tokens.list": 1,
  "audit.list": 1,
  // Changes, with what tells the audit of them.
  "session.list": 0,
  "plans.create": 12,
  "runs.submit": 13,
  "runs.cancel": 10,
  "runs.retry": 14,
  "schedules.pause": 4,
  "instance.setPool": 4,
  "runs.observe": 5,
  "dynamicPartitions.add": 5,
  "dynamicPartitions.remove": 6,
};
const goesDeeper = new Set(["assets.explain"]);

/** Each reads the one before it, has a schedule and a page of partitions. */
const moduleOf = (count: number): string => `
  import { z } from "zod";
  import { asset, daily, define, dynamic, job, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  const assets = [asset({ key: "tenants", partitions: dynamic("tenants"), materialize: () => {} })];
  let above;
  for (let n = 0; n < ${count}; n += 1) {
    above = asset({ key: "a" + n, partitions: days, schema, output: jsonLines("a" + n), deps: above ? { above } : {}, materialize: () => [] });
    assets.push(above);
  }
  const all = job({ key: "all", select: "a0" });
  export default define({
    assets, jobs: [all],
    schedules: Array.from({ length: ${count} }, (_, n) => schedule({ key: "s" + n, job: all, cron: "0 2 * * *", timezone: "Africa/Lagos" })),
  });
`;

const statementsOf = (answer: Response): number =>
  Number(/desc="(\d+) statements"/.exec(answer.headers.get("server-timing") ?? "")?.[1]);

const range = (size: number): readonly string[] => Array.from({ length: size }, (_, n) => `tenant-${n}`);

async function counts(size: number): Promise<ReadonlyMap<string, number>> {
  await using instance = await testInstance({ "iroko.config.ts": moduleOf(size) });
  await instance.deploy();
  const now = Temporal.Instant.from("2026-11-06T10:00:00Z");
  const run = await instance.submit({ select: "key:a*", partitions: { kind: "text", text: "2026-11-01" } }, now);
  const server = await startServer({ instance: { db: instance.db }, port: 0, now: () => now, checkAnswers: true });
  try {
    // The catalog is read once.
    await openClient({ url: server.url }).assets.list();
    const values: Readonly<Record<string, string>> = {
      id: run,
      key: `a${size - 1}`,
      n: "0",
      location: "test",
      name: "tenants",
    };
    const found = new Map<string, number>();
    for (const [name, operation] of operationsByName()) {
      if (operation.method !== "GET" || operation.content !== undefined || !(name in most)) continue;
      const query =
        { "assets.versions": "?partition=2026-11-01", "configs.list": "?select=a0&location=test" }[name] ?? "";
      const path = pathNames(operation).reduce(
        (text, field) =>
          text.replace(`{${field}}`, name.startsWith("schedules.") && field === "key" ? "s0" : values[field]!),
        operation.path,
      );
      const answer = await fetch(server.url + apiRoot + path + query);
      assert.equal(answer.status, 200, `${name}: ${await answer.text()}`);
      found.set(name, statementsOf(answer));
    }
    for (const [name, path, body] of [
      ["plans.create", "/plans", { select: "key:a*", partitions: "2026-11-02" }],
      ["runs.submit", "/runs", { select: "key:a*", partitions: "2026-11-02" }],
      ["runs.cancel", `/runs/${run}/cancel`, {}],
      ["runs.retry", `/runs/${run}/retry`, {}],
      ["schedules.pause", "/schedules/test/s0/pause", {}],
      ["instance.setPool", "/pools/bank", { slots: 2 }],
      ["runs.observe", "/observations", { select: "key:a*" }],
      ["dynamicPartitions.add", "/dynamic-partitions/tenants/add", { keys: range(size) }],
      ["dynamicPartitions.remove", "/dynamic-partitions/tenants/remove", { keys: range(size) }],
    ] as const) {
      const answer = await fetch(server.url + apiRoot + path, {
        method: "POST",
        headers: { origin: server.url, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      assert.ok(answer.ok, `${name}: ${await answer.text()}`);
      found.set(name, statementsOf(answer));
    }
    return found;
  } finally {
    await server.close();
  }
}

test("an answer takes so many statements, the same for 1, 10 and 100 assets, steps and schedules", async () => {
  const [one, ten, hundred] = [await counts(1), await counts(10), await counts(100)];
  for (const [name, count] of hundred) {
    assert.ok(count <= most[name]!, `${name} takes ${count} statements`);
    if (goesDeeper.has(name)) continue;
    assert.equal(ten.get(name), count, name);
    // One step alone has no arrows to be inserted.
    assert.ok(count - one.get(name)! <= (name === "runs.submit" ? 1 : 0), name);
  }
});

test("every read is in the table", () => {
  const reads = [...operationsByName()].filter(([, { method, content }]) => method === "GET" && content === undefined);
  assert.deepEqual(
    reads.map(([name]) => name).filter((name) => !(name in most)),
    [],
  );
});
