import type { PlannedEdge } from "../planning/plan.ts";
import type { Json } from "../definitions/metadata.ts";
import type { SetColumns } from "./columns.ts";
import type { Queryable, Tx } from "./database.ts";
import { isUnpublished } from "./asset-partitions.ts";
import { poolsOfRun } from "./pools.ts";

export type RunStatus = "queued" | "running" | "succeeded" | "failed" | "canceled";
export type RunTrigger = "cli" | "api" | "schedule" | "retry" | "verify" | "observe";

export interface NewRun {
  readonly id: string;
  readonly location: string;
  readonly snapshotVersion: number;
  readonly trigger: RunTrigger;
  readonly triggerName?: string;
  readonly selection: string;
  /** The request's partitions as text, for people. */
  readonly partitions: string;
  /** As `planToJson` has written it. */
  readonly plan: unknown;
  /** The snapshot that the plan was made with; that of the run unless it is tried again by later code. */
  readonly planVersion?: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, Json>>;
  readonly priority: number;
  /** At most so many of its steps run at once. */
  readonly maxConcurrency?: number | null;
  readonly parent?: string;
  readonly asOf: Temporal.Instant;
  /** Of the keys of dynamic partitions, as of which it was planned; 0 where it knows of none. */
  readonly keysRevision: number;
}

/** `skipped`: something it needs has ended otherwise; `succeeded`: a gate that has nothing to wait for any more. */
export interface NewStep extends SetColumns {
  readonly status: "blocked" | "ready" | "skipped" | "succeeded";
  /** Upstream steps that have not ended. */
  readonly waitingOn: number;
  /** Why it is skipped. */
  readonly because: string | null;
  readonly n: number;
  readonly kind: "materialize" | "check" | "observe" | "gate";
  readonly name: string;
  readonly assets: readonly string[];
  readonly definitionHash: string;
  readonly pools: readonly string[];
  readonly reason: string;
  readonly onlyIfChanged: boolean;
}

export interface RunBeginning {
  /** The number in the plan to expand it from. */
  readonly expandFrom?: number;
  /** Whether it makes all of its plan; what else it is about is noted with its steps. */
  readonly isOfPlan?: boolean;
}

/**
 * Inserts a run that will have so many steps, none of which is there yet; one that will have none has ended. What its plan is
 * about is noted with it.
 */
export async function insertRun(
  tx: Tx,
  run: NewRun,
  planned: number,
  { expandFrom = 0, isOfPlan = true }: RunBeginning = {},
): Promise<void> {
  await tx.query(
    `with added as (
       insert into iroko.run (id, location, snapshot_version, trigger, trigger_name, selection, partitions, plan, tags, config,
                              priority, parent, as_of, keys_revision, planned, expanded, expand_from, plan_version, max_concurrency,
                              status, ended_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $15, $14, 0, $16, $17, $18,
               case when $14 = 0 then 'succeeded' else 'queued' end, case when $14 = 0 then clock_timestamp() end)
       returning id, max_concurrency),
     noted as (
       insert into iroko.run_asset (run, asset)
       select distinct $1::uuid, entry ->> 'asset' from jsonb_array_elements(($8::jsonb -> 'assets') || ($8::jsonb -> 'checks')) as entry where $20)
     insert into iroko.pool (name, slots, run) select name, max_concurrency, id from added cross join unnest($19::text[]) as name`,
    [
      run.id,
      run.location,
      run.snapshotVersion,
      run.trigger,
      run.triggerName ?? null,
      run.selection,
      run.partitions,
      JSON.stringify(run.plan),
      JSON.stringify(run.tags),
      JSON.stringify(run.config),
      run.priority,
      run.parent ?? null,
      run.asOf.toString(),
      planned,
      run.keysRevision,
      expandFrom,
      run.planVersion ?? run.snapshotVersion,
      run.maxConcurrency ?? null,
      planned === 0 ? [] : poolsOfRun(run),
      isOfPlan,
    ],
  );
}

