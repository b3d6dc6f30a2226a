/** The audit: it tells of each change in the change's own transaction, and shows where somebody has changed it. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { IrokoError } from "@iroko/core";
import {
  audited,
  insertAudit,
  listAudit,
  openDatabase,
  verifyAudit,
  type Actor,
  type Database,
} from "@iroko/core/engine";
import pg from "pg";
import { createMigratedDatabase } from "../support/database.ts";

const databases: AsyncDisposable[] = [];
after(async () => {
  for (const database of databases.toReversed()) await database[Symbol.asyncDispose]();
});

async function setup(): Promise<Database> {
  const database = await createMigratedDatabase();
  const db = openDatabase(database.url);
  databases.push(database, { [Symbol.asyncDispose]: () => db.close() });
  return db;
}

const ada: Actor = { kind: "user", name: "ada", via: "page", address: "192.0.2.1" };
const nasty = `"quo\\ted" \u0001\u2028 emoji \u{1f333} 'single' {"a": 1}`;

async function filled(rows = 6): Promise<Database> {
  const db = await setup();
  for (let n = 1; n <= rows; n++)
    await insertAudit(db, ada, { operation: "run.cancel", target: n === 3 ? nasty : `run ${n}`, outcome: "done" });
  return db;
}

/** As somebody would who may do anything in the database: triggers off. */
async function tampered(db: Database, sql: string): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query("set local session_replication_role = replica");
    await tx.query(sql);
  });
}

test("the chain holds as it is written, whatever stands in it", async () => {
  const db = await filled();
  await insertAudit(db, { kind: "nobody", name: "\0\ud800", via: "token" }, { operation: "x", outcome: "done" });
  const { rows, fault, head } = await verifyAudit(db);
  assert.deepEqual([rows, fault], [7, undefined]);
  assert.match(head, /^7:[0-9a-f]{64}$/);
  assert.deepEqual(await verifyAudit(await setup()), {
    rows: 0,
    head: "0:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  });
});

for (const [what, sql, seq, fault] of [
  ["edited", "update iroko.audit set actor = 'eve' where seq = 4", 4, "edited"],
  ["edited in its time", "update iroko.audit set at = at - interval '1 microsecond' where seq = 1", 1, "edited"],
  ["given a hash of its own", "update iroko.audit set target = 'x', hash = sha256('x') where seq = 2", 2, "edited"],
  ["deleted", "delete from iroko.audit where seq = 3", 3, "missing"],
  ["the first one, deleted", "delete from iroko.audit where seq = 1", 1, "missing"],
  [
    "put in another order",
    "update iroko.audit set seq = case seq when 2 then 5 else 2 end where seq in (2, 5)",
    2,
    "edited",
  ],
  ["cut off at the end", "delete from iroko.audit where seq > 4", 5, "cut off"],
  ["cut off whole", "delete from iroko.audit", 1, "cut off"],
] as const) {
  test(`the first bad row is named when one is ${what}`, async () => {
    const db = await filled();
    // A primary key is checked row by row: two rows change places by way of a third number.
    if (what === "put in another order") {
      await tampered(db, "update iroko.audit set seq = 99 where seq = 2");
      await tampered(db, "update iroko.audit set seq = 2 where seq = 5");
      await tampered(db, "update iroko.audit set seq = 5 where seq = 99");
    } else await tampered(db, sql);
    assert.deepEqual((await verifyAudit(db)).fault, { seq, fault });
  });
}

test("a chain that was written anew is shown by a head that was noted before", async () => {
  const db = await filled();
  const { head } = await verifyAudit(db);
  await insertAudit(db, ada, { operation: "run.retry", outcome: "done" });
  assert.equal((await verifyAudit(db, head)).fault, undefined, "it goes on, and the noted row is in it");
  await tampered(db, "delete from iroko.audit");
  await tampered(db, "update iroko.audit_head set seq = 0, hash = sha256('')");
  await insertAudit(db, ada, { operation: "run.retry", outcome: "done" });
  assert.equal((await verifyAudit(db)).fault, undefined);
  assert.deepEqual((await verifyAudit(db, head)).fault, { seq: 2, fault: "cut off" });
  for (let n = 0; n < 6; n++) await insertAudit(db, ada, { operation: "run.retry", outcome: "done" });
  assert.deepEqual((await verifyAudit(db, head)).fault, { seq: 6, fault: "not the row that was noted" });
});

test("the database refuses to change, delete or truncate it, and to move its head", async () => {
  const db = await filled(2);
  for (const sql of [
    "update iroko.audit set actor = 'eve'",
    "delete from iroko.audit where seq = 1",
    "truncate iroko.audit",
    "update iroko.audit_head set seq = 0",
    "delete from iroko.audit_head",
    "truncate iroko.audit_head",
  ])
    await assert.rejects(db.query(sql), (error) => error instanceof pg.DatabaseError && error.code === "42501", sql);
  assert.deepEqual([(await verifyAudit(db)).rows, (await verifyAudit(db)).fault], [2, undefined]);
});

test("numbers and hashes are the database's own: what is inserted with others gets the chain's", async () => {
  const db = await filled(1);
  await db.query(
    "insert into iroko.audit (seq, at, hash, actor_kind, actor, via, operation, outcome) values (77, '2000-01-01', '', 'user', 'eve', 'page', 'x', 'done')",
  );
  const { rows, fault } = await verifyAudit(db);
  assert.deepEqual([rows, fault], [2, undefined]);
});

test("many writers at once make one chain without a gap, also those that look at one moment", async () => {
  const db = await setup();
  await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      db.transaction((tx) => insertAudit(tx, ada, { operation: "x", target: `${n}`, outcome: "done" })),
    ),
  );
  const met = Promise.withResolvers<void>();
  let arrived = 0;
  await Promise.all(
    ["a", "b"].map((target) =>
      db.transaction(async (tx) => {
        await tx.query("set transaction isolation level repeatable read");
        await tx.query("select from iroko.instance");
        if (++arrived === 2) met.resolve();
        await met.promise;
        await insertAudit(tx, ada, { operation: "x", target, outcome: "done" });
      }),
    ),
  );
  const { rows, fault } = await verifyAudit(db);
  assert.deepEqual([rows, fault], [42, undefined]);
});

