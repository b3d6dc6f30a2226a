/** How much anybody may ask for, how large, how slowly; and that a stream ends with the right to read it. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { apiRoot, operationsByName } from "@iroko/core/client";
import { createToken, revokeToken } from "@iroko/core/engine";
import { Hono } from "hono";
import { whileKnown } from "../../packages/ui/src/auth/while-known.ts";
import { waitFor } from "../support/wait-for.ts";
import { bearer, origin, publicSite } from "./public-server.ts";
import type { ErrorBody, RawAnswer } from "./sample.ts";

const site = publicSite({ requestSeconds: 1 });

const code = ({ body }: RawAnswer): string => (JSON.parse(body) as ErrorBody).error.code;
const changes = [...operationsByName()].filter(([, { method }]) => method !== "GET");
const filled = (path: string): string => apiRoot + path.replaceAll(/\{\w+\}/g, "x");

/** An allowance of its own: what is refused is counted, too. */
async function freshAdmin(): Promise<Readonly<Record<string, string>>> {
  const machine = { kind: "machine", name: "test", role: "admin" } as const;
  const { token } = await createToken(site.at.instance.db, machine, { name: "fresh", role: "admin" });
  return bearer(token);
}

test("a body of any other type than JSON is a 415 on each operation that takes one", async () => {
  assert.ok(changes.length >= 7);
  for (const [name, { method, path }] of changes) {
    const admin = await freshAdmin();
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/json; charset=utf-16",
      "",
    ]) {
      const headers = { ...admin, "content-type": type };
      const answer = await site.front.ask(method, filled(path), { headers, body: "{}" });
      assert.deepEqual([answer.status, code(answer)], [415, "CONTENT_TYPE"], `${name} ${type}`);
    }
  }
});

test("a compressed body is a 415: none is ever unpacked", async () => {
  for (const encoding of ["gzip", "zstd", "br", "gzip, gzip", "identity"]) {
    const headers = { ...bearer(site.tokens.admin), "content-encoding": encoding };
    const answer = await site.front.ask("POST", "/api/v1/runs", { headers, body: "{}" });
    assert.deepEqual([answer.status, code(answer)], [415, "CONTENT_TYPE"], encoding);
  }
});

test("a body that is too large is a 413 on each operation, whether it says its length or not", async () => {
  const body = JSON.stringify({ select: "x".repeat(70_000) });
  const admin = await freshAdmin();
  for (const [name, { method, path }] of changes) {
    for (const framing of [{}, { "transfer-encoding": "chunked" }] as Record<string, string>[]) {
      const answer = await send(method, filled(path), { ...admin, ...framing }, body);
      assert.equal(answer, 413, name);
    }
  }
});

/** Without the length that `ask` always tells; a server that has answered may hang up on what is still being sent. */
async function send(method: string, path: string, headers: Record<string, string>, body: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const length = headers["transfer-encoding"] === undefined ? { "content-length": `${body.length}` } : {};
  const call = request(
    {
      host: "127.0.0.1",
      port: site.front.server.port,
      method,
      path,
      headers: { ...headers, ...length, host: "iroko.example", "x-forwarded-proto": "https" },
    },
    (answer) => {
      resolve(answer.statusCode ?? 0);
      answer.resume();
    },
  );
  call.on("error", reject);
  call.end(body);
  return promise;
}

test("headers and addresses that are too large are a 431, which says so", async () => {
  for (const ask of [
    () => site.front.ask("GET", "/login", { headers: { "x-large": "x".repeat(20_000) } }),
    () => site.front.ask("GET", `/api/v1/assets/x/explain?partitions=${"x".repeat(20_000)}`),
  ]) {
    const answer = await ask();
    assert.deepEqual([answer.status, code(answer)], [431, "REQUEST_INVALID"]);
  }
});

