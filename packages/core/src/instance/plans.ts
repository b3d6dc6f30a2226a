import type { Json } from "../definitions/metadata.ts";
import type { BasisPart } from "../planning/plan-basis.ts";
import { jsonText } from "./columns.ts";
import type { Queryable, Tx } from "./database.ts";
import { rowFilters } from "./row-filters.ts";

/** A plan that nobody has applied is kept for so long. */
const keptHours = 24;

export interface PlanRow {
  readonly id: string;
  readonly location: string;
  readonly snapshotVersion: number;
  readonly request: unknown;
  readonly config: Readonly<Record<string, Json>>;
  readonly plan: unknown;
  readonly basis: Basis;
  readonly asOf: Temporal.Instant;
  readonly createdAt: Temporal.Instant;
  /** What it became. */
  readonly run: string | null;
}

export interface Basis {
  /** Whatever was written before is part of the fingerprints. */
  readonly since: string;
  readonly fingerprints: readonly string[];
}

/** Keeps a plan, and forgets those that nobody has applied in time. False: the id is taken. */
export async function insertPlan(tx: Tx, plan: Omit<PlanRow, "createdAt" | "run">): Promise<boolean> {
  await tx.query(
    "delete from iroko.plan where run is null and created_at < clock_timestamp() - make_interval(hours => $1)",
    [keptHours],
  );
  const { rowCount } = await tx.query(
    `insert into iroko.plan (id, location, snapshot_version, request, config, plan, basis, as_of) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (id) do nothing`,
    [
      plan.id,
      plan.location,
      plan.snapshotVersion,
      jsonText(plan.request),
      jsonText(plan.config),
      jsonText(plan.plan),
      jsonText(plan.basis),
      plan.asOf.toString(),
    ],
  );
  return rowCount === 1;
}

const planColumns = `id, location, snapshot_version as "snapshotVersion", request, config, plan, basis, as_of as "asOf",
  created_at as "createdAt", run`;

export async function getPlan(db: Queryable, id: string): Promise<PlanRow | undefined> {
  const { rows } = await db.query<PlanRow>(`select ${planColumns} from iroko.plan where id = $1`, [id]);
  return rows[0];
}

/** The latest plan that makes anything of an asset; undefined where somebody has applied it. */
export async function keptPlanOf(db: Queryable, location: string, asset: string): Promise<PlanRow | undefined> {
  const { rows } = await db.query<PlanRow>(
    `select ${planColumns} from iroko.plan
      where location = $1 and plan -> 'assets' @> jsonb_build_array(jsonb_build_object('asset', $2::text))
        and created_at >= clock_timestamp() - make_interval(hours => $3) order by created_at desc limit 1`,
    [location, asset, keptHours],
  );
  return rows[0]?.run === null ? rows[0] : undefined;
}

/** Nobody else applies it, or forgets it, before this transaction ends. */
export async function lockPlan(tx: Tx, id: string): Promise<PlanRow | undefined> {
  const { rows } = await tx.query<PlanRow>(`select ${planColumns} from iroko.plan where id = $1 for update`, [id]);
  return rows[0];
}

export async function markApplied(tx: Tx, id: string, run: string): Promise<void> {
  await tx.query("update iroko.plan set run = $2 where id = $1", [id, run]);
}

/**
 * One text for each part, which changes with whatever matters of it: versions and failures of what a plan makes, data
 * versions of what it reads. A look at the part's rows by index, whatever their number; none of them leaves Postgres.
 */
export async function fingerprints(db: Queryable, parts: readonly BasisPart[]): Promise<Basis> {
  const { rows } = await db.query<{ part: number; fingerprint: string }>(
    `with wanted as (
       select * from json_to_recordset($1) as w (part integer, makes boolean, asset text, windows tstzmultirange, keys text[], rests text[]))
     select w.part,
            concat_ws(' ', sum(p.made), bit_xor(case when w.makes then hashtextextended(p.partition, p.version) else
              hashtextextended(p.partition, hashtextextended(p.data_version, 0)) end),
              bit_xor(hashtextextended(p.partition, (extract(epoch from p.last_at) * 1000000)::bigint)) filter (where w.makes and p.last_status = 'failed')) as fingerprint
       from wanted w cross join lateral (
            select p.partition, p.version, p.data_version, p.last_at, p.last_status, (p.version is not null)::integer as made
              from iroko.asset_partition p
             where p.asset = w.asset and w.windows is not null and lower(p.time_window) >= lower(w.windows) and lower(p.time_window) < upper(w.windows)
               and p.time_window <@ w.windows and (w.rests is null or p.rest = any (w.rests))
            union all
            select p.partition, p.version, p.data_version, p.last_at, p.last_status, (p.version is not null)::integer
              from iroko.asset_partition p where p.asset = w.asset and p.partition = any (w.keys)) p
      group by w.part order by w.part`,
    [filtersOf(parts)],
  );
  const { rows: times } = await db.query<{ since: Temporal.Instant }>(
    `select least(min(xact_start), clock_timestamp()) as since from pg_stat_activity where datname = current_database()`,
  );
  const found = Map.groupBy(rows, ({ part }) => part);
  return {
    since: (times[0] as { since: Temporal.Instant }).since.toString(),
    fingerprints: parts.map((_, part) => (found.get(part) ?? []).map(({ fingerprint }) => fingerprint).join(" ")),
  };
}

export interface MovedPartition {
  readonly asset: string;
  readonly partition: string;
  readonly status: "succeeded" | "failed" | "canceled" | "observed";
}

/** What has had an outcome since, the latest first: some of it, to tell people. */
export async function movedSince(
  db: Queryable,
  parts: readonly BasisPart[],
  since: string,
  limit: number,
): Promise<readonly MovedPartition[]> {
  const { rows } = await db.query<MovedPartition>(
    `with wanted as (
       select * from json_to_recordset($1) as w (part integer, makes boolean, asset text, windows tstzmultirange, keys text[], rests text[]))
     select distinct on (p.last_at, p.asset, p.partition) p.asset, p.partition, p.last_status as status
       from iroko.asset_partition p join wanted w on w.asset = p.asset
      where p.last_at >= $2 and p.last_status is not null
        and ((p.time_window <@ w.windows and (w.rests is null or p.rest = any (w.rests))) or p.partition = any (w.keys))
      order by p.last_at desc, p.asset, p.partition limit $3`,
    [filtersOf(parts), since, limit],
  );
  return rows;
}

function filtersOf(parts: readonly BasisPart[]): string {
  return jsonText(
    parts.flatMap(({ asset, role, partitions }, part) =>
      rowFilters(partitions).map((filter) => ({ part, makes: role === "makes", asset, ...filter })),
    ),
  );
}