/** Inserts steps of a run, and the arrows into them. */
export async function insertSteps(
  tx: Tx,
  run: Pick<NewRun, "id" | "location" | "priority" | "maxConcurrency">,
  steps: readonly NewStep[],
  edges: readonly PlannedEdge[],
): Promise<void> {
  await tx.query(
    `insert into iroko.step (run, n, kind, name, assets, location, definition_hash, windows, keys, boxes, pools, priority, reason,
                             only_if_changed, waiting_on, status, deferred_reason, ready_at, ended_at)
     select $1, n, kind, name, assets, $2, definition_hash, windows, keys, boxes, case when kind = 'gate' then pools else pools || $5::text[] end, $3, reason, only_if_changed, waiting_on,
            status, because, case when status = 'ready' then clock_timestamp() end,
            case when status in ('skipped', 'succeeded') then clock_timestamp() end
       from json_to_recordset($4) as step (n integer, kind text, name text, assets text[], definition_hash text,
            windows tstzmultirange, keys text[], boxes jsonb, pools text[], reason text, only_if_changed boolean, waiting_on integer,
            status text, because text)
      order by n`,
    [
      run.id,
      run.location,
      run.priority,
      JSON.stringify(
        steps.map((step) => ({
          n: step.n,
          kind: step.kind,
          name: step.name,
          assets: step.assets,
          definition_hash: step.definitionHash,
          windows: step.windows,
          keys: step.keys,
          boxes: step.boxes,
          pools: step.pools,
          reason: step.reason,
          only_if_changed: step.onlyIfChanged,
          waiting_on: step.waitingOn,
          status: step.status,
          because: step.because,
        })),
      ),
      poolsOfRun(run),
    ],
  );
  if (edges.length > 0) {
    await tx.query(
      `insert into iroko.step_edge (run, upstream, downstream, weak)
       select $1, * from unnest($2::integer[], $3::integer[], $4::boolean[])`,
      [run.id, edges.map((edge) => edge.from), edges.map((edge) => edge.to), edges.map((edge) => edge.weak)],
    );
  }
}

/** First claims of runs: their start. */
export async function markRunsStarted(tx: Tx, runs: readonly string[]): Promise<void> {
  if (runs.length === 0) return;
  await tx.query(
    `with locked as (select id from iroko.run where id = any ($1::uuid[]) and status = 'queued' order by id for update)
     update iroko.run r set status = 'running', started_at = clock_timestamp() from locked where r.id = locked.id`,
    [runs],
  );
}

export interface EndedSteps {
  readonly succeeded?: number;
  readonly failed?: number;
  readonly skipped?: number;
  readonly canceled?: number;
  /** What they have committed. */
  readonly rows?: number;
  readonly bytes?: number;
}

/**
 * Counts steps that have ended; the run ends with its last one. Locks the run, so it comes after steps and partitions.
 * Whoever waits for the run is told by `notify iroko_run`.
 */
export async function countEnded(tx: Tx, run: string, ended: EndedSteps): Promise<RunStatus | undefined> {
  const over =
    "expanded = planned and ended_at is null and succeeded + failed + skipped + canceled + $2 + $3 + $4 + $5 = planned";
  const { rows } = await tx.query<{ status: RunStatus }>(
    `with counted as (
       update iroko.run
          set succeeded = succeeded + $2, failed = failed + $3, skipped = skipped + $4, canceled = canceled + $5,
              made_rows = made_rows + $6, made_bytes = made_bytes + $7,
              status = case when not (${over}) then status when failed + $3 > 0 then 'failed' when canceled + $5 > 0 then 'canceled' else 'succeeded' end,
              ended_at = case when ${over} then clock_timestamp() else ended_at end,
              started_at = case when ${over} then coalesce(started_at, clock_timestamp()) else started_at end
        where id = $1 returning status, ended_at)
     select status, case when ended_at is not null then pg_notify('iroko_run', $1::text) end from counted`,
    [
      run,
      ended.succeeded ?? 0,
      ended.failed ?? 0,
      ended.skipped ?? 0,
      ended.canceled ?? 0,
      ended.rows ?? 0,
      ended.bytes ?? 0,
    ],
  );
  return rows[0]?.status;
}

/** Marks the run and tells its workers; undefined where it has ended or is unknown. */
export async function requestCancel(
  tx: Tx,
  run: string,
  reason: string,
): Promise<{ readonly first: boolean; readonly location: string } | undefined> {
  const { rows } = await tx.query<{ first: boolean; location: string }>(
    `with live as (select id, location, cancel_requested_at as before from iroko.run where id = $1 and ended_at is null for update),
     marked as (update iroko.run r set cancel_requested_at = coalesce(r.cancel_requested_at, clock_timestamp()),
                       cancel_reason = coalesce(r.cancel_reason, $2) from live where r.id = live.id)
     select before is null as first, location, pg_notify('iroko_cancel', $1::text) from live`,
    [run, reason],
  );
  return rows[0];
}

export interface RunRecord {
  readonly id: string;
  readonly location: string;
  readonly snapshotVersion: number;
  readonly status: RunStatus;
  readonly trigger: RunTrigger;
  readonly triggerName: string | null;
  readonly selection: string;
  readonly partitions: string;
  readonly plan: unknown;
  readonly tags: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, Json>>;
  readonly priority: number;
  readonly maxConcurrency: number | null;
  readonly parent: string | null;
  readonly asOf: Temporal.Instant;
  readonly keysRevision: number;
  readonly planned: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly canceled: number;
  readonly createdAt: Temporal.Instant;
  readonly startedAt: Temporal.Instant | null;
  readonly endedAt: Temporal.Instant | null;
  readonly cancelRequestedAt: Temporal.Instant | null;
  readonly cancelReason: string | null;
}

