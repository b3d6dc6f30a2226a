import type { Snapshot } from "../definitions/snapshot.ts";
import type { Queryable, Tx } from "./database.ts";
import { renameAssets } from "./rename-assets.ts";
import { keepSchemas } from "./table-schemas.ts";

export interface Location {
  readonly name: string;
  readonly version: number;
  readonly snapshot: Snapshot;
}

/** The snapshot that the location registered last; undefined where it never did. */
export async function currentLocation(db: Queryable, name: string): Promise<Location | undefined> {
  const { rows } = await db.query<{ name: string; version: number; snapshot: Snapshot }>(
    "select name, version, snapshot from iroko.location where name = $1 and current",
    [name],
  );
  return rows[0];
}

export async function listLocations(
  db: Queryable,
): Promise<readonly (Location & { readonly registeredAt: Temporal.Instant })[]> {
  const { rows } = await db.query<Location & { registeredAt: Temporal.Instant }>(
    `select name, version, snapshot, registered_at as "registeredAt" from iroko.location where current order by name`,
  );
  return rows;
}

/** Which snapshot is current where, without the snapshots themselves. */
export async function listLocationVersions(
  db: Queryable,
): Promise<readonly { readonly name: string; readonly version: number; readonly registeredAt: Temporal.Instant }[]> {
  const { rows } = await db.query<{ name: string; version: number; registeredAt: Temporal.Instant }>(
    `select name, version, registered_at as "registeredAt" from iroko.location where current order by name`,
  );
  return rows;
}

/** A snapshot that a run was planned on. */
export async function locationAt(db: Queryable, name: string, version: number): Promise<Location | undefined> {
  const { rows } = await db.query<{ name: string; version: number; snapshot: Snapshot }>(
    "select name, version, snapshot from iroko.location where name = $1 and version = $2",
    [name, version],
  );
  return rows[0];
}

/** Several of them. */
export async function locationsAt(
  db: Queryable,
  wanted: readonly Pick<Location, "name" | "version">[],
): Promise<readonly Location[]> {
  const { rows } = await db.query<{ name: string; version: number; snapshot: Snapshot }>(
    `select name, version, snapshot from iroko.location
       join unnest($1::text[], $2::integer[]) as wanted (name, version) using (name, version)`,
    [wanted.map(({ name }) => name), wanted.map(({ version }) => version)],
  );
  return rows;
}

/**
 * Where a snapshot is registered, and the one that was registered there before it: null for the first. undefined where it
 * never was. The same snapshot in several locations is of one of them: they hold the same assets.
 */
export async function registeredBefore(
  db: Queryable,
  hash: string,
): Promise<{ readonly name: string; readonly before: Snapshot | null } | undefined> {
  const { rows } = await db.query<{ name: string; before: Snapshot | null }>(
    `select this.name,
            (select snapshot from iroko.location
              where name = this.name and (registered_at, version) < (this.registered_at, this.version)
              order by registered_at desc, version desc limit 1) as before
       from iroko.location this where this.hash = $1 order by this.current desc, this.name limit 1`,
    [hash],
  );
  return rows[0];
}

/**
 * Makes a snapshot the location's current one; the same snapshot again keeps its version.
 *
 * @throws {IrokoError} ASSET_RENAME
 */
export async function registerLocation(
  tx: Tx,
  name: string,
  snapshot: Snapshot,
): Promise<{ readonly version: number; readonly changed: boolean }> {
  await tx.query("select pg_advisory_xact_lock(hashtext('iroko.location'), hashtext($1))", [name]);
  const known = await tx.query<{ version: number; hash: string; current: boolean }>(
    "select version, hash, current from iroko.location where name = $1 order by version",
    [name],
  );
  const same = known.rows.find((row) => row.hash === snapshot.hash);
  if (same?.current === true) return { version: same.version, changed: false };
  await renameAssets(tx, (await currentLocation(tx, name))?.snapshot, snapshot);
  await tx.query("update iroko.location set current = false where name = $1 and current", [name]);
  const version = same?.version ?? (known.rows.at(-1)?.version ?? 0) + 1;
  await tx.query(
    `insert into iroko.location (name, version, hash, snapshot) values ($1, $2, $3, $4)
     on conflict (name, version) do update set current = true, registered_at = now()`,
    [name, version, snapshot.hash, JSON.stringify(snapshot)],
  );
  await keepSchemas(
    tx,
    snapshot.assets.flatMap(({ schema }) => schema ?? []),
  );
  await tx.query(
    `insert into iroko.asset (key, location, definition_hash)
     select key, $1, hash from unnest($2::text[], $3::text[]) as asset (key, hash) order by key
     on conflict (key) do update set location = excluded.location, definition_hash = excluded.definition_hash, removed_at = null`,
    [name, snapshot.assets.map((asset) => asset.key), snapshot.assets.map((asset) => asset.definitionHash)],
  );
  await tx.query(
    "update iroko.asset set removed_at = now() where location = $1 and removed_at is null and key <> all ($2::text[])",
    [name, snapshot.assets.map((asset) => asset.key)],
  );
  return { version, changed: true };
}

/** Unfinished runs with steps that were planned with other definitions than these, and how many such steps each has. */
export async function stepsOfOtherCode(
  db: Queryable,
  location: string,
  hashes: readonly string[],
): Promise<readonly { readonly run: string; readonly steps: number }[]> {
  const { rows } = await db.query<{ run: string; steps: number }>(
    `select r.id as run, count(*) as steps from iroko.run r join iroko.step s on s.run = r.id
      where r.location = $1 and r.status in ('queued', 'running') and s.status in ('blocked', 'ready', 'running')
        and s.kind <> 'gate' and s.definition_hash <> all ($2) group by r.id order by r.id`,
    [location, hashes],
  );
  return rows;
}

export interface InstanceFacts {
  readonly id: string;
  readonly incarnation: number;
}

export async function instanceFacts(db: Queryable): Promise<InstanceFacts> {
  const { rows } = await db.query<{ id: string; incarnation: number }>("select id, incarnation from iroko.instance");
  return rows[0] as InstanceFacts;
}
