/** The contract, the server, its documentation and the client say the same. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { apiRoot, operationsByName, pathNames, roles } from "@iroko/core/client";
import { makeApp } from "../../packages/ui/src/app.ts";
import { json, sample, type ErrorBody, type Sample } from "./sample.ts";

let at: Sample;
before(async () => {
  at = await sample({ worker: false });
});
after(() => at[Symbol.asyncDispose]());

/** What everybody may change: what is its own. */
const ofOnesOwn = /^(?:tokens|session)\./;

const named = [...operationsByName()];

test("every operation has one route, and every route under /api/v1 is an operation's", () => {
  const { db } = at.instance;
  const routes = makeApp({ db, now: () => Temporal.Now.instant() }).routes.filter(
    ({ path, method }) => path.startsWith(`${apiRoot}/`) && method !== "ALL",
  );
  const ofServer = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  const ofContract = named.map(([, { method, path }]) => `${method} ${apiRoot}${path.replaceAll(/\{(\w+)\}/g, ":$1")}`);
  assert.equal(new Set(ofContract).size, ofContract.length, "no two operations have one route");
  assert.deepEqual([...ofServer].toSorted(), ofContract.toSorted());
});

test("every operation has a role, a sentence and an input that names what is in its path", () => {
  for (const [name, operation] of named) {
    assert.ok(roles.includes(operation.role), name);
    assert.match(operation.summary, /^[A-Z].{5,}$/s, name);
    const fields = Object.keys((operation.input as unknown as { readonly shape: object }).shape);
    for (const inPath of pathNames(operation)) assert.ok(fields.includes(inPath), `${name}: ${inPath}`);
    assert.equal(
      operation.input.safeParse({ never: 1 }).success,
      false,
      `${name} takes no field that it does not know`,
    );
    assert.ok(operation.method === "GET" || operation.role !== "viewer" || ofOnesOwn.test(name), name);
  }
});

test("the OpenAPI document is valid, and has every operation", async () => {
  interface Document {
    readonly paths: Readonly<Record<string, Readonly<Record<string, { operationId: string; "x-role": string }>>>>;
  }
  const document = await json<Document>(await at.get("/api/v1/openapi.json"));
  const { valid, errors } = await new Validator().validate(document as never);
  assert.ok(valid, JSON.stringify(errors));
  const told = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { operationId, "x-role": role }]) => `${operationId} ${method.toUpperCase()} ${path} ${role}`,
    ),
  );
  assert.deepEqual(
    told.toSorted(),
    named.map(([name, { method, path, role }]) => `${name} ${method} ${path} ${role}`).toSorted(),
  );
});

test("the page of the API has a link and a command for each operation, and no script", async () => {
  const text = await (await at.get("/api")).text();
  for (const [name, { method }] of named) {
    assert.ok(text.includes(`<section id="${name}">`) && text.includes(`href="#${name}"`), name);
    assert.ok(method === "GET" || text.includes(`curl --request ${method}`), name);
  }
  assert.doesNotMatch(text, /<script|<style|\sstyle=|\son[a-z]+=/i);
});

test("what is asked is read strictly: once, known, and where it belongs", async () => {
  const reads = [
    ["/runs?limit=1&limit=2", /names "limit" twice/],
    ["/runs?__proto__=1", /"__proto__"/],
    ["/runs?constructor=1", /constructor/],
    ["/runs?limit=", /limit/],
    ["/assets/raw_sales?key=slow", /names "key", which stands in the path/],
    ["/assets/raw_sales/checks?after=%5B1%5D", /after: it is no cursor of this list/],
    ["/runs?status=fine", /status/],
    [`/stream?after=1`, /after/],
    // Only digits are a number.
    ["/schedules?ticks=", /ticks: .*number/],
    ["/schedules?ticks=1e1", /ticks: .*number/],
  ] as const;
  for (const [path, says] of reads) {
    const answer = await at.get(apiRoot + path);
    const { error } = await json<ErrorBody>(answer);
    assert.deepEqual([answer.status, error.code], [400, "REQUEST_INVALID"], path);
    assert.match(error.message, says);
  }
  const changes = [
    ["/plans?select=slow", { select: "slow" }, /nothing in its address/],
    ["/schedules/test/nightly/pause", { key: "other" }, /names "key", which stands in the path/],
    ["/plans", { select: "slow", more: 1 }, /more/],
    ["/plans", [], /not a JSON object/],
  ] as const;
  for (const [path, body, says] of changes) {
    const answer = await at.post(apiRoot + path, body);
    const { error } = await json<ErrorBody>(answer);
    assert.deepEqual([answer.status, error.code], [400, "REQUEST_INVALID"], path);
    assert.match(error.message, says);
  }
});

test("what is read has an ETag, and is not sent again to whoever has it", async () => {
  const first = await at.get("/api/v1/assets");
  const tag = first.headers.get("etag") ?? "";
  // Weak where it is compressed on its way.
  assert.match(tag, /^(?:W\/)?"[0-9a-f]{40}"$/);
  assert.equal(first.headers.get("cache-control"), "no-cache");
  const again = (): Promise<Response> => fetch(`${at.url}/api/v1/assets`, { headers: { "if-none-match": tag } });
  const same = await again();
  assert.deepEqual([same.status, await same.text()], [304, ""]);
  await at.instance.db.query(
    "update iroko.location set snapshot = jsonb_set(snapshot, '{assets,0,group}', '\"moved\"'), version = 2",
  );
  assert.equal((await again()).status, 200);
});