for (const [what, start, drip] of [
  ["headers", "POST /api/v1/runs HTTP/1.1\r\nhost: iroko.example\r\n", "x-a: b\r\n"],
  [
    "a body",
    `POST /login HTTP/1.1\r\nhost: iroko.example\r\norigin: ${origin}\r\nx-forwarded-proto: https\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 60000\r\n\r\n`,
    "a",
  ],
] as const) {
  test(`a request that sends ${what} drop by drop is hung up on`, { timeout: 60_000 }, async () => {
    const socket = connect(site.front.server.port, "127.0.0.1");
    let answer = "";
    socket.setEncoding("utf8").on("data", (text: string) => (answer += text));
    socket.on("error", () => {}); // it is cut in the middle of a drop
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.write(start);
    const timer = setInterval(() => socket.write(drip), 50);
    await closed;
    clearInterval(timer);
    assert.match(answer, /^(HTTP\/1\.1 408 |$)/);
  });
}

test("changes and plans are counted by caller: beyond a hundred at once one waits, and others do not", async () => {
  const ask = (token: string) => site.front.ask("POST", "/api/v1/runs", { headers: bearer(token), body: "{}" });
  const answers = await Promise.all(Array.from({ length: 400 }, () => ask(site.tokens.admin)));
  const late = answers.filter(({ status }) => status === 429);
  assert.ok(late.length > 0, "none was refused");
  assert.ok(answers.length - late.length >= 100 - 60, "the allowance was given");
  assert.equal(code(late[0]!), "RATE_LIMITED");
  assert.ok(Number(late[0]!.headers["retry-after"]) >= 1);
  assert.notEqual((await ask(site.tokens.operator)).status, 429);
  assert.equal(
    (await site.front.ask("GET", "/api/v1/runs", { headers: bearer(site.tokens.admin) })).status,
    200,
    "reading goes on",
  );
});

test("the API's stream ends when its token is revoked", { timeout: 60_000 }, async () => {
  const { db } = site.at.instance;
  const machine = { kind: "machine", name: "test", role: "admin" } as const;
  const { id, token } = await createToken(db, machine, { name: "stream", role: "viewer" });
  let told = "";
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const call = request(
    {
      host: "127.0.0.1",
      port: site.front.server.port,
      path: "/api/v1/stream",
      headers: { ...bearer(token), host: "iroko.example", "x-forwarded-proto": "https" },
    },
    (answer) => {
      told += `${answer.statusCode} ${answer.headers["content-type"]}`;
      answer.on("data", (text: Buffer) => (told += text.toString())).on("close", resolve);
      answer.on("error", () => {}); // it is cut
    },
  );
  call.on("error", resolve);
  call.end();
  await waitFor("the stream to open", () => Promise.resolve(told.startsWith("200 text/event-stream")), { seconds: 20 });
  await revokeToken(db, id);
  await ended;
});

test("a stream ends once whoever reads it may no longer, and nobody asks after that", { timeout: 60_000 }, async () => {
  let known = true;
  let asked = 0;
  const app = new Hono().get("/", (c) => {
    const body = new ReadableStream({ start: (stream) => stream.enqueue("data: 1\n\n") }).pipeThrough(
      new TextEncoderStream(),
    );
    c.res = new Response(body, { headers: { "content-type": "text/event-stream" } });
    whileKnown(c, () => {
      asked += 1;
      const principal = { kind: "user", name: "ada", role: "viewer" } as const;
      return Promise.resolve(known ? { principal, actor: { ...principal, via: "page" } } : undefined);
    });
    return c.res;
  });
  const reader = (await app.request("/")).body!.getReader();
  const { value } = (await reader.read()) as { readonly value: Uint8Array };
  assert.equal(new TextDecoder().decode(value), "data: 1\n\n");
  await waitFor("it to be asked for", () => Promise.resolve(asked > 0), { seconds: 30 });
  known = false;
  assert.equal((await reader.read()).done, true);
  const until = asked;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(asked, until);
});
