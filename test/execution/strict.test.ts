/** Each invariant, broken on purpose, is found and told with what to do; a sound instance gives no finding. */
import assert from "node:assert/strict";
import { chmod, unlink, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { listVersions, refreshSummaries, violations, type Database, type Violation } from "@iroko/core/engine";
import { firstDay, versionedInstance, type VersionedInstance } from "../support/make-versions.ts";
import { minioOfFile, skipWithoutMinio } from "../support/minio.ts";
import { waitFor } from "../support/wait-for.ts";

const minio = minioOfFile();

const now = Temporal.Now.instant();

async function found(
  { db, store }: Pick<VersionedInstance, "db" | "store">,
  at: Temporal.Instant = now,
): Promise<readonly Violation[]> {
  const all: Violation[] = [];
  for await (const violation of violations(db, store, { now: at, settleSeconds: 0 })) all.push(violation);
  return all;
}

/** Made twice by a worker that has left since, so that nobody mends what a test breaks. */
async function setup(store?: string): Promise<VersionedInstance> {
  const instance = await versionedInstance(undefined, store === undefined ? {} : { store });
  for (const n of [1, 2]) await instance.make(n, "*", "2026-11-01..2026-11-02");
  await instance.worker.drain(10);
  return instance;
}

class Undone extends Error {}

/** What is found of a state that is given up right afterwards. */
async function foundAfter(instance: VersionedInstance, change: string): Promise<readonly Violation[]> {
  let all: readonly Violation[] = [];
  await instance.db
    .transaction(async (tx) => {
      await tx.query(change);
      const db: Database = { ...instance.db, query: (text, values) => tx.query(text, values) };
      all = await found({ db, store: instance.store });
      throw new Undone();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
  return all;
}

const someStep = "(select min(id) from iroko.step)";

const brokenTables: Readonly<Record<string, { readonly change: string; readonly says: RegExp }>> = {
  "running step without a worker": {
    change: `update iroko.step set status = 'running', worker = gen_random_uuid(), ended_at = null where id = ${someStep}`,
    says: /step 0 \(numbers\) of run .*: worker .* is gone/,
  },
  "admitted step without a wake-up": {
    change: `update iroko.step set status = 'ready', admitted = true, ended_at = null, ready_at = now() - interval '1 hour' where id = ${someStep}`,
    says: /no queue job is left/,
  },
  "step behind nothing": {
    change: `update iroko.step set behind = 4711 where id = ${someStep}`,
    says: /step 4711 that it waits behind/,
  },
  "partition busy with nothing": {
    change: `update iroko.asset_partition set busy_step = ${someStep} where asset = 'numbers'`,
    says: /numbers@2026-10-31T23:00:00Z of run .* \(2 in all\)/,
  },
  "waiting for other than its arrows": {
    change: `update iroko.run set status = 'running', ended_at = null;
             update iroko.step set status = 'blocked', waiting_on = 3, ended_at = null where id = (select max(id) from iroko.step)`,
    says: /waits for 3, and has 0 unfinished above it/,
  },
  "blocked by what has ended": {
    change: `update iroko.run set status = 'running', ended_at = null;
             update iroko.step set status = 'blocked', waiting_on = 0, ended_at = null where id = (select max(id) from iroko.step)`,
    says: /nothing is left to wait for/,
  },
  "run counts other than its steps": {
    change: "update iroko.run set succeeded = succeeded - 1",
    says: /counts 4 expanded, 3 succeeded/,
  },
  "run without an end": {
    change: "update iroko.run set status = 'running', ended_at = null",
    says: /all of its 4 steps have ended, and it is running/,
  },
  "pool over its limit": {
    change: `insert into iroko.pool (name, slots) values ('narrow', 0);
             update iroko.step set status = 'running', worker = gen_random_uuid(), ended_at = null, pools = '{narrow}' where id = ${someStep}`,
    says: /pool narrow: runs 1 steps of 0/,
  },
  "audit that was changed": {
    change: `insert into iroko.audit (actor_kind, actor, via, operation, outcome) values ('user', 'ada', 'page', 'x', 'done');
             set local session_replication_role = replica; update iroko.audit set actor = 'eve'`,
    says: /row 1 of the audit is edited/,
  },
  "version out of order": {
    change: "update iroko.asset_version set version = 9 where asset = 'numbers'",
    says: /version 9 is kept as an older one than version 2/,
  },
  "summary other than its partitions": {
    change: "update iroko.asset_summary set rows = rows + 1 where asset = 'doubled'",
    says: /asset doubled: sums up 2 made partitions, 3 rows/,
  },
  "published other than the pointer": {
    change:
      "update iroko.asset_partition set published_version = 1, made_at = now() - interval '1 hour' where asset = 'numbers'",
    says: /numbers@2026-11-01: version 2 is current, and version 1 is published/,
  },
};

test("a sound instance gives no finding; each rule of the tables that is broken is told with a remedy", async (context) => {
  await using instance = await setup();
  // Where nobody has summed up since, the next worker does.
  await refreshSummaries(instance.db);
  assert.deepEqual(await found(instance), []);
  for (const [rule, { change, says }] of Object.entries(brokenTables)) {
    await context.test(rule, async () => {
      const told = (await foundAfter(instance, change)).filter((violation) => violation.rule === rule);
      assert.ok(told.length > 0, `${rule} was not found`);
      assert.match(told[0]!.message, says);
      assert.notEqual(told[0]!.remedy, "");
    });
  }
  assert.deepEqual(await found(instance), [], "each change was given up");
});

for (const kind of ["local", "MinIO"] as const) {
  test(
    `${kind}: objects that are missing, damaged, older or newer than the pointer are named, and a worker mends them`,
    { skip: kind === "MinIO" && skipWithoutMinio },
    async () => {
      await using instance = await setup(kind === "MinIO" ? `s3://${minio.server.bucket}/strict` : undefined);
      const { db, store } = instance;
      const [current, older] = await listVersions(db, "numbers", firstDay);
      const stable = "numbers/2026-11-01.jsonl";
      const rules = async (): Promise<readonly string[]> => (await found(instance)).map(({ rule }) => rule);
      assert.deepEqual(await rules(), []);

      await store.delete(stable);
      assert.deepEqual(await rules(), ["published other than the pointer"]);
      await store.publish(older!.objectKey!, stable, { incarnation: 1, version: 9 });
      const [newer] = await found(instance);
      assert.equal(newer?.rule, "object newer than its pointer");
      assert.match(newer.message, /numbers@2026-11-01: .*numbers\/2026-11-01\.jsonl/);
      await store.delete("doubled/2026-11-02.jsonl");
      assert.equal((await rules()).length, 2);

      await store.delete(older!.objectKey!);
      assert.ok((await rules()).includes("kept version without its object"));
      await db.query("delete from iroko.asset_version where object_key = $1", [older!.objectKey]);

      if (kind === "local") {
        const file = fileURLToPath(store.uriOf(current!.objectKey!));
        await unlink(file);
        await writeFile(file, '{"n":7}\n');
        await chmod(file, 0o444);
        assert.match(
          (await found(instance)).map(({ message }) => message).join("\n"),
          /does not hash to what was put there/,
        );
      }
      await store.delete(current!.objectKey!);
      const all = await found(instance);
      const lost = all.find(({ rule }) => rule === "pointer without its object");
      assert.match(lost!.message, /numbers@2026-11-01, version 2: the object .* is missing/);
      assert.match(
        lost!.remedy,
        /iroko doctor --strict --repair; or make it again: iroko materialize --select numbers --partition 2026-11-01/,
      );

      await instance.startWorker({ slots: 1 });
      await waitFor(
        "all of it to be mended",
        async () => {
          const left = await found(instance, Temporal.Now.instant());
          for (const { repair } of left) await repair?.();
          return left.length === 0;
        },
        { seconds: 90, everyMilliseconds: 500 },
      );
    },
  );
}

test("counts, arrows and sums are mended as they are found", async () => {
  await using instance = await setup();
  const { db } = instance;
  await refreshSummaries(db);
  await db.query(
    "update iroko.run set succeeded = succeeded - 1, made_rows = made_rows + 5, status = 'running', ended_at = null",
  );
  await db.query("update iroko.asset_summary set bytes = 0");
  const all = await found(instance);
  assert.deepEqual(
    new Set(all.map(({ rule }) => rule)),
    new Set(["run counts other than its steps", "summary other than its partitions"]),
  );
  for (const { repair } of all) await repair!();
  assert.deepEqual(await found(instance), []);
  const { rows } = await db.query<{ status: string; succeeded: number }>(
    "select distinct status, succeeded from iroko.run",
  );
  assert.deepEqual(rows, [{ status: "succeeded", succeeded: 4 }]);
});

test("old garbage in the store is told of, and another instance's store", async () => {
  await using instance = await setup();
  const { db, store } = instance;
  const [current] = await listVersions(db, "numbers", firstDay);
  await db.query(
    "update iroko.asset_version set object_key = object_key || 'x' where object_key <> $1 and asset = 'numbers'",
    [current!.objectKey],
  );
  const rules = (await found(instance, now.add({ seconds: 72 * 3600 }))).map(({ rule }) => rule);
  assert.deepEqual(new Set(rules), new Set(["kept version without its object", "object that nothing names"]));
  await db.query("update iroko.instance set id = gen_random_uuid()");
  const at = async (): Promise<readonly string[]> => (await found(instance)).map(({ rule }) => rule);
  assert.deepEqual(await at(), ["store of another instance"]);
  await store.delete("_iroko/instance.json");
  assert.deepEqual(await at(), ["store without its marker"], "and not that all objects are gone");
});
