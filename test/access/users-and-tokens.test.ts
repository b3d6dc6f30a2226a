/** Users, tokens, sessions: what enters, what no longer does, and what the database keeps of it. */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { IrokoError, type ErrorCode } from "@iroko/core";
import {
  addUser,
  createToken,
  csrfToken,
  endLoginSession,
  listTokens,
  listUsers,
  openDatabase,
  openLoginSession,
  principalOfSession,
  principalOfToken,
  removeUser,
  revokeToken,
  setPassword,
  setRole,
  type Principal,
} from "@iroko/core/engine";
import { checkPassword, hashPassword } from "../../packages/core/src/access/password.ts";
import { forgiveAttempt, reserveAttempt } from "../../packages/core/src/instance/sessions.ts";
import { findUser } from "../../packages/core/src/instance/users.ts";
import { migratedDatabase } from "../support/database.ts";

const { url } = await migratedDatabase();
const db = openDatabase(url);
after(() => db.close());

const machine: Principal = { kind: "machine", name: "ada", role: "admin" };
const page = { via: "page", address: "192.0.2.1" } as const;
const password = "four words, unrelated";

beforeEach(async () => {
  await db.query("truncate iroko.user_account, iroko.login_session, iroko.api_token, iroko.login_attempt");
});

const fails = (code: ErrorCode, hint?: RegExp) => (error: unknown) =>
  error instanceof IrokoError &&
  error.code === code &&
  (hint === undefined || hint.test(`${error.message} ${error.hint}`));

test("a user signs in by name and password, however the name is written", async () => {
  await addUser(db, { name: "Zo\u00eb", role: "operator", password });
  for (const name of ["zo\u00eb", "ZOE\u0308"]) {
    const { principal, secret } = await openLoginSession(db, { name, password }, page);
    assert.deepEqual([principal.name, principal.role], ["zo\u00eb", "operator"]);
    assert.equal((await principalOfSession(db, secret))?.name, "zo\u00eb");
  }
});

test("weak passwords, impossible names and names twice are refused with what to do", async () => {
  const add = (name: string, secret: string) => addUser(db, { name, role: "viewer", password: secret });
  await assert.rejects(add("ada", "eleven char"), fails("PASSWORD_WEAK", /11 characters, and needs 12/));
  await assert.rejects(add("ada", "aaaaaaaaaaaaaaaa"), fails("PASSWORD_WEAK"));
  for (const name of ["", " ada", "a b", "../x", "-ada", "a\u202eb", "a".repeat(65), "<b>"])
    await assert.rejects(add(name, password), fails("USER_NAME_INVALID"), name);
  await add("ada", password);
  await assert.rejects(add("ADA", password), fails("USER_EXISTS"));
  await assert.rejects(setRole(db, "adda", "admin"), fails("USER_NOT_FOUND", /Did you mean "ada"/));
});

test("the database holds no password, no session's secret and no token's", async () => {
  await addUser(db, { name: "ada", role: "admin", password });
  const { secret } = await openLoginSession(db, { name: "ada", password }, page);
  const { token } = await createToken(db, machine, { name: "export", role: "viewer" });
  const { rows } = await db.query<{ text: string }>(
    `select (select jsonb_agg(to_jsonb(t)) from iroko.api_token t)::text || (select jsonb_agg(to_jsonb(s)) from iroko.login_session s)::text
         || (select jsonb_agg(to_jsonb(u)) from iroko.user_account u)::text || (select jsonb_agg(to_jsonb(a)) from iroko.audit a)::text as text`,
  );
  const tokenSecret = token.slice("iroko_0123456789ab_".length);
  for (const forbidden of [password, secret, tokenSecret, csrfToken(secret), Buffer.from(secret).toString("hex")])
    assert.ok(!rows[0]!.text.includes(forbidden));
});

test("a session ends by signing out, by a new role, a new password, its user's removal, idling and age", async () => {
  await addUser(db, { name: "ada", role: "admin", password });
  const enter = async () => (await openLoginSession(db, { name: "ada", password }, page)).secret;
  const first = await enter();
  const other = await enter();
  assert.notEqual(first, other);
  await endLoginSession(db, first);
  assert.deepEqual(
    [await principalOfSession(db, first), (await principalOfSession(db, other))?.role],
    [undefined, "admin"],
  );
  await setRole(db, "ada", "viewer");
  assert.equal(await principalOfSession(db, other), undefined);
  const third = await enter();
  await setPassword(db, "ada", password);
  assert.equal(await principalOfSession(db, third), undefined);
  for (const column of ["last_seen_at", "created_at"]) {
    const old = await enter();
    await db.query(
      `update iroko.login_session set ${column} = now() - interval '${column === "created_at" ? "169" : "13"} hours'`,
    );
    assert.equal(await principalOfSession(db, old), undefined, column);
  }
  const last = await enter();
  await removeUser(db, "ada");
  assert.equal(await principalOfSession(db, last), undefined);
});

