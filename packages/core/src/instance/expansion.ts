/** Runs whose steps are not all there yet. */
import type { Queryable, Tx } from "./database.ts";
import type { StepKind, StepStatus } from "./steps.ts";

/** Runs that have steps to be inserted, and that nobody has gone on with for a moment; the oldest first. */
export async function runsToExpand(db: Queryable): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from iroko.run
      where expanded < planned and (expanded_at is null or expanded_at < clock_timestamp() - interval '3 seconds')
      order by created_at, id`,
  );
  return rows.map(({ id }) => id);
}

export interface Growth {
  readonly id: string;
  readonly location: string;
  readonly priority: number;
  readonly maxConcurrency: number | null;
  /** Whose code runs it, and which the plan was made with. */
  readonly snapshotVersion: number;
  readonly planVersion: number;
  readonly plan: unknown;
  readonly asOf: Temporal.Instant;
  readonly keysRevision: number;
}

/** What never changes of a run, to expand its plan. */
export async function growthOf(db: Queryable, run: string): Promise<Growth | undefined> {
  const { rows } = await db.query<Growth>(
    `select id, location, priority, max_concurrency as "maxConcurrency", snapshot_version as "snapshotVersion", plan_version as "planVersion", plan,
            as_of as "asOf", keys_revision as "keysRevision" from iroko.run where id = $1`,
    [run],
  );
  return rows[0];
}

/**
 * Where to go on from, for whoever is the only one to do so until the end of the transaction; undefined where another does,
 * or where nothing is left to insert.
 */
export async function takeTurn(
  tx: Tx,
  run: string,
): Promise<{ readonly from: number; readonly canceled: boolean } | undefined> {
  const { rows } = await tx.query<{ from: number; canceled: boolean }>(
    `with turn as materialized (select pg_try_advisory_xact_lock(hashtext('iroko.expand'), hashtext($1::text)) as mine)
     select r.expand_from as from, r.cancel_requested_at is not null as canceled
       from turn, iroko.run r where turn.mine and r.id = $1::uuid and r.expanded < r.planned`,
    [run],
  );
  return rows[0];
}

export interface UpstreamStep {
  readonly id: number;
  readonly n: number;
  readonly kind: StepKind;
  readonly name: string;
  readonly assets: readonly string[];
  readonly status: StepStatus;
  readonly outcome: string | null;
  readonly because: string | null;
}

/**
 * Steps that new ones wait for. Those that have not ended are locked first, in the order of their ids: whoever ends one of
 * them then sees the new arrows. What has ended stays as it is.
 */
export async function lockUpstream(tx: Tx, run: string, numbers: readonly number[]): Promise<readonly UpstreamStep[]> {
  if (numbers.length === 0) return [];
  const values = [run, numbers.toSorted((a, b) => a - b)];
  await tx.query(
    `select from (select n from unnest($2::integer[]) with ordinality as one (n, place) order by place) wanted
       cross join lateral (
         select id from iroko.step s where s.run = $1 and s.n = wanted.n and s.status in ('blocked', 'ready', 'running') for share) locked`,
    values,
  );
  const { rows } = await tx.query<UpstreamStep>(
    `select s.id, s.n, s.kind, s.name, s.assets, s.status, s.outcome, s.deferred_reason as because
       from unnest($2::integer[]) wanted cross join lateral (
         select * from iroko.step s where s.run = $1 and s.n = wanted offset 0) s`,
    values,
  );
  return rows;
}

/** Which assets steps have given something for. */
export async function givenBy(tx: Tx, steps: readonly number[]): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
  if (steps.length === 0) return new Map();
  const { rows } = await tx.query<{ step: number; assets: readonly string[] }>(
    "select step, array_agg(distinct asset) as assets from iroko.step_output where step = any ($1) group by step",
    [steps],
  );
  return new Map(rows.map(({ step, assets }) => [step, new Set(assets)]));
}

/**
 * Says that steps were inserted, gates among them, which the plan had not counted. False: another has done so meanwhile, or
 * the run is to be canceled, and nothing of the transaction may stay.
 */
export async function advance(
  tx: Tx,
  run: string,
  chunk: Readonly<Record<"from" | "to" | "steps" | "gates", number>> & { readonly isLast: boolean },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update iroko.run set expanded = expanded + $4, planned = case when $6 then expanded + $4 else planned + $5 end,
            expand_from = $3, expanded_at = clock_timestamp()
      where id = $1 and expand_from = $2 and cancel_requested_at is null and ended_at is null`,
    [run, chunk.from, chunk.to, chunk.steps, chunk.gates, chunk.isLast],
  );
  return rowCount === 1;
}

/** Of a run that is to be canceled: what is not inserted never will be. Returns how many steps that are. */
export async function forgoRest(tx: Tx, run: string): Promise<number> {
  const { rows } = await tx.query<{ left: number }>(
    `with growing as (
       select id, planned - expanded as left from iroko.run
        where id = $1 and expanded < planned and cancel_requested_at is not null and ended_at is null for update)
     update iroko.run r set expanded = planned from growing where r.id = growing.id returning growing.left`,
    [run],
  );
  return rows[0]?.left ?? 0;
}

/** Of a run that begins with copies of steps: what they are about, how many they are, and how many are still to come. */
export async function beginWith(tx: Tx, run: string, steps: number, toCome: number): Promise<void> {
  await tx.query(
    `with noted as (
       insert into iroko.run_asset (run, asset)
       select distinct run, asset from iroko.step cross join unnest(assets) as asset where run = $1 on conflict do nothing)
     update iroko.run set expanded = $2, planned = $2::integer + $3::integer where id = $1`,
    [run, steps, toCome],
  );
}

/** How many steps of a run were never inserted, and from which on. */
export async function neverInserted(
  tx: Tx,
  run: string,
): Promise<{ readonly steps: number; readonly from: number; readonly planVersion: number }> {
  const { rows } = await tx.query<{ steps: number; from: number; planVersion: number }>(
    `select planned - (select count(*) from iroko.step where run = $1)::integer as steps, expand_from as from,
            plan_version as "planVersion" from iroko.run where id = $1`,
    [run],
  );
  return rows[0]!;
}
