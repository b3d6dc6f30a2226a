/** Signing in by a form, what the browser then holds, what a request of its page needs, and how it ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listAudit, revokeToken, setPassword, setRole } from "@iroko/core/engine";
import { asForm, bearer, cookiesOf, origin, password, publicSite } from "./public-server.ts";
import type { ErrorBody, RawAnswer } from "./sample.ts";

const site = publicSite();

const code = ({ body }: RawAnswer): string => (JSON.parse(body) as ErrorBody).error.code;
const login = (name: string, secret: string, fields: Record<string, string> = {}, address = "192.0.2.1") =>
  site.front.ask("POST", "/login", { ...asForm({ name, password: secret, ...fields }), address });
const pause = (headers: Readonly<Record<string, string>>) =>
  site.front.ask("POST", "/api/v1/schedules/test/nightly/pause", { headers, body: "{}" });
const forgetAttempts = () => site.at.instance.db.query("truncate iroko.login_attempt");

test("a page asked for without a session is the form to sign in, and leads back to it", async () => {
  const asked = await site.front.ask("GET", "/runs?status=failed");
  assert.equal(asked.status, 401);
  assert.match(asked.body, /<form method="post" action="\/login">/);
  assert.match(asked.body, /name="next" value="\/runs\?status=failed"/);
  assert.doesNotMatch(asked.body, /<script|nightly/);
  assert.match(String(asked.headers["content-security-policy"]), /form-action 'self'/);
  // With no referrer at all the browser would send "Origin: null", which is refused.
  assert.equal(asked.headers["referrer-policy"], "same-origin");
  const entered = await login("viewer", password, { next: "/runs?status=failed" });
  assert.deepEqual([entered.status, entered.headers["location"]], [303, "/runs?status=failed"]);
  assert.equal((await site.front.ask("GET", "/runs", { headers: cookiesOf(entered) })).status, 200);
});

test("a link from another site comes without the cookie, and is asked for once more before anybody has to sign in", async () => {
  const { status, body } = await site.front.ask("GET", "/runs", { headers: { "sec-fetch-site": "cross-site" } });
  assert.equal(status, 401);
  assert.match(body, /http-equiv="refresh" content="0"/);
});

test("the session's cookie is for this host, by TLS, of no use to scripts and other sites, and new at each login", async () => {
  const entered = await login("viewer", password);
  const cookies = [entered.headers["set-cookie"]!].flat();
  const [session, csrf] = cookies;
  assert.match(session!, /^__Host-iroko=[\w-]{43}; /);
  for (const attribute of ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"]) assert.ok(session!.includes(attribute));
  assert.doesNotMatch(session!, /Domain|Max-Age|Expires/);
  assert.match(csrf!, /^__Host-iroko-csrf=[\w-]{43}; Path=\/; Secure; SameSite=Strict$/);
  const again = await site.front.ask("POST", "/login", {
    ...asForm({ name: "viewer", password }),
    headers: { ...asForm({}).headers, cookie: cookiesOf(entered)["cookie"]! },
  });
  assert.notEqual(cookiesOf(again)["cookie"], cookiesOf(entered)["cookie"]);
  assert.equal(
    (await site.front.ask("GET", "/", { headers: cookiesOf(entered) })).status,
    401,
    "the old one has ended",
  );
  assert.equal((await site.front.ask("GET", "/", { headers: cookiesOf(again) })).status, 200);
});

test("nobody is sent elsewhere after signing in", async () => {
  for (const next of [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/login",
    "",
  ]) {
    await forgetAttempts();
    const { status, headers } = await login("viewer", password, { next });
    assert.equal(status, 303);
    assert.match(String(headers["location"]), /^\/(?![/\\])/, next);
    assert.doesNotMatch(String(headers["location"]), /^\/login/);
  }
});

test("wrong names and wrong passwords are told alike", async () => {
  await forgetAttempts();
  const [wrong, unknown] = [await login("viewer", "wrong wrong wrong"), await login("nobody", "wrong wrong wrong")];
  assert.deepEqual([wrong.status, unknown.status], [401, 401]);
  assert.equal(wrong.body, unknown.body);
  assert.match(wrong.body, /role="alert">The name or the password is wrong/);
  assert.equal(wrong.headers["set-cookie"], undefined);
});

test("too many failures are a 429 that says when to come again, for the proxy's client and not for the proxy", async () => {
  await forgetAttempts();
  for (let n = 0; n < 5; n++) await login(`guess${n}`, password, {}, "203.0.113.9");
  await site.at.instance.db.query("update iroko.login_attempt set next_try_at = next_try_at + interval '10 minutes'");
  const late = await login("viewer", password, {}, "203.0.113.9");
  assert.equal(late.status, 429);
  const seconds = Number(late.headers["retry-after"]);
  assert.ok(seconds > 500 && seconds <= 602, `${seconds}`);
  const forged = await site.front.ask("POST", "/login", {
    ...asForm({ name: "viewer", password }),
    address: "198.51.100.1, 203.0.113.9",
  });
  assert.equal(forged.status, 429, "what the client itself says of its address counts for nothing");
  assert.equal((await login("viewer", password, {}, "203.0.113.10")).status, 303);
});

test("a form from another site, without an origin or of another type does not sign in", async () => {
  await forgetAttempts();
  const form = asForm({ name: "viewer", password });
  for (const from of ["https://evil.example", "null", "http://iroko.example", `${origin}.evil.example`, ""]) {
    const headers: Record<string, string> = { ...form.headers, origin: from };
    if (from === "") delete headers["origin"];
    const answer = await site.front.ask("POST", "/login", { headers, body: form.body! });
    assert.deepEqual([answer.status, code(answer)], [403, "ORIGIN_REFUSED"], from);
  }
  const json = await site.front.ask("POST", "/login", {
    headers: { origin, "content-type": "application/json" },
    body: JSON.stringify({ name: "viewer", password }),
  });
  assert.deepEqual([json.status, code(json)], [415, "CONTENT_TYPE"]);
});

test("a change by a session needs the page's own origin and its token against forged requests", async () => {
  await forgetAttempts();
  const headers = await site.front.signIn("operator");
  const other = await site.front.signIn("admin");
  assert.equal((await pause(headers)).status, 200);
  for (const [change, refusal] of [
    [{ "x-iroko-csrf": "" }, "CSRF_REFUSED"],
    [{ "x-iroko-csrf": "A".repeat(43) }, "CSRF_REFUSED"],
    [{ "x-iroko-csrf": other["x-iroko-csrf"]! }, "CSRF_REFUSED"],
    [{ origin: "https://evil.example" }, "ORIGIN_REFUSED"],
    [{ origin: "null" }, "ORIGIN_REFUSED"],
    [{ "content-type": "text/plain" }, "CONTENT_TYPE"],
  ] as readonly (readonly [Record<string, string>, string])[]) {
    assert.equal(code(await pause({ ...headers, ...change })), refusal, JSON.stringify(change));
  }
});

test("a token changes without an origin, but not for a page of another site", async () => {
  assert.equal((await pause(bearer(site.tokens.operator))).status, 200);
  const answer = await pause({ ...bearer(site.tokens.operator), origin: "https://evil.example" });
  assert.equal(code(answer), "ORIGIN_REFUSED");
});

test("nothing is said to other origins, and no script of theirs may read an answer", async () => {
  const { headers } = await site.front.ask("OPTIONS", "/api/v1/runs", {
    headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
  });
  for (const name of Object.keys(headers)) assert.doesNotMatch(name, /^access-control/);
});

test("signing out ends the session, by a form with its token alone", async () => {
  await forgetAttempts();
  const { cookie = "", "x-iroko-csrf": csrf = "" } = await site.front.signIn("viewer");
  const page = await site.front.ask("GET", "/logout", { headers: { cookie } });
  assert.match(page.body, new RegExp(`name="csrf" value="${csrf}"`));
  const leave = (fields: Record<string, string>) => {
    const form = asForm(fields);
    return site.front.ask("POST", "/logout", { headers: { ...form.headers, cookie }, body: form.body! });
  };
  assert.equal(code(await leave({})), "CSRF_REFUSED");
  const left = await leave({ csrf });
  assert.deepEqual([left.status, left.headers["location"]], [303, "/login"]);
  assert.match(String(left.headers["set-cookie"]), /__Host-iroko=; Max-Age=0/);
  assert.equal((await site.front.ask("GET", "/", { headers: { cookie } })).status, 401);
});

test("a new role or password is a 401 for what was signed in before, and a revoked token is one at its next request", async () => {
  await forgetAttempts();
  const { db } = site.at.instance;
  const session = await site.front.signIn("viewer");
  await setRole(db, "viewer", "viewer");
  assert.equal((await site.front.ask("GET", "/api/v1/runs", { headers: session })).status, 401);
  const next = await site.front.signIn("viewer");
  await setPassword(db, "viewer", password);
  assert.equal((await site.front.ask("GET", "/api/v1/runs", { headers: next })).status, 401);
  const headers = bearer(site.tokens.viewer);
  assert.equal((await site.front.ask("GET", "/api/v1/runs", { headers })).status, 200);
  await revokeToken(db, site.tokens.viewer.split("_")[1]!);
  const answer = await site.front.ask("GET", "/api/v1/runs", { headers });
  assert.deepEqual([answer.status, code(answer)], [401, "TOKEN_REFUSED"]);
});

test("a token in an address is refused, wherever it stands there", async () => {
  for (const path of [
    `/api/v1/runs?token=${site.tokens.admin}`,
    `/api/v1/runs/${site.tokens.admin}`,
    `/api/v1/runs?x=${site.tokens.admin.replaceAll("_", "%5f")}`,
    `/login?next=${site.tokens.admin}`,
  ]) {
    const answer = await site.front.ask("GET", path, { headers: bearer(site.tokens.admin) });
    assert.equal(answer.status, 400, path);
    assert.match(answer.body, /TOKEN_IN_URL/);
    assert.ok(!answer.body.includes(site.tokens.admin));
  }
});

test("the server answers by its public name and by TLS alone; that it lives, it tells anybody", async () => {
  for (const host of ["127.0.0.1", "localhost", "iroko.example:444", "evil.example", "iroko.example.evil.example"]) {
    const { status, body } = await site.front.ask("GET", "/login", { headers: { host } });
    assert.equal(status, 403, host);
    assert.match(body, /HOST_REFUSED/);
  }
  assert.equal((await site.front.ask("GET", "/login", { headers: { host: "IROKO.example:443" } })).status, 200);
  for (const proto of ["http", "https, http", ""]) {
    const { status, body } = await site.front.ask("GET", "/login", { headers: { "x-forwarded-proto": proto } });
    assert.equal(status, 403);
    assert.match(body, /HTTPS_NEEDED/);
  }
  const live = await site.front.ask("GET", "/livez", {
    headers: { host: "10.1.2.3:3939", "x-forwarded-proto": "http" },
  });
  assert.deepEqual([live.status, live.body], [200, "ok"]);
  assert.match(String((await site.front.ask("GET", "/login")).headers["strict-transport-security"]), /max-age=\d{8}/);
});

test("the audit tells of logins, their failures and each change, with whose it was and where from", async () => {
  await forgetAttempts();
  await login("operator", "wrong wrong wrong", {}, "192.0.2.77");
  const headers = await site.front.signIn("operator");
  await pause(headers);
  await site.front.ask("POST", "/api/v1/schedules/test/nothing/pause", {
    headers: bearer(site.tokens.operator),
    body: "{}",
  });
  await site.front.ask("POST", "/api/v1/runs", {
    headers: bearer(site.tokens.admin),
    body: '{"select":"group:nothing","config":{"a":{"key":"hunter2"}}}',
  });
  const rows = await listAudit(site.at.instance.db, 5);
  assert.deepEqual(
    rows
      .toReversed()
      .map(({ actorKind, actor, via, address, operation, target, outcome }) =>
        [actorKind, actor, via, address, operation, target, outcome].join(" | "),
      ),
    [
      "nobody | operator | page | 192.0.2.77 | sessions.open |  | SIGN_IN_REFUSED",
      "user | operator | page | 192.0.2.1 | sessions.open |  | done",
      "user | operator | page | 192.0.2.1 | schedules.pause | test nightly | done",
      "token | operator | token | 192.0.2.1 | schedules.pause | test nothing | SCHEDULE_NOT_FOUND",
      `token | admin | token | 192.0.2.1 | ${rows[0]!.operation} | group:nothing | ${rows[0]!.outcome}`,
    ],
  );
  assert.notEqual(rows[0]!.outcome, "done");
  assert.doesNotMatch(JSON.stringify(rows), /hunter2|wrong wrong|four words|iroko_/);
});

test("a change that is refused before its body is read is told in the audit, and no stranger's", async () => {
  await forgetAttempts();
  const { db } = site.at.instance;
  const session = await site.front.signIn("operator");
  const json = bearer(site.tokens.operator);
  const path = "/api/v1/runs/x/cancel";
  const [before] = await listAudit(db, 1);
  const refused: readonly (readonly [string, Readonly<Record<string, string>>, string?])[] = [
    ["CONTENT_TYPE", { ...json, "content-type": "text/plain" }],
    ["CONTENT_TYPE", { ...json, "content-encoding": "gzip" }],
    ["CSRF_REFUSED", { ...session, "x-iroko-csrf": "x" }],
    ["BODY_TOO_LARGE", json, "x".repeat(70_000)],
  ];
  for (const [code, headers, body = "{}"] of refused) {
    const answer = await site.front.ask("POST", path, { headers, body, address: "192.0.2.88" });
    assert.equal((JSON.parse(answer.body) as ErrorBody).error.code, code);
  }
  // Of nobody, and of another site's page.
  await site.front.ask("POST", path, { headers: { origin, "content-type": "application/json" }, body: "{}" });
  await site.front.ask("POST", path, { headers: { ...session, origin: "https://evil.example" }, body: "{}" });
  const rows = (await listAudit(db, 20)).filter(({ seq }) => seq > before!.seq).toReversed();
  assert.deepEqual(
    rows.map(({ actor, address, operation, target, outcome }) => [actor, address, operation, target, outcome]),
    refused.map(([code]) => ["operator", "192.0.2.88", "runs.cancel", "x", code]),
  );
});