const told = async (db: Database) => (await listAudit(db, 10)).map((row) => [row.operation, row.target, row.outcome]);
const change = "update iroko.instance set keys_revision = keys_revision + 1";
const revision = async (db: Database) =>
  (await db.query<{ revision: number }>("select keys_revision as revision from iroko.instance")).rows[0]!.revision;

test("a change and its row are one: neither is there without the other", async () => {
  const db = await setup();
  let target = "";
  await audited(
    db,
    ada,
    () => ({ operation: "a", target }),
    (db) =>
      db.transaction(async (tx) => {
        await tx.query(change);
        target = "known by then";
      }),
  );
  assert.deepEqual(await told(db), [["a", "known by then", "done"]]);
  await tampered(db, "drop table iroko.audit_head cascade");
  await assert.rejects(audited(db, ada, { operation: "b" }, (db) => db.transaction((tx) => tx.query(change))));
  assert.equal(await revision(db), 1, "without its row the change is none");
});

test("what is refused or fails is told by its code, and changes nothing", async () => {
  const db = await setup();
  const failing = (error: Error) =>
    audited(db, ada, { operation: "a", target: "t" }, (db) =>
      db.transaction(async (tx) => {
        await tx.query(change);
        throw error;
      }),
    );
  await assert.rejects(failing(new IrokoError("RUN_ENDED", "The run has ended.")));
  await assert.rejects(failing(new Error("secret detail")));
  assert.deepEqual(await told(db), [
    ["a", "t", "INTERNAL"],
    ["a", "t", "RUN_ENDED"],
  ]);
  assert.equal(await revision(db), 0);
});

test("of several transactions the first that changes something tells, and work without any is told after it", async () => {
  const db = await setup();
  await audited(db, ada, { operation: "two" }, async (db) => {
    await db.transaction((tx) => tx.query("select from iroko.instance"));
    await assert.rejects(db.transaction((tx) => tx.query("no sql")));
    assert.deepEqual(await told(db), [], "reading is no change");
    await db.transaction((tx) => tx.query(change));
    await db.transaction((tx) => tx.query(change));
  });
  await audited(db, ada, { operation: "none" }, () => Promise.resolve());
  assert.deepEqual(await told(db), [
    ["none", null, "done"],
    ["two", null, "done"],
  ]);
});
