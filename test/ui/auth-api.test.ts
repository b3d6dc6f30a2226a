/** Users, tokens and the audit over the API: what each role sees and changes of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiToken, AuditItem, CreatedToken, Page, User } from "@iroko/core/client";
import { verifyAudit } from "@iroko/core/engine";
import { bearer, password, publicSite } from "./public-server.ts";
import type { ErrorBody, RawAnswer } from "./sample.ts";

const site = publicSite();

type Headers = Readonly<Record<string, string>>;
/** The type is the test's word for it. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
const read = <Value>({ body }: RawAnswer): Value => JSON.parse(body) as Value;
const code = (answer: RawAnswer): string => read<ErrorBody>(answer).error.code;
const get = (path: string, headers: Headers) => site.front.ask("GET", `/api/v1${path}`, { headers });
const post = (path: string, headers: Headers, body: object = {}) =>
  site.front.ask("POST", `/api/v1${path}`, { headers, body: JSON.stringify(body) });

test("an admin adds, changes and removes users; what a user had ends with it", async () => {
  const admin = bearer(site.tokens.admin);
  assert.equal((await post("/users", admin, { name: "Bola", role: "operator", password })).status, 201);
  assert.equal(code(await post("/users", admin, { name: "bola", role: "viewer", password })), "USER_EXISTS");
  assert.equal(code(await post("/users", admin, { name: "eve", role: "viewer", password: "short" })), "PASSWORD_WEAK");
  const { items } = read<Page<User>>(await get("/users", admin));
  assert.deepEqual(
    items.map(({ name, role }) => `${name} ${role}`),
    ["admin admin", "bola operator", "operator operator", "viewer viewer"],
  );
  const session = await site.front.signIn("bola");
  const made = read<CreatedToken>(await post("/tokens", session, { name: "mine", role: "operator" }));
  assert.equal((await get("/runs", bearer(made.token))).status, 200);
  assert.equal((await post("/users/bola/role", admin, { role: "viewer" })).status, 200);
  assert.equal((await get("/runs", session)).status, 401);
  assert.equal(code(await post("/schedules/test/nightly/pause", bearer(made.token))), "ROLE_NEEDED");
  assert.equal((await post("/users/bola/password", admin, { password: "other words, unrelated" })).status, 200);
  await site.front.signIn("bola", "other words, unrelated");
  assert.equal((await post("/users/bola/remove", admin)).status, 200);
  assert.equal(code(await get("/runs", bearer(made.token))), "TOKEN_REFUSED");
  assert.equal((await post("/users/bola/remove", admin)).status, 404);
});

test("one makes tokens of one's own role at most, sees one's own, and revokes no others", async () => {
  const viewer = await site.front.signIn("viewer");
  const operator = await site.front.signIn("operator");
  const refused = await post("/tokens", viewer, { name: "more", role: "operator" });
  assert.deepEqual([refused.status, code(refused)], [403, "ROLE_NEEDED"]);
  assert.match(refused.body, /needs the role operator\. User viewer has the role viewer/);
  const mine = read<CreatedToken>(await post("/tokens", viewer, { name: "mine", role: "viewer", days: 3 }));
  const names = async (headers: Headers) =>
    read<Page<ApiToken>>(await get("/tokens", headers)).items.map(({ name }) => name);
  assert.deepEqual(await names(viewer), ["mine"]);
  assert.deepEqual(await names(operator), []);
  assert.deepEqual(await names(bearer(mine.token)), []);
  assert.ok((await names(bearer(site.tokens.admin))).includes("mine"));
  assert.equal(code(await post(`/tokens/${mine.id}/revoke`, operator)), "TOKEN_NOT_FOUND");
  assert.equal(code(await post(`/tokens/${mine.id}/revoke`, bearer(site.tokens.operator))), "TOKEN_NOT_FOUND");
  const made = await post("/tokens", bearer(site.tokens.admin), { name: "by a token", role: "viewer" });
  assert.deepEqual([made.status, code(made)], [403, "ROLE_NEEDED"]);
  assert.equal((await post(`/tokens/${mine.id}/revoke`, bearer(mine.token))).status, 200, "itself it may end");
  assert.equal(code(await get("/runs", bearer(mine.token))), "TOKEN_REFUSED");
});

test("the audit is told to admins, page by page, without a secret, and holds", async () => {
  const admin = bearer(site.tokens.admin);
  const first = read<Page<AuditItem>>(await get("/audit?limit=3", admin));
  assert.equal(first.items.length, 3);
  const second = read<Page<AuditItem>>(await get(`/audit?limit=3&after=${first.cursor}`, admin));
  assert.equal(second.items[0]!.seq, first.items[2]!.seq - 1);
  const all = await get("/audit?limit=1000", admin);
  const told = read<Page<AuditItem>>(all).items.map(
    (row) => `${row.actor} ${row.operation} ${row.target} ${row.outcome}`,
  );
  for (const line of [
    "admin users.add Bola operator done",
    "admin users.add eve viewer PASSWORD_WEAK",
    "bola sessions.open null done",
    "bola tokens.create mine operator done",
    "admin users.setRole bola viewer done",
    "admin users.setPassword bola done",
    "admin users.remove bola USER_NOT_FOUND",
    "viewer tokens.create more operator ROLE_NEEDED",
  ])
    assert.ok(told.includes(line), line);
  assert.doesNotMatch(all.body, /unrelated|short"|iroko_/);
  const only = read<Page<AuditItem>>(await get("/audit?operation=users.remove", admin)).items;
  assert.deepEqual([...new Set(only.map(({ operation }) => operation))], ["users.remove"]);
  assert.equal((await verifyAudit(site.at.instance.db)).fault, undefined);
});
