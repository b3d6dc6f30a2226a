/** A server for this machine's user alone: no other page, name, origin or content type gets through, on any route. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { IrokoError } from "@iroko/core";
import { startServer } from "@iroko/ui";
import { json, rawRequest, sample, type ErrorBody, type Sample } from "./sample.ts";

let at: Sample;
before(async () => {
  at = await sample({ worker: false });
});
after(() => at[Symbol.asyncDispose]());

const id = "01a1fcb6-6e98-7530-869b-e3e5d512bb64";
const changes = [
  "/api/v1/runs",
  "/api/v1/plans",
  `/api/v1/runs/${id}/cancel`,
  `/api/v1/runs/${id}/retry`,
  "/api/v1/schedules/test/nightly/pause",
  "/api/v1/schedules/test/nightly/resume",
  "/anything",
];
const reads = [
  "/",
  "/lineage",
  "/runs",
  "/schedules",
  "/assets/raw_sales",
  "/api/v1/assets",
  "/api/v1/health",
  "/style.css",
  "/nothing",
];
const code = ({ body }: { readonly body: string }): string => (JSON.parse(body) as ErrorBody).error.code;
const asJson = { "content-type": "application/json" };

test("a name that is not this machine's own is refused everywhere: DNS rebinding reaches nothing", async () => {
  for (const host of [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:80",
    "0.0.0.0",
    "192.168.0.10:3939",
    "",
  ]) {
    for (const path of reads) {
      const { status } = await rawRequest(at.url, { path, headers: { host } });
      assert.equal(status, host === "" ? 400 : 403, `${host} ${path}`);
    }
  }
  const { port } = new URL(at.url);
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, "LOCALHOST:1"])
    assert.equal((await rawRequest(at.url, { headers: { host } })).status, 200, host);
});

test("nothing is changed for a page of another origin, nor without an origin, on any route", async () => {
  const { host, port } = new URL(at.url);
  const foreign = [
    undefined,
    "null",
    "http://evil.example",
    `https://${host}`,
    `http://${host}.evil.example`,
    `http://localhost:${port}`,
    "http://127.0.0.1:1",
  ];
  for (const path of changes) {
    for (const origin of foreign) {
      for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
        const headers = { ...asJson, ...(origin === undefined ? {} : { origin }) };
        const answer = await rawRequest(at.url, { method, path, headers, body: "{}" });
        assert.deepEqual([answer.status, code(answer)], [403, "ORIGIN_REFUSED"], `${method} ${path} from ${origin}`);
      }
    }
  }
});

test("a body that is not JSON by its type is a 415 on every route that changes something", async () => {
  for (const path of changes) {
    for (const type of [
      undefined,
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/jsonp",
      "text/plain; application/json",
    ]) {
      const headers = { origin: at.url, ...(type === undefined ? {} : { "content-type": type }) };
      const answer = await rawRequest(at.url, { method: "POST", path, headers, body: "{}" });
      assert.deepEqual([answer.status, code(answer)], [415, "CONTENT_TYPE"], `${path} ${type}`);
    }
  }
});

test("bodies are small, strict JSON objects", async () => {
  const send = (body: string) =>
    rawRequest(at.url, { method: "POST", path: "/api/v1/plans", headers: { origin: at.url, ...asJson }, body });
  const large = await send(JSON.stringify({ select: "x".repeat(70_000) }));
  assert.deepEqual([large.status, code(large)], [413, "BODY_TOO_LARGE"]);
  const bodies = [
    "{",
    "[]",
    "null",
    '"x"',
    "{}",
    '{"select":1}',
    '{"select":"slow","files":[{"path":"/etc/passwd"}]}',
    '{"select":"slow","__proto__":{"force":true}}',
    '{"select":"slow","constructor":{"prototype":{"x":1}}}',
  ];
  for (const body of bodies) {
    const answer = await send(body);
    assert.deepEqual([answer.status, code(answer)], [400, "REQUEST_INVALID"], body);
  }
  assert.equal(({} as { force?: unknown }).force, undefined);
});

test("every answer forbids foreign scripts, frames and guesses, refusals included", async () => {
  for (const path of [...reads, "/api/v1/nothing"]) {
    for (const headers of [{}, { host: "evil.example" }]) {
      const answer = await rawRequest(at.url, { path, headers });
      const csp = String(answer.headers["content-security-policy"]);
      assert.match(csp, /default-src 'self'/, path);
      assert.match(csp, /frame-ancestors 'none'/);
      assert.doesNotMatch(csp, /unsafe|\*|data:/);
      assert.equal(answer.headers["x-content-type-options"], "nosniff");
      assert.equal(answer.headers["access-control-allow-origin"], undefined);
    }
  }
});

test("no page has a script, a style or a handler of its own in it", async () => {
  for (const path of reads.filter((path) => !path.startsWith("/api") && !path.endsWith(".css"))) {
    const text = await (await at.get(path)).text();
    const [script, told, ...others] = text.match(/<script[^>]*>[^<]*/g) ?? [];
    assert.match(script ?? "", /^<script type="module" crossorigin src="\/files\/[\w-]+\.js">$/, path);
    // What a browser reads as data, and in which nothing can begin an element or end its own.
    assert.ok(told === undefined || told.startsWith('<script type="application/json" id="told">{'), path);
    if (told !== undefined) assert.ok(text.includes(`${told}</script>`), path);
    assert.deepEqual(others, [], path);
    assert.doesNotMatch(text, /<style|<[^>]*\s(?:style|on[a-z]+)\s*=/i, path);
  }
});

