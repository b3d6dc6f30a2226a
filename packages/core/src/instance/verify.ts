import type { Queryable } from "./database.ts";

/** A commit that is due to be looked at again. */
export interface CommitRow {
  readonly asset: string;
  readonly partition: string;
  readonly version: number;
  readonly objectKey: string;
  readonly etag: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly run: string;
  /** Since it was made, by the database's clock. */
  readonly ageSeconds: number;
  /** Where its built file is kept, if it still is. */
  readonly machine: string | null;
  readonly file: string | null;
}

/** One commit, whatever its partition has become since. */
export type CommitName = Pick<CommitRow, "asset" | "partition" | "version">;

/**
 * Takes commits that are due, for so long: whoever took them and died leaves them to the next. Those that others are
 * taking are left to them.
 *
 * @param now the database's clock unless it is given
 */
export async function takeDueCommits(
  db: Queryable,
  assets: readonly string[],
  limit: number,
  leaseSeconds: number,
  now: Temporal.Instant | undefined,
): Promise<readonly CommitRow[]> {
  const { rows } = await db.query<CommitRow>(
    `with due as (
       select asset, partition from iroko.asset_partition
        where verify_after <= coalesce($4, clock_timestamp()) and asset = any ($1) and object_key is not null
        order by verify_after limit $2 for update skip locked)
     update iroko.asset_partition p set verify_after = coalesce($4, clock_timestamp()) + make_interval(secs => $3)
       from due where p.asset = due.asset and p.partition = due.partition
     returning p.asset, p.partition, p.version, p.object_key as "objectKey", p.etag, p.sha256, coalesce(p.bytes, 0) as bytes,
               p.made_by_run as run, extract(epoch from coalesce($4, clock_timestamp()) - p.made_at)::float8 as "ageSeconds",
               (select machine from iroko.built b where (b.step, b.asset, b.partition) = (p.made_by_step, p.asset, p.partition)) as machine,
               (select file from iroko.built b where (b.step, b.asset, b.partition) = (p.made_by_step, p.asset, p.partition)) as file`,
    [assets, limit, leaseSeconds, now?.toString() ?? null],
  );
  return rows;
}

/** Looked at, and whole: not looked at again. */
export async function settleCommits(db: Queryable, commits: readonly CommitName[]): Promise<void> {
  if (commits.length === 0) return;
  await db.query(
    `with settled as (
       select p.asset, p.partition from unnest($1::text[], $2::text[], $3::bigint[]) as s (asset, partition, version)
         join iroko.asset_partition p using (asset, partition, version) order by p.asset, p.partition for update of p)
     update iroko.asset_partition p set verify_after = null from settled where p.asset = settled.asset and p.partition = settled.partition`,
    columnsOf(commits),
  );
}

/** Looks at commits again only after so long. Returns those that are still current. */
export async function postponeCommits(
  db: Queryable,
  commits: readonly CommitName[],
  seconds: number,
): Promise<readonly CommitName[]> {
  if (commits.length === 0) return [];
  const { rows } = await db.query<CommitName>(
    `with later as (
       select p.asset, p.partition from unnest($1::text[], $2::text[], $3::bigint[]) as s (asset, partition, version)
         join iroko.asset_partition p using (asset, partition, version) order by p.asset, p.partition for update of p)
     update iroko.asset_partition p set verify_after = clock_timestamp() + make_interval(secs => $4)
       from later where p.asset = later.asset and p.partition = later.partition
     returning p.asset, p.partition, p.version`,
    [...columnsOf(commits), seconds],
  );
  return rows;
}

/** The staged object has been put once more: on a disk its ETag is another one then. */
export async function recordRestored(db: Queryable, commit: CommitName & { readonly etag: string }): Promise<void> {
  await db.query(
    `with moved as (
       update iroko.asset_partition set etag = $4 where asset = $1 and partition = $2 and version = $3 returning object_key)
     update iroko.step_output o set etag = $4 from moved
      where o.asset = $1 and o.partition = $2 and o.version = $3 and o.object_key = moved.object_key`,
    [commit.asset, commit.partition, commit.version, commit.etag],
  );
}

/** Its stable path does not show what the table says: it is due to be published again. */
export async function recordUnpublished(db: Queryable, { asset, partition, version }: CommitName): Promise<void> {
  await db.query(
    `update iroko.asset_partition set published_version = null where asset = $1 and partition = $2 and version = $3`,
    [asset, partition, version],
  );
}

function columnsOf(commits: readonly CommitName[]): readonly unknown[] {
  return [
    commits.map(({ asset }) => asset),
    commits.map(({ partition }) => partition),
    commits.map(({ version }) => version),
  ];
}
