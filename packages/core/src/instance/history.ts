import type { Queryable } from "./database.ts";

export interface HistoryRow {
  readonly asset: string;
  /** Newest first; null in place of what is not known. */
  readonly rows: readonly (number | null)[];
  readonly bytes: readonly (number | null)[];
  readonly seconds: readonly (number | null)[];
}

/**
 * Of each asset the last few partitions with a version: the latest windows of those by time, and some of the others. A
 * few index entries for each asset, however many partitions it has.
 */
export async function assetHistories(
  db: Queryable,
  assets: { readonly byTime: readonly string[]; readonly others: readonly string[] },
  last: number,
): Promise<readonly HistoryRow[]> {
  const { rows } = await db.query<HistoryRow>(
    `with recent as (
       select wanted.asset, p.* from unnest($1::text[]) as wanted (asset) cross join lateral (
              select partition, rows, bytes, made_by_step, lower(time_window) as start from iroko.asset_partition
               where asset = wanted.asset and time_window is not null and version is not null
               order by lower(time_window) desc limit $3) p
       union all
       select wanted.asset, p.* from unnest($2::text[]) as wanted (asset) cross join lateral (
              select partition, rows, bytes, made_by_step, null::timestamptz from iroko.asset_partition
               where asset = wanted.asset and version is not null order by partition limit $3) p)
     select r.asset, array_agg(r.rows order by r.start desc) as rows, array_agg(r.bytes order by r.start desc) as bytes,
            array_agg(o.seconds order by r.start desc) as seconds
       from recent r left join iroko.step_output o on (o.step, o.asset, o.partition) = (r.made_by_step, r.asset, r.partition)
      group by r.asset`,
    [assets.byTime, assets.others, last],
  );
  return rows;
}
