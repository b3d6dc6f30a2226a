/** One's own account: a new password, where one is signed in, and signing out of it all; over the API and by its page. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { EndedSessions, OpenSession, Page } from "@iroko/core/client";
import { createToken, listAudit } from "@iroko/core/engine";
import { findUser } from "../../packages/core/src/instance/users.ts";
import { asForm, bearer, cookiesOf, password, roleNames, publicSite } from "./public-server.ts";
import { json, type ErrorBody, type RawAnswer } from "./sample.ts";

const site = publicSite();
beforeEach(() => site.at.instance.db.query("truncate iroko.login_attempt, iroko.login_session"));

type Headers = Readonly<Record<string, string>>;
/** The type is the test's word for it. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
const read = <Value>({ body }: RawAnswer): Value => JSON.parse(body) as Value;
const code = (answer: RawAnswer): string => read<ErrorBody>(answer).error.code;
const get = (path: string, headers: Headers) => site.front.ask("GET", `/api/v1${path}`, { headers });
const post = (path: string, headers: Headers, body: object = {}, address = "192.0.2.1") =>
  site.front.ask("POST", `/api/v1${path}`, { headers, body: JSON.stringify(body), address });
const other = "other words, unrelated";
const change = (headers: Headers, current: string, password: string) =>
  post("/session/password", headers, { current, password });
/** A form of the account's page, as its browser sends it. */
const submit = (path: string, { cookie = "", "x-iroko-csrf": csrf = "" }: Headers, fields: Record<string, string>) => {
  const form = asForm({ csrf, ...fields });
  return site.front.ask("POST", path, { headers: { ...form.headers, cookie }, body: form.body! });
};

test("each role changes its own password; its other sessions end, and nobody else's", async () => {
  const others = await site.front.signIn("admin");
  for (const role of roleNames) {
    const [here, there] = [await site.front.signIn(role), await site.front.signIn(role)];
    const changed = await change(here, password, other);
    assert.equal(changed.status, 200, changed.body);
    assert.equal(read<EndedSessions>(changed).ended, role === "admin" ? 2 : 1);
    assert.equal((await get("/session", here)).status, 200, "the one that asked goes on");
    assert.equal((await get("/session", there)).status, 401);
    assert.equal((await site.front.ask("POST", "/login", asForm({ name: role, password }))).status, 401);
    const again = await site.front.signIn(role, other);
    assert.equal((await change(again, other, password)).status, 200);
    if (role !== "admin") assert.equal((await get("/session", others)).status, 200, role);
  }
});

test("it needs the present password; wrong ones wait like attempts to sign in, by whatever way they come", async () => {
  const viewer = await site.front.signIn("viewer");
  const wrong = await change(viewer, "wrong wrong wrong", other);
  assert.deepEqual([wrong.status, code(wrong)], [403, "PASSWORD_WRONG"]);
  assert.equal(code(await change(viewer, password, "short")), "PASSWORD_WEAK");
  for (let n = 0; n < 5; n += 1) await change(viewer, "wrong wrong wrong", other);
  const late = await change(viewer, password, other);
  assert.deepEqual([late.status, code(late)], [429, "RATE_LIMITED"]);
  assert.ok(Number(late.headers["retry-after"]) >= 1);
  assert.equal((await site.front.ask("POST", "/login", asForm({ name: "viewer", password }))).status, 429);
  assert.equal((await get("/session", viewer)).status, 200, "nothing has changed");
});

test("a change is told in the audit once, with its outcome, and without a password", async () => {
  const viewer = await site.front.signIn("viewer");
  await change(viewer, "wrong wrong wrong", other);
  await change(viewer, password, other);
  await change(viewer, other, password);
  await post("/session/end-all", viewer);
  const rows = await listAudit(site.at.instance.db, 4);
  assert.deepEqual(
    rows.map(({ actorKind, actor, via, address, operation, target, outcome }) =>
      [actorKind, actor, via, address, operation, target, outcome].join(" | "),
    ),
    [
      "user | viewer | page | 192.0.2.1 | session.endAll |  | done",
      "user | viewer | page | 192.0.2.1 | session.setPassword |  | done",
      "user | viewer | page | 192.0.2.1 | session.setPassword |  | done",
      "user | viewer | page | 192.0.2.1 | session.setPassword |  | PASSWORD_WRONG",
    ],
  );
  assert.doesNotMatch(JSON.stringify(rows), /unrelated|wrong wrong/);
});

test("a user's own token changes its user's password, with the present one; a token of the machine has no user", async () => {
  const { db } = site.at.instance;
  const { id } = (await findUser(db, "operator"))!;
  const operator = { kind: "user", id, name: "operator", role: "operator", user: { id, name: "operator" } } as const;
  const { token } = await createToken(db, operator, { name: "laptop", role: "viewer" });
  const session = await site.front.signIn("operator");
  assert.equal(code(await change(bearer(token), other, other)), "PASSWORD_WRONG");
  assert.equal((await change(bearer(token), password, other)).status, 200);
  assert.equal((await get("/session", session)).status, 401, "no session has asked");
  assert.equal((await get("/session", bearer(token))).status, 200, "tokens stay");
  assert.equal((await change(bearer(token), other, password)).status, 200);
  for (const path of ["/session/password", "/session/end-all"]) {
    const body = path.endsWith("password") ? { current: password, password: other } : {};
    const refused = await post(path, bearer(site.tokens.operator), body);
    assert.deepEqual([refused.status, code(refused)], [400, "NOT_A_USER"], path);
  }
});