test("a password is hashed anew at a login after its parameters were raised; its sessions stay", async () => {
  await addUser(db, { name: "ada", role: "viewer", password });
  const weak = await hashPassword(password, { ln: 10, r: 8, p: 1 });
  await db.query("update iroko.user_account set password = $1", [weak]);
  assert.equal(await checkPassword(password, weak), "outdated");
  const { secret } = await openLoginSession(db, { name: "ada", password }, page);
  const stored = (await findUser(db, "ada"))!.password;
  assert.match(stored, /^\$scrypt\$ln=15,r=8,p=3\$/);
  assert.equal(await checkPassword(password, stored), "right");
  assert.ok(await principalOfSession(db, secret));
});

const name = { subject: "name ada", longestSeconds: 30 };
const from = (n: number) => ({ subject: `address 192.0.2.${n}`, longestSeconds: 900 });
const attempt = (...subjects: Parameters<typeof reserveAttempt>[1]) =>
  db.transaction((tx) => reserveAttempt(tx, subjects));
const waited = () => db.query("update iroko.login_attempt set next_try_at = clock_timestamp() - interval '1 second'");
/** How long the next one would have to wait, as its failure has set it. */
const waits = async (subject: string): Promise<number> => {
  const { rows } = await db.query<{ wait: number }>(
    "select round(extract(epoch from next_try_at - clock_timestamp()))::integer as wait from iroko.login_attempt where subject = $1",
    [subject],
  );
  return rows[0]!.wait;
};

test("attempts of a name wait, longer and longer, from wherever they come; half a minute at most", async () => {
  for (let n = 1; n <= 5; n++) assert.equal(await attempt(name, from(n)), undefined, "the first ones are free");
  await db.query(
    "update iroko.login_attempt set next_try_at = next_try_at + interval '10 minutes' where subject = $1",
    [name.subject],
  );
  const wait = await attempt(name, from(9));
  assert.ok(wait !== undefined && wait > 590 && wait <= 601, `${wait}`);
  await waited();
  for (let n = 10; n < 20; n++) {
    assert.equal(await attempt(name, from(n)), undefined);
    const longest = Math.min(30, 2 ** (n - 9));
    const next = await waits(name.subject);
    assert.ok(next <= longest && (longest < 16 || next > longest / 2), `${next} of ${longest}`);
    await waited();
  }
  await db.transaction((tx) => forgiveAttempt(tx, name.subject, from(19).subject));
  for (let n = 0; n < 4; n++) assert.equal(await attempt(name, from(30)), undefined, "a success begins anew");
  assert.equal((await waits(name.subject)) <= 0, true);
});

test("an address that fails under many names waits up to a quarter of an hour, whichever name comes next", async () => {
  for (let n = 0; n < 20; n++) {
    assert.equal(await attempt({ subject: `name guess${n}`, longestSeconds: 30 }, from(1)), undefined);
    if (n < 19) await waited();
  }
  const wait = await attempt(name, from(1));
  assert.ok(wait !== undefined && wait > 800 && wait <= 900, `${wait}`);
  assert.equal(await attempt(name, from(2)), undefined, "others are not held up");
});

test("many attempts at once are counted each: they are no way around the wait", async () => {
  await attempt(name, from(1));
  const outcomes = await Promise.all(Array.from({ length: 30 }, (_, n) => attempt(name, from(n + 2))));
  assert.ok(
    outcomes.filter((wait) => wait === undefined).length <= 4 + 2,
    "the free ones, and those of a second or two",
  );
});

test("too early an attempt is told when to come again, and its password is not looked at", async () => {
  await addUser(db, { name: "ada", role: "viewer", password });
  await assert.rejects(
    openLoginSession(db, { name: "ada", password: "wrong wrong wrong" }, page),
    fails("SIGN_IN_REFUSED"),
  );
  await db.query("update iroko.login_attempt set next_try_at = clock_timestamp() + interval '10 minutes'");
  await assert.rejects(
    openLoginSession(db, { name: "ada", password }, page),
    fails("RATE_LIMITED", /Try again in (600|59\d) s/),
  );
  await waited();
  await openLoginSession(db, { name: "ADA", password }, page);
  const { rows } = await db.query<{ actor: string; outcome: string }>(
    "select actor, outcome from iroko.audit order by seq desc limit 2",
  );
  assert.deepEqual(rows, [
    { actor: "ada", outcome: "done" },
    { actor: "ada", outcome: "SIGN_IN_REFUSED" },
  ]);
});

