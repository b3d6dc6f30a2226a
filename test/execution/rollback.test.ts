/** An older version, current again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listEvents, listVersions, rollbackPartition, type RolledBack } from "@iroko/core/engine";
import { partitionOf } from "@iroko/core";
import { firstDay, numbersAndDoubled, versionedInstance, type VersionedInstance } from "../support/make-versions.ts";
import { minioOfFile, skipWithoutMinio } from "../support/minio.ts";
import { waitFor } from "../support/wait-for.ts";

const minio = minioOfFile();

async function back(instance: VersionedInstance, to?: number, key = "numbers"): Promise<RolledBack> {
  const { snapshot } = await instance.deploy();
  const asset = snapshot.assets.find((one) => one.key === key)!;
  return rollbackPartition(instance.db, instance.store, asset, partitionOf(asset.partitions, "2026-11-01"), to);
}

async function shown({ store }: VersionedInstance): Promise<string> {
  return Buffer.from(await store.readRange("numbers/2026-11-01.jsonl", 0, 100)).toString();
}

for (const kind of ["local", "MinIO"] as const) {
  test(
    `${kind}: the older version is published as a new one, what read the other is stale, and each rollback goes further back`,
    { skip: kind === "MinIO" && skipWithoutMinio },
    async () => {
      await using instance = await versionedInstance(
        undefined,
        kind === "MinIO" ? { store: `s3://${minio.server.bucket}/rollback` } : {},
      );
      const { db } = instance;
      for (const n of [1, 2, 3]) await instance.make(n);
      assert.deepEqual(await back(instance), { from: 3, to: 2, version: 4 });
      // The workers publish it.
      await waitFor("version 2 to be shown again", async () => (await shown(instance)) === '{"n":2}\n', {
        seconds: 30,
      });
      assert.deepEqual(await back(instance), { from: 4, to: 1, version: 5 });
      await waitFor("version 1 to be shown again", async () => (await shown(instance)) === '{"n":1}\n', {
        seconds: 30,
      });
      await assert.rejects(back(instance), { code: "VERSION_NOT_KEPT" }, "there is none before the first");
      assert.deepEqual(await back(instance, 3), { from: 5, to: 3, version: 6 });
      await waitFor("version 3 to be shown again", async () => (await shown(instance)) === '{"n":3}\n', {
        seconds: 30,
      });

      const versions = await listVersions(db, "numbers", firstDay);
      assert.deepEqual(
        versions.map(({ version, current }) => [version, current]),
        [
          [6, true],
          [5, false],
          [4, false],
          [3, false],
          [2, false],
          [1, false],
        ],
      );
      assert.equal(new Set(versions.map(({ objectKey }) => objectKey)).size, 3);
      const event = (await listEvents(db, { asset: "numbers" }, { limit: 1000 }))
        .filter(({ type }) => type === "rolled_back")
        .at(-1);
      assert.deepEqual(event?.payload, { from: 3, to: 2, version: 4 });
    },
  );
}

test("what has read the version that was taken back is made anew when one asks for what is stale", async () => {
  await using instance = await versionedInstance();
  for (const n of [1, 2]) await instance.make(n);
  await back(instance);
  await instance.make(9, "doubled", "stale");
  const { rows } = await instance.db.query<{ key: string }>(
    "select object_key as key from iroko.asset_partition where asset = 'doubled'",
  );
  assert.equal(Buffer.from(await instance.store.readRange(rows[0]!.key, 0, 100)).toString(), '{"n":2}\n');
});

test("a version that retention let go of, or whose object is gone, is refused by name; nothing has moved", async () => {
  await using instance = await versionedInstance();
  const { db, store } = instance;
  for (const n of [1, 2, 3]) await instance.make(n);
  await db.query("delete from iroko.asset_version where asset = 'numbers' and version = 1");
  await assert.rejects(back(instance, 1), (error: Error & { code: string; hint: string }) => {
    assert.deepEqual([error.code, error.message], ["VERSION_NOT_KEPT", "Version 1 of numbers@2026-11-01 is not kept."]);
    assert.match(error.hint, /Kept are: 2\./);
    return true;
  });
  const versions = await listVersions(db, "numbers", firstDay);
  await store.delete(versions[1]!.objectKey!);
  await assert.rejects(back(instance), { code: "VERSION_NOT_KEPT", message: /there is no object/ });
  await assert.rejects(back(instance, 3), { message: "Version 3 of numbers@2026-11-01 is the current one." });
  assert.deepEqual(
    (await listVersions(db, "numbers", firstDay)).map(({ version }) => version),
    [3, 2],
  );
});

test("nothing is rolled back while a run is making it; a step that had read its inputs before does not win over it", async () => {
  await using instance = await versionedInstance(
    numbersAndDoubled.replace(
      "return rows; } });",
      `while (said() === 3) await new Promise((resolve) => setTimeout(resolve, 10));
       if (said() === 4) throw new Error("tried again later");
       return rows; } });`,
    ),
  );
  const { db } = instance;
  for (const n of [1, 2]) await instance.make(n);
  await instance.project.write("n", "3");
  const run = await instance.submit({ select: "doubled", partitions: { kind: "text", text: "2026-11-01" } });
  await waitFor("the run to be making it", async () => {
    const { rowCount } = await db.query("select from iroko.asset_partition where busy_step is not null");
    return rowCount === 1;
  });
  await assert.rejects(back(instance, 1, "doubled"), {
    code: "PARTITION_BUSY",
    hint: `Wait for its end, or cancel it: iroko runs cancel ${run}`,
  });
  await instance.project.write("n", "4");
  await waitFor("the attempt to have failed", async () => {
    const { rowCount } = await db.query("select from iroko.asset_partition where busy_step is not null");
    return rowCount === 0;
  });
  const { version } = await back(instance, 1, "doubled");
  await instance.project.write("n", "5");
  assert.equal((await instance.ended(run, 60)).status, "succeeded");
  assert.equal((await listVersions(db, "doubled", firstDay))[0]!.version, version);
});
