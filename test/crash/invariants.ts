/** What must hold of an instance that has come to rest, whatever it went through. */
import assert from "node:assert/strict";
import { partitionOf, type Snapshot } from "@iroko/core";
import { stableKey, violations, type Database, type Store } from "@iroko/core/engine";

export interface AtRest {
  /** Objects under `_v/` that no row names: what the collector is to take. */
  readonly orphans: readonly string[];
  readonly versions: number;
}

export async function assertAtRest(db: Database, store: Store, snapshot: Snapshot): Promise<AtRest> {
  const none = async (what: string, query: string): Promise<void> =>
    assert.deepEqual((await db.query(query)).rows, [], what);
  await none("every run has ended", "select id, status from iroko.run where ended_at is null");
  await none(
    "no step waits, runs or is admitted",
    "select id, status, admitted, behind from iroko.step where status in ('blocked', 'ready', 'running') or admitted or behind is not null",
  );
  await none("no partition is busy", "select asset, partition from iroko.asset_partition where busy_step is not null");
  await none(
    "runs' counts are those of their steps",
    `select r.id from iroko.run r left join iroko.step s on s.run = r.id group by r.id
      having (r.planned, r.succeeded, r.failed, r.skipped, r.canceled) is distinct from
             (count(s.id), count(*) filter (where s.status = 'succeeded'), count(*) filter (where s.status = 'failed'),
              count(*) filter (where s.status = 'skipped'), count(*) filter (where s.status = 'canceled'))`,
  );
  await none(
    "a run commits a partition once",
    `select run, asset, version.key as partition, count(*) from iroko.event, jsonb_each(payload -> 'versions') as version
      where type = 'materialization' group by 1, 2, 3 having count(*) > 1`,
  );
  await none(
    "versions are counted without a gap, each told by one event",
    `select p.asset, p.partition, p.version, count(v.version) from iroko.asset_partition p
       left join (select asset, version.key as partition, version.value as version from iroko.event, jsonb_each(payload -> 'versions') as version
                   where type = 'materialization' and version.value <> 'null') v using (asset, partition)
      where p.object_key is not null group by 1, 2, 3 having count(v.version) <> p.version or count(distinct v.version) <> p.version`,
  );
  const wrong = await Array.fromAsync(violations(db, store, { now: Temporal.Now.instant() }));
  assert.deepEqual(wrong, [], "iroko doctor --strict finds nothing");
  return { orphans: await orphansOf(db, store), versions: await assertPublished(db, store, snapshot) };
}

/** Every pointer's object is there, and its stable path shows it. */
async function assertPublished(db: Database, store: Store, snapshot: Snapshot): Promise<number> {
  const { incarnation } = (await db.query<{ incarnation: number }>("select incarnation from iroko.instance")).rows[0]!;
  const { rows } = await db.query<{
    asset: string;
    partition: string;
    version: number;
    published: number | null;
    key: string;
    etag: string;
    bytes: number;
  }>(
    `select asset, partition, version, published_version as published, object_key as key, etag, bytes
       from iroko.asset_partition where object_key is not null`,
  );
  for (const { asset, partition, version, published, key, etag, bytes } of rows) {
    const name = `${asset}@${partition}`;
    const there = await store.head(key);
    assert.deepEqual({ etag: there?.etag, bytes: there?.bytes }, { etag, bytes }, `${name} points to nothing: ${key}`);
    assert.equal(published, version, `${name} is published`);
    const definition = snapshot.assets.find((each) => each.key === asset);
    assert.ok(definition?.storage, `${asset} is stored`);
    const stable = stableKey(definition.storage, partitionOf(definition.partitions, partition));
    assert.ok(await store.isPublished(key, stable, { incarnation, version }), `${name} shows another version`);
  }
  return rows.length;
}

async function orphansOf(db: Database, store: Store): Promise<readonly string[]> {
  const { rows } = await db.query<{ key: string }>(
    `select object_key as key from iroko.asset_partition union select object_key from iroko.asset_version
      union select object_key from iroko.step_output`,
  );
  const known = new Set(rows.map(({ key }) => key));
  const all = await Array.fromAsync(store.list("_v/"), ({ key }) => key);
  return all.filter((key) => !known.has(key));
}