test("what was typed as an unknown name is not kept: it may be a password", async () => {
  await assert.rejects(openLoginSession(db, { name: password, password: "" }, page), fails("SIGN_IN_REFUSED"));
  const { rows } = await db.query<{ text: string }>(
    "select to_jsonb(a)::text as text from iroko.audit a order by seq desc limit 1",
  );
  assert.match(rows[0]!.text, /\(unknown\)/);
  assert.doesNotMatch(rows[0]!.text, /four words/);
});

test("an unknown name takes the time of a wrong password", async () => {
  await addUser(db, { name: "ada", role: "viewer", password });
  const median = async (name: string): Promise<number> => {
    const times: number[] = [];
    for (let n = 0; n < 3; n++) {
      await db.query("truncate iroko.login_attempt");
      const before = performance.now();
      await assert.rejects(
        openLoginSession(db, { name, password: "wrong wrong wrong" }, page),
        fails("SIGN_IN_REFUSED"),
      );
      times.push(performance.now() - before);
    }
    return times.toSorted((a, b) => a - b)[1]!;
  };
  const [known, unknown] = [await median("ada"), await median("bola")];
  // Without its hash an unknown name answers some thirty times sooner.
  assert.ok(unknown > known / 5 && unknown < known * 5, `${unknown} against ${known} ms`);
});

test("a token is good until it expires or is revoked, and the next request sees it", async () => {
  const made = await createToken(db, machine, { name: "export", role: "operator", days: 7 });
  assert.match(made.token, /^iroko_[0-9a-z]{12}_[\w-]{43}$/);
  const principal = await principalOfToken(db, made.token);
  assert.deepEqual([principal.kind, principal.name, principal.role], ["token", "export", "operator"]);
  const [row] = await listTokens(db, 10);
  assert.ok(row!.lastUsedAt !== null && Math.abs(row!.expiresAt.since(row!.createdAt).total("hours") - 168) < 2);
  await revokeToken(db, made.id);
  await revokeToken(db, made.id);
  await assert.rejects(principalOfToken(db, made.token), fails("TOKEN_REFUSED", /was revoked/));
  const old = await createToken(db, machine, { name: "old", role: "viewer" });
  await db.query("update iroko.api_token set expires_at = clock_timestamp() where id = $1", [old.id]);
  await assert.rejects(principalOfToken(db, old.token), fails("TOKEN_REFUSED", /has expired/));
  await assert.rejects(revokeToken(db, "000000000000"), fails("TOKEN_NOT_FOUND"));
});

test("a token with a wrong secret, of another id, cut or longer is no token", async () => {
  const { token } = await createToken(db, machine, { name: "export", role: "viewer" });
  const other = await createToken(db, machine, { name: "other", role: "admin" });
  const [, id, secret] = /^iroko_([^_]+)_(.*)$/.exec(token)!;
  for (const text of [
    `iroko_${other.id}_${secret}`,
    `iroko_${id}_${"A".repeat(43)}`,
    token.slice(0, -1),
    `${token}A`,
    token.toUpperCase(),
    `iroko_${"0".repeat(12)}_${"A".repeat(43)}`,
    ` ${token}`,
    "",
  ])
    await assert.rejects(principalOfToken(db, text), fails("TOKEN_REFUSED", /not one of this server's/), text);
});

test("a token is used often and written once a minute", async () => {
  const { token, id } = await createToken(db, machine, { name: "export", role: "viewer" });
  const used = async () => {
    await principalOfToken(db, token);
    return (await listTokens(db, 1))[0]!.lastUsedAt!;
  };
  const first = await used();
  assert.ok((await used()).equals(first));
  await db.query("update iroko.api_token set last_used_at = now() - interval '2 minutes' where id = $1", [id]);
  assert.ok(Temporal.Instant.compare(await used(), first) > 0);
});

test("a token's role is never above its maker's: not when it is made, not when the maker's is lowered, not after its removal", async () => {
  await addUser(db, { name: "ada", role: "operator", password });
  const { id } = (await listUsers(db, 1))[0]!;
  const ada: Principal = { kind: "user", id, name: "ada", role: "operator" };
  await assert.rejects(
    createToken(db, ada, { name: "x", role: "admin" }),
    fails("ROLE_NEEDED", /needs the role admin\. User ada has the role operator/),
  );
  const { token } = await createToken(db, ada, { name: "x", role: "operator" });
  await assert.rejects(
    createToken(db, await principalOfToken(db, token), { name: "y", role: "viewer" }),
    fails("ROLE_NEEDED"),
  );
  await setRole(db, "ada", "viewer");
  assert.equal((await principalOfToken(db, token)).role, "viewer");
  await setRole(db, "ada", "admin");
  assert.equal((await principalOfToken(db, token)).role, "operator");
  await removeUser(db, "ada");
  await assert.rejects(principalOfToken(db, token), fails("TOKEN_REFUSED", /was revoked/));
});