test("one sees where one is signed in, page by page, and signs out everywhere", async () => {
  const sessions: Headers[] = [];
  for (let n = 0; n < 3; n += 1) sessions.push(await site.front.signIn("viewer"));
  const stranger = await site.front.signIn("operator");
  const [here] = sessions as [Headers, ...Headers[]];
  const { items, cursor } = read<Page<OpenSession>>(await get("/session/all?limit=2", here));
  const rest = read<Page<OpenSession>>(await get(`/session/all?after=${cursor}`, here));
  const all = [...items, ...rest.items];
  assert.deepEqual(
    all.map(({ address, current }) => [address, current]),
    [
      ["192.0.2.1", false],
      ["192.0.2.1", false],
      ["192.0.2.1", true],
    ],
  );
  assert.equal(rest.cursor, null);
  assert.equal(new Set(all.map(({ id }) => id)).size, 3);
  // Nothing in it lets anybody in.
  const known = await site.at.instance.db.query<{ hash: string }>(
    "select encode(secret_hash, 'hex') as hash from iroko.login_session",
  );
  assert.ok(known.rows.every(({ hash }) => !JSON.stringify(all).includes(hash)));
  const ended = read<EndedSessions>(await post("/session/end-all", here));
  assert.equal(ended.ended, 3);
  for (const headers of sessions) assert.equal((await get("/session", headers)).status, 401);
  assert.equal((await get("/session", stranger)).status, 200);
  assert.deepEqual(read<Page<OpenSession>>(await get("/session/all", bearer(site.tokens.viewer))).items, []);
});

test("the account's page does the same by plain forms, each with its token against forged requests", async () => {
  const [here, there] = [await site.front.signIn("viewer"), await site.front.signIn("viewer")];
  const page = await site.front.ask("GET", "/account", { headers: { cookie: here["cookie"]! } });
  assert.equal(page.status, 200);
  assert.match(page.body, /You are <strong>viewer<\/strong>, viewer/);
  assert.equal(page.body.match(/<td>192\.0\.2\.1/g)?.length, 2);
  assert.doesNotMatch(page.body, /<script|\sstyle=|\son[a-z]+=/);
  assert.match(String(page.headers["content-security-policy"]), /form-action 'self'/);
  const fields = { current: password, password: other, again: other };
  for (const path of ["/account/password", "/account/end-all"]) {
    assert.equal(code(await submit(path, { ...here, "x-iroko-csrf": "" }, fields)), "CSRF_REFUSED", path);
    assert.equal(code(await submit(path, { ...here, "x-iroko-csrf": there["x-iroko-csrf"]! }, fields)), "CSRF_REFUSED");
    assert.equal((await submit(path, {}, fields)).status, 401, path);
  }
  const wrong = await submit("/account/password", here, { ...fields, current: "wrong wrong wrong" });
  assert.equal(wrong.status, 403);
  assert.match(wrong.body, /role="alert">The present password is another one\./);
  assert.match((await submit("/account/password", here, { ...fields, again: "x" })).body, /not the same both times/);
  assert.equal((await get("/session", there)).status, 200, "nothing has changed");
  const changed = await submit("/account/password", here, fields);
  assert.deepEqual([changed.status, /Your password is changed/.test(changed.body)], [200, true]);
  assert.equal((await get("/session", there)).status, 401);
  const left = await submit("/account/end-all", here, {});
  assert.deepEqual([left.status, left.headers["location"]], [303, "/login"]);
  assert.match(String(left.headers["set-cookie"]), /__Host-iroko=; Max-Age=0/);
  assert.equal((await get("/session", here)).status, 401);
  const rows = await listAudit(site.at.instance.db, 10, { actor: "viewer" });
  assert.deepEqual(
    rows.slice(0, 4).map(({ operation, outcome }) => `${operation} ${outcome}`),
    [
      "session.endAll done",
      "session.setPassword done",
      "session.setPassword REQUEST_INVALID",
      "session.setPassword PASSWORD_WRONG",
    ],
  );
  const back = cookiesOf(await site.front.ask("POST", "/login", asForm({ name: "viewer", password: other })));
  assert.equal((await change(back, other, password)).status, 200);
});

test("where nobody signs in there is no account", async () => {
  const page = await fetch(`${site.at.url}/account`, { redirect: "manual" });
  assert.deepEqual([page.status, page.headers.get("location")], [303, "/"]);
  const refused = await site.at.post("/api/v1/session/password", { current: password, password: other });
  assert.deepEqual([refused.status, (await json<ErrorBody>(refused)).error.code], [400, "NOT_A_USER"]);
});
