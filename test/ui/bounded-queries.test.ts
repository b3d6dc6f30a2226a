/** What a request asks of Postgres: so many statements, however many assets, partitions and steps there are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { apiRoot, openClient, operationsByName, pathNames, type Operation } from "@iroko/core/client";
import { startServer } from "@iroko/ui";
import { testInstance } from "../support/test-instance.ts";

/** At most so many statements. */
const most: Readonly<Record<string, number>> = {
  "home.get": 12,
  "home.stale": 6,
  "instance.health": 3,
  "instance.openapi": 0,
  "instance.get": 2,
  "instance.locations": 1,
  "instance.pools": 2,
  "instance.queues": 1,
  "instance.store": 1,
  "instance.database": 1,
  "lineage.get": 4,
  "assets.list": 3,
  "assets.counts": 6,
  "assets.get": 3,
  "assets.staleness": 4,
  "assets.explain": 14,
  "assets.grid": 6,
  "assets.outlook": 9,
  "assets.columns": 1,
  "assets.series": 2,
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
  "session.list": 0,
  "users.list": 1,
  "tokens.list": 1,
  "audit.list": 1,
  // Changes, with what tells the audit of them.
  "plans.create": 12,
  "runs.submit": 13,
  "runs.cancel": 10,
  "runs.retry": 14,
  "schedules.pause": 4,
  "schedules.resume": 4,
  "plans.apply": 16,
  "users.add": 6,
  "users.setRole": 6,
  "users.setPassword": 6,
  "users.remove": 6,
  "tokens.create": 6,
  "tokens.revoke": 6,
  "instance.setPool": 4,
  "runs.observe": 5,
  "dynamicPartitions.add": 5,
  "dynamicPartitions.remove": 6,
};
/** Of one thing each, and tried where there is what they need. */
const elsewhere: Readonly<Record<string, string>> = {
  "assets.rollback": "a store with versions",
  "assets.rows": "a store with data",
  "session.setPassword": "somebody who has signed in",
  "session.endAll": "somebody who has signed in",
  events: "a reader that stays: all share what is read, as the stream's own tests have it",
};

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

interface Sizes {
  readonly run: string;
  readonly size: number;
}

function pathOf(name: string, operation: Operation, { run, size }: Sizes): string {
  const values: Readonly<Record<string, string>> = {
    id: run,
    key: name.startsWith("schedules.") ? "s0" : `a${size - 1}`,
    n: "0",
    location: "test",
    name: "tenants",
  };
  const query = { "assets.versions": "?partition=2026-11-01", "configs.list": "?select=a0&location=test" }[name] ?? "";
  return (
    pathNames(operation).reduce((text, field) => text.replace(`{${field}}`, values[field]!), operation.path) + query
  );
}