const runColumns = `id, location, snapshot_version as "snapshotVersion", status, trigger, trigger_name as "triggerName", selection,
  partitions, plan, tags, config, priority, max_concurrency as "maxConcurrency", parent, as_of as "asOf", keys_revision as "keysRevision", planned, succeeded, failed, skipped, canceled,
  created_at as "createdAt", started_at as "startedAt", ended_at as "endedAt",
  cancel_requested_at as "cancelRequestedAt", cancel_reason as "cancelReason"`;

export async function getRun(db: Queryable, id: string): Promise<RunRecord | undefined> {
  const { rows } = await db.query<RunRecord>(`select ${runColumns} from iroko.run where id = $1`, [id]);
  return rows[0];
}

/** Runs whose id starts so, for ids typed by hand; at most a few. */
export async function findRuns(db: Queryable, idPrefix: string): Promise<readonly RunRecord[]> {
  const { rows } = await db.query<RunRecord>(
    `select ${runColumns} from iroko.run where starts_with(id::text, $1) order by created_at desc limit 5`,
    [idPrefix.toLowerCase()],
  );
  return rows;
}

export interface RunFilter {
  readonly limit: number;
  /** Only runs made before this one: the cursor of paging. */
  readonly before?: string | undefined;
  readonly statuses?: readonly RunStatus[] | undefined;
  /** Observations are left out unless asked for. */
  readonly observations?: boolean | undefined;
  /** An asset that they make, observe or check. */
  readonly asset?: string | undefined;
  /** What asked for them: a trigger, or a schedule's name. */
  readonly by?: string | undefined;
  /** Asked for then or later; ISO 8601. */
  readonly since?: string | undefined;
  /** Asked for before then; ISO 8601. */
  readonly until?: string | undefined;
}

/** Newest first. */
export async function listRuns(db: Queryable, filter: RunFilter): Promise<readonly RunRecord[]> {
  const { rows } = await db.query<RunRecord>(
    `select ${runColumns} from iroko.run
      where ($2::uuid is null or (created_at, id) < (select created_at, id from iroko.run where id = $2))
        and ($3::text[] is null or status = any ($3))
        and ($4 or trigger <> 'observe' or $6 = 'observe')
        and ($5::text is null or exists (select from iroko.run_asset a where a.asset = $5 and a.run = run.id))
        and ($6::text is null or $6 in (trigger, trigger_name))
        and ($7::timestamptz is null or created_at >= $7)
        and ($8::timestamptz is null or created_at < $8)
      order by created_at desc, id desc limit $1`,
    [
      filter.limit,
      filter.before ?? null,
      filter.statuses ?? null,
      filter.observations ?? false,
      filter.asset ?? null,
      filter.by ?? null,
      filter.since ?? null,
      filter.until ?? null,
    ],
  );
  return rows;
}

/** How far a run is, without what it has written. */
export interface RunCountsRow {
  readonly run: string;
  readonly status: RunStatus;
  readonly planned: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly canceled: number;
  readonly running: number;
}

/** Of all runs that have not ended, and of some others: two index scans, however large the runs. */
export async function countsOfRuns(db: Queryable, besides: readonly string[]): Promise<readonly RunCountsRow[]> {
  const { rows } = await db.query<RunCountsRow>(
    `with wanted as (
       select id from iroko.run where status in ('queued', 'running') union select unnest($1::uuid[])),
     busy as (select run, count(*) as running from iroko.step where status = 'running' group by run)
     select r.id as run, r.status, r.planned, r.succeeded, r.failed, r.skipped, r.canceled, coalesce(busy.running, 0) as running
       from wanted join iroko.run r on r.id = wanted.id left join busy on busy.run = r.id`,
    [besides],
  );
  return rows;
}

export interface RunProgress {
  readonly status: RunStatus;
  readonly planned: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly canceled: number;
  readonly running: number;
  /** What its steps have committed; of what is staged and not committed nothing counts. */
  readonly rows: number;
  readonly bytes: number;
  /** Committed versions that the stable paths do not show yet. */
  readonly unpublished: number;
}

/** What a live display needs, in one statement that costs the same for any number of steps. */
export async function runProgress(db: Queryable, id: string): Promise<RunProgress | undefined> {
  const { rows } = await db.query<RunProgress>(
    `select r.status, r.planned, r.succeeded, r.failed, r.skipped, r.canceled,
            (select count(*) from iroko.step s where s.run = r.id and s.status = 'running') as running,
            r.made_rows as rows, r.made_bytes as bytes,
            (select count(*) from iroko.asset_partition p where p.made_by_run = r.id and ${isUnpublished}) as unpublished
       from iroko.run r where r.id = $1`,
    [id],
  );
  return rows[0];
}
