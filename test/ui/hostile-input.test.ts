/** Hostile text in every place of every route: it is bound and never pasted, looked up and never followed, told and never run. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { apiRoot, operationsByName, pathNames, type Operation } from "@iroko/core/client";
import { addUser } from "@iroko/core/engine";
import { z } from "zod";
import { asForm, password, publicServer } from "./public-server.ts";
import { now, rawRequest, sample, type ErrorBody, type Sample } from "./sample.ts";

const hostile = [
  "'; drop table iroko.run; --",
  "' or '1'='1",
  '"; select pg_sleep(30); --',
  "$$); drop schema iroko cascade; --",
  "\\'; drop table iroko.asset; --",
  "1; copy (select 1) to program 'id'",
  "%' escape '!' --",
  "../../../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "C:\\..\\windows",
  "a\u0000b",
  "\ud800",
  "__proto__",
  "constructor",
  "{{7*7}}${7*7}<%= 7*7 %>",
  "<script>alert(1)</script>",
  "raw_sales\u202e",
  "x".repeat(900),
];
/** What JavaScript takes for numbers and instants and Postgres has no room for; and cursors, as they look. */
const beyond = [
  ...["2147483648", "999999999999999", "99999999999999999999", "-1", "1e3", "0x1", " 1", "9".repeat(400)],
  "0000-01-01T00:00:00Z",
  ...['[99999999999,"a","b"]', '["a",99999999999]', '[1,"a\\u0000","b"]', '[true,"a\\u0000","b"]', '["a\\u0000",1]'],
  ...["999999999999999.999999999", "999999999999999.999999999.999999999", "99999999999999999999.1"],
];

let at: Sample;
let run: string;
before(async () => {
  at = await sample({ worker: false });
  const request = { select: "raw_sales", partitions: { kind: "text", text: "2026-11-01" } } as const;
  run = await at.instance.submit(request, now);
});
after(() => at[Symbol.asyncDispose]());

/** What there really is, so that what lies behind a name is reached, too. */
const real: Readonly<Record<string, string>> = { key: "raw_sales", n: "0", location: "test", name: "viewer" };

/** Each field of the input hostile in its turn, the others as they should be. */
function requestsOf(operation: Operation): readonly Readonly<Record<string, string>>[] {
  const { properties = {} } = z.toJSONSchema(operation.input, { io: "input", unrepresentable: "any" });
  const inPath = pathNames(operation);
  const given = Object.fromEntries(inPath.map((name) => [name, name === "id" ? run : real[name]!]));
  return Object.entries(properties).flatMap(([field, schema]) => {
    const { type, format } = schema as { readonly type?: string; readonly format?: string };
    const isOrdered = field === "after" || type === "integer" || format === "date-time";
    return [...hostile, ...(isOrdered ? beyond : [])].map((text) => ({ ...given, [field]: text }));
  });
}

function sentOf({ method, path }: Operation, input: Readonly<Record<string, string>>) {
  const inPath = pathNames({ path });
  const rest = Object.fromEntries(Object.entries(input).filter(([name]) => !inPath.includes(name)));
  // A lone surrogate has no place in an address; in a body it has.
  const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());
  const target = inPath.reduce((text, name) => text.replace(`{${name}}`, encoded(input[name]!)), apiRoot + path);
  if (method !== "GET") return { path: target, body: JSON.stringify(rest) };
  const query = Object.entries(rest).map(([name, value]) => `${name}=${encoded(value)}`);
  return { path: query.length === 0 ? target : `${target}?${query.join("&")}`, body: "" };
}

test("the stream takes hostile text for no place, asset or run, wherever it stands", { timeout: 120_000 }, async () => {
  const headers = { origin: at.url };
  for (const text of [...hostile, ...beyond]) {
    for (const field of ["run", "asset", "after"]) {
      if (field === "after" && /^\d{1,19}\.\d{1,15}$/.test(text)) continue; // a place like any other
      const path = `${apiRoot}/stream?${field}=${encodeURIComponent(text.toWellFormed())}`;
      const { status, body } = await rawRequest(at.url, { method: "GET", path, headers });
      assert.ok([400, 404].includes(status), `${path}: ${status} ${body}`);
    }
  }
});

for (const [name, operation] of operationsByName()) {
  if (operation.content !== undefined) continue;
  test(`${name} takes hostile text for what it is`, { timeout: 120_000 }, async () => {
    for (const input of requestsOf(operation)) {
      const sent = sentOf(operation, input);
      const answer = await rawRequest(at.url, {
        method: operation.method,
        headers: { origin: at.url, "content-type": "application/json" },
        ...sent,
      });
      const told = `${operation.method} ${sent.path} ${sent.body}: ${answer.status} ${answer.body}`;
      assert.ok(answer.status < 500, told);
      assert.match(String(answer.headers["content-type"]), /^application\/json/, told);
      if (answer.status < 400) continue;
      const { error } = JSON.parse(answer.body) as ErrorBody;
      assert.doesNotMatch(error.message, /syntax error|invalid byte|root:/, told);
    }
  });
}

test("who signs in by hostile text is nobody", { timeout: 120_000 }, async () => {
  await addUser(at.instance.db, { name: "ada", role: "viewer", password });
  await using front = await publicServer(at.instance.db);
  for (const text of hostile) {
    await at.instance.db.query("truncate iroko.login_attempt");
    for (const fields of [
      { name: text, password },
      { name: "ada", password: text },
    ]) {
      const { status } = await front.ask("POST", "/login", asForm(fields));
      assert.equal(status, 401, JSON.stringify(fields));
    }
  }
});

test("after all of it every table is there, and what was there before", async () => {
  const { rows } = await at.instance.db.query<{ tables: string }>(
    "select count(*)::text as tables from pg_tables where schemaname = 'iroko'",
  );
  assert.ok(Number(rows[0]!.tables) > 15);
  const found = await at.instance.db.query("select from iroko.run where id = $1", [run]);
  assert.equal(found.rowCount, 1);
  assert.equal(({} as Record<string, unknown>)["never"], undefined);
});
