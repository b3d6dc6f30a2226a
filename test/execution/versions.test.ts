/** What is kept of a partition besides what is current. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listVersions, retentionOf } from "@iroko/core/engine";
import { expireVersions } from "../../packages/core/src/instance/versions.ts";
import { firstDay, versionedInstance } from "../support/make-versions.ts";

test("each replaced version stays with its object, data version and run; a run that is deleted takes none along", async () => {
  await using instance = await versionedInstance();
  for (const n of [1, 2, 3]) await instance.make(n);
  const versions = await listVersions(instance.db, "numbers", firstDay);
  assert.deepEqual(
    versions.map(({ version, current }) => [version, current]),
    [
      [3, true],
      [2, false],
      [1, false],
    ],
  );
  assert.equal(new Set(versions.map(({ objectKey }) => objectKey)).size, 3);
  assert.equal(new Set(versions.map(({ dataVersion }) => dataVersion)).size, 3);
  for (const [place, { objectKey, rows, bytes }] of versions.entries()) {
    assert.deepEqual([rows, bytes], [1, 8]);
    const content = await instance.store.readRange(objectKey!, 0, 100);
    assert.equal(Buffer.from(content).toString(), `{"n":${3 - place}}\n`);
  }
  await instance.db.query("delete from iroko.run");
  assert.equal((await listVersions(instance.db, "numbers", firstDay)).length, 3);
});

test("of each partition the newest few stay, each for a while, by the rule of its asset", async () => {
  await using instance = await versionedInstance();
  const { db } = instance;
  for (const n of [1, 2, 3, 4]) await instance.make(n);
  const kept = async (asset: string): Promise<readonly number[]> =>
    (await listVersions(db, asset, firstDay)).map(({ version }) => version);
  const rules = [{ asset: "numbers", versions: 2, days: 30 }];
  const others = { versions: 9, days: 30 };

  assert.equal((await expireVersions(db, rules, others, 10)).length, 1);
  assert.deepEqual(
    [await kept("numbers"), await kept("doubled")],
    [
      [4, 3, 2],
      [4, 3, 2, 1],
    ],
  );

  await db.query(
    "update iroko.asset_version set replaced_at = clock_timestamp() - interval '31 days' where version <= 2",
  );
  assert.equal((await expireVersions(db, rules, others, 2)).length, 2, "no more than the limit");
  assert.equal((await expireVersions(db, rules, others, 10)).length, 1);
  assert.deepEqual(
    [await kept("numbers"), await kept("doubled")],
    [
      [4, 3],
      [4, 3],
    ],
  );
  assert.equal((await expireVersions(db, rules, others, 10)).length, 0);
});

test("sensitive data is kept shorter, unless its owner says otherwise", async () => {
  await using instance = await versionedInstance(`
    const common = { partitions: days, materialize: () => [{ n: said() }] };
    const secret = z.object({ n: sensitive(z.int()) });
    export default define({ assets: [
      asset({ key: "plain", schema, output: jsonLines("plain"), ...common }),
      asset({ key: "secret", schema: secret, output: jsonLines("secret"), ...common }),
      asset({ key: "kept", schema: secret, output: jsonLines("kept"), retention: { days: 7 }, ...common }),
    ] });`);
  const { snapshot } = await instance.deploy();
  assert.deepEqual(Object.fromEntries(snapshot.assets.map((asset) => [asset.key, retentionOf(asset)])), {
    plain: { versions: 3, days: 30 },
    secret: { versions: 1, days: 3 },
    kept: { versions: 1, days: 7 },
  });
});
