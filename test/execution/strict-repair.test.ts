/** What `doctor --strict --repair` mends by itself, with no worker about: each rule broken for real, told, and sound again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listVersions, refreshSummaries, violations, type Violation } from "@iroko/core/engine";
import { firstDay, versionedInstance, type VersionedInstance } from "../support/make-versions.ts";

const stable = "numbers/2026-11-01.jsonl";
const someStep = "(select max(id) from iroko.step where name = 'doubled')";
const itsRun = `(select run from iroko.step where id = ${someStep})`;
/** Steps and runs as they were before anything was broken. */
const saved = `create table saved_step as select * from iroko.step; create table saved_run as select * from iroko.run`;
const restored = `
  update iroko.step s set (status, worker, admitted, waiting_on, behind, ended_at, outcome, deferred_reason)
       = (select b.status, b.worker, b.admitted, b.waiting_on, b.behind, b.ended_at, b.outcome, b.deferred_reason from saved_step b where b.id = s.id);
  update iroko.run r set (status, ended_at, succeeded) = (select b.status, b.ended_at, b.succeeded from saved_run b where b.id = r.id)`;
/** As if the step's run had gone on to that point, and not further. */
const reopened = `update iroko.run set status = 'running', ended_at = null, succeeded = succeeded - 1 where id = ${itsRun};`;

interface Break {
  readonly rule: string;
  readonly how: string | ((instance: VersionedInstance) => Promise<void>);
  /** Hours from now at which it is looked at. */
  readonly later?: number;
}

const breaks: readonly Break[] = [
  {
    rule: "admitted step without a wake-up",
    how: `${reopened} update iroko.step set status = 'ready', admitted = true, ended_at = null, outcome = null, ready_at = now() - interval '1 hour' where id = ${someStep}`,
  },
  { rule: "step behind nothing", how: `update iroko.step set behind = 4711 where id = ${someStep}` },
  {
    rule: "partition busy with nothing",
    how: `update iroko.asset_partition set busy_step = ${someStep} where asset = 'numbers'`,
  },
  {
    rule: "waiting for other than its arrows",
    how: `${reopened} update iroko.step set status = 'blocked', waiting_on = 3, ended_at = null, outcome = null where id = ${someStep}`,
  },
  {
    rule: "blocked by what has ended",
    how: `${reopened} update iroko.step set status = 'blocked', waiting_on = 0, ended_at = null, outcome = null where id = ${someStep}`,
  },
  { rule: "run counts other than its steps", how: "update iroko.run set succeeded = succeeded - 1" },
  { rule: "run without an end", how: "update iroko.run set status = 'running', ended_at = null" },
  {
    rule: "summary other than its partitions",
    how: "update iroko.asset_summary set rows = rows + 1 where asset = 'doubled'",
  },
  {
    rule: "published other than the pointer",
    how: "update iroko.asset_partition set published_version = 1, made_at = now() - interval '1 hour' where asset = 'numbers'",
  },
  { rule: "published other than the pointer", how: ({ store }) => store.delete(stable) },
  {
    rule: "object newer than its pointer",
    async how({ db, store }) {
      const older = (await listVersions(db, "numbers", firstDay))[1]!;
      await store.publish(older.objectKey!, stable, { incarnation: 1, version: 9 });
    },
  },
  {
    rule: "kept version without its object",
    async how({ db, store }) {
      const older = (await listVersions(db, "doubled", firstDay))[1]!;
      await store.delete(older.objectKey!);
    },
  },
  {
    rule: "object that nothing names",
    how: "delete from iroko.asset_version where asset = 'numbers'",
    later: 72,
  },
  {
    rule: "running step without a worker",
    how: `${reopened} update iroko.step set status = 'running', worker = gen_random_uuid(), ended_at = null, outcome = null where id = ${someStep}`,
  },
];

test("each rule that needs no person is mended by its own repair", { timeout: 300_000 }, async (t) => {
  await using instance = await versionedInstance();
  for (const n of [1, 2]) await instance.make(n);
  await instance.worker.drain(10);
  const { db, store } = instance;
  await refreshSummaries(db);
  const found = (later = 0): Promise<readonly Violation[]> =>
    Array.fromAsync(violations(db, store, { now: Temporal.Now.instant().add({ hours: later }), settleSeconds: 0 }));
  assert.deepEqual(await found(), []);
  await db.query(saved);
  for (const { rule, how, later } of breaks) {
    await db.query(restored);
    assert.deepEqual(await found(), []);
    await t.test(rule, async () => {
      if (typeof how === "string") await db.query(how);
      else await how(instance);
      const told = await found(later);
      assert.ok(
        told.some((violation) => violation.rule === rule),
        `found: ${told.map((one) => one.rule).join(", ")}`,
      );
      // One repair may bring up what another rule mends, such as the counts of a run whose step was given back.
      for (let round = 0; round < 3; round += 1) for (const { repair } of await found(later)) await repair?.();
      await refreshSummaries(db);
      assert.deepEqual(await found(later), []);
    });
  }
  // What was opened again is gone on with, to its end.
  await instance.startWorker({ slots: 1 });
  const { rows } = await db.query<{ id: string }>("select id from iroko.run");
  for (const { id } of rows) assert.equal((await instance.ended(id, 60)).status, "succeeded");
});