const isRead = ({ method, content }: Operation): boolean => method === "GET" && content === undefined;

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
    const found = new Map<string, number>();
    for (const [name, operation] of operationsByName()) {
      if (!isRead(operation)) continue;
      const answer = await fetch(server.url + apiRoot + pathOf(name, operation, { run, size }));
      assert.equal(answer.status, 200, `${name}: ${await answer.text()}`);
      found.set(name, statementsOf(answer));
    }
    const change = async (name: string, path: string, body: object): Promise<{ readonly id?: string }> => {
      const answer = await fetch(server.url + apiRoot + path, {
        method: "POST",
        headers: { origin: server.url, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      assert.ok(answer.ok, `${name}: ${text}`);
      found.set(name, statementsOf(answer));
      return JSON.parse(text) as { readonly id?: string };
    };
    const plan = await change("plans.create", "/plans", { select: "key:a*", partitions: "2026-11-02" });
    await change("plans.apply", `/plans/${plan.id}/apply`, {});
    await change("runs.submit", "/runs", { select: "key:a*", partitions: "2026-11-03" });
    await change("runs.cancel", `/runs/${run}/cancel`, {});
    await change("runs.retry", `/runs/${run}/retry`, {});
    await change("schedules.pause", "/schedules/test/s0/pause", {});
    await change("schedules.resume", "/schedules/test/s0/resume", {});
    await change("instance.setPool", "/pools/bank", { slots: 2 });
    await change("runs.observe", "/observations", { select: "key:a*" });
    await change("dynamicPartitions.add", "/dynamic-partitions/tenants/add", { keys: range(size) });
    await change("dynamicPartitions.remove", "/dynamic-partitions/tenants/remove", { keys: range(size) });
    await change("users.add", "/users", { name: "ada", role: "viewer", password: "correct horse battery" });
    await change("users.setRole", "/users/ada/role", { role: "operator" });
    await change("users.setPassword", "/users/ada/password", { password: "another horse battery" });
    await change("users.remove", "/users/ada/remove", {});
    const token = await change("tokens.create", "/tokens", { name: "ci", role: "viewer" });
    await change("tokens.revoke", `/tokens/${token.id}/revoke`, {});
    return found;
  } finally {
    await server.close();
  }
}

test("an answer takes so many statements, the same for 1, 10 and 100 assets, steps and schedules", async () => {
  const [one, ten, hundred] = [await counts(1), await counts(10), await counts(100)];
  assert.deepEqual([...hundred.keys()].toSorted(), Object.keys(most).toSorted(), "each was tried");
  for (const [name, count] of hundred) {
    assert.ok(count <= most[name]!, `${name} takes ${count} statements`);
    // Only of steps that may start it is asked which workers there are.
    const varies = name === "assets.explain" ? 2 : 0;
    assert.ok(Math.abs(ten.get(name)! - count) <= varies, `${name} takes ${ten.get(name)}, or ${count}`);
    // One step alone has no arrows to be inserted.
    assert.ok(count - one.get(name)! <= (/^(runs.submit|plans.apply)$/.test(name) ? 1 : varies), name);
  }
});

test("every route of the contract is in the table", () => {
  assert.deepEqual([...operationsByName().keys()].toSorted(), Object.keys({ ...most, ...elsewhere }).toSorted());
});

test("a route gives up when a statement takes too long, whichever it is, and answers as soon as the database does", async () => {
  await using instance = await testInstance({ "iroko.config.ts": moduleOf(3) });
  await instance.deploy();
  const now = Temporal.Instant.from("2026-11-06T10:00:00Z");
  const run = await instance.submit({ select: "key:a*", partitions: { kind: "text", text: "2026-11-01" } }, now);
  const server = await startServer({
    instance: { db: instance.db },
    port: 0,
    now: () => now,
    checkAnswers: true,
    statementTimeoutSeconds: 0.3,
  });
  const locked = await instance.db.session();
  try {
    const reads = [...operationsByName()].filter(([, operation]) => isRead(operation));
    const ask = async ([name, operation]: (typeof reads)[number]) =>
      [name, await fetch(server.url + apiRoot + pathOf(name, operation, { run, size: 3 }))] as const;
    const { rows } = await locked.query<{ tables: string }>(
      "select string_agg(format('iroko.%I', tablename), ', ') as tables from pg_tables where schemaname = 'iroko'",
    );
    await locked.query(`begin; lock table ${rows[0]!.tables} in access exclusive mode`);
    const answers = await Promise.all(reads.map(ask));
    const refused = answers.filter(([, { status }]) => status !== 200);
    for (const [name, answer] of refused) {
      const { error } = (await answer.json()) as { readonly error: { readonly code: string } };
      // Whoever finds no free connection meanwhile is told that.
      assert.match(error.code, /^(QUERY_TIMEOUT|DATABASE_UNREACHABLE)$/, name);
    }
    // But for those that read none of its tables.
    assert.ok(refused.length >= reads.length - 5, `${refused.length} of ${reads.length}`);
    await locked.query("rollback");
    for (const [name, answer] of await Promise.all(reads.map(ask))) {
      assert.equal(answer.status, 200, `${name}: ${await answer.text()}`);
    }
  } finally {
    await locked.end();
    await server.close();
  }
});