test("the server listens on this machine alone, and says so when it is told otherwise", async () => {
  for (const host of ["0.0.0.0", "::", "192.168.1.1", "example.com"]) {
    await assert.rejects(
      startServer({ instance: { db: at.instance.db }, host, port: 0 }),
      (error) =>
        error instanceof IrokoError &&
        error.code === "HOST_NOT_ALLOWED" &&
        error.message.includes(host) &&
        /ssh -L/.test(error.hint ?? ""),
    );
  }
});

test("a port in use is refused by number, with another one", async () => {
  const { port } = new URL(at.url);
  await assert.rejects(
    startServer({ instance: { db: at.instance.db }, port: Number(port) }),
    (error) =>
      error instanceof IrokoError &&
      error.code === "PORT_IN_USE" &&
      error.message.includes(port) &&
      (error.hint ?? "").includes("--port"),
  );
});

test("a database that is away is a 503 that names host and variable, and no password", async () => {
  const server = await startServer({
    instance: { databaseUrl: "postgres://iroko:hunter2@127.0.0.1:1/iroko" },
    port: 0,
  });
  try {
    const answer = await fetch(`${server.url}/api/v1/assets`);
    const text = await answer.text();
    assert.equal(answer.status, 503);
    assert.match(text, /DATABASE_UNREACHABLE/);
    assert.match(text, /DATABASE_URL/);
    assert.doesNotMatch(text, /hunter2/);
    assert.equal((await fetch(server.url)).status, 200, "the page is there, and tells what the API says");
  } finally {
    await server.close();
  }
});

test("an unforeseen error tells nothing of itself", async () => {
  await using broken = await sample({ worker: false });
  await broken.instance.db.query("alter table iroko.location rename to secret_location");
  const answer = await broken.get("/api/v1/assets");
  assert.equal(answer.status, 500);
  const { error } = await json<ErrorBody>(answer);
  assert.equal(error.code, "INTERNAL");
  assert.doesNotMatch(JSON.stringify(error), /location/);
});

test("a statement that takes too long is given up, and a 503 says so", async () => {
  await using busy = await sample({ worker: false });
  const server = await startServer({ instance: { db: busy.instance.db }, port: 0, statementTimeoutSeconds: 1 });
  try {
    await busy.instance.db.transaction(async (tx) => {
      await tx.query("lock table iroko.run in access exclusive mode");
      const answer = await fetch(`${server.url}/api/v1/runs`);
      const { error } = await json<ErrorBody>(answer);
      assert.deepEqual([answer.status, error.code], [503, "QUERY_TIMEOUT"]);
    });
    assert.equal((await fetch(`${server.url}/api/v1/runs`)).status, 200);
  } finally {
    await server.close();
  }
});

test("the server's modules load no user code: nothing in them evaluates, or imports a path that is computed", () => {
  const root = new URL("../../packages/ui/src/", import.meta.url);
  const files = globSync("**/*.ts", { cwd: root });
  assert.ok(files.length > 30, `${files.length}`);
  for (const file of files) {
    const text = readFileSync(new URL(file, root), "utf8");
    assert.doesNotMatch(text, /\bimport\(|\brequire\(|loadSnapshot|node:(?:vm|module)|\beval\(|new Function\(/, file);
  }
});
