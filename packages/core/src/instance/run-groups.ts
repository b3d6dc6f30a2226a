/**
 * A run's steps by what they make: counts, times and sets, however many steps there are. Steps are grouped in pieces of some
 * hundreds that follow each other, so that whoever looks again has only those pieces grouped in which a step has changed.
 */
import type { BoxJson } from "../partitions/partition-set.ts";
import type { Queryable } from "./database.ts";
import { databaseMoment, type DatabaseMoment } from "./database-moment.ts";
import type { StepKind, StepStatus } from "./steps.ts";

/** Of steps of one piece that make the same and have the same status. */
export interface RunPieceRow {
  /** The steps' name. */
  readonly name: string;
  readonly kind: StepKind;
  readonly assets: readonly string[];
  /** `held`: ready, and put off for a reason. */
  readonly status: StepStatus | "held";
  readonly steps: number;
  readonly startedAt: Temporal.Instant | null;
  /** The last end; null where none has ended. */
  readonly endedAt: Temporal.Instant | null;
  /** Seconds between start and end of those that succeeded, in all. */
  readonly seconds: number | null;
  /** Where one is looked at first. */
  readonly first: number;
  readonly windows: string | null;
  /** Step by step. */
  readonly keys: readonly (readonly string[])[] | null;
  readonly boxes: readonly (readonly BoxJson[])[] | null;
}

export interface RunPieces extends DatabaseMoment {
  /** By the number of the piece; what has only gates in it has no rows. */
  readonly pieces: ReadonlyMap<number, readonly RunPieceRow[]>;
}

const stepsInPiece = 1024;

const everyPiece = `select generate_series(0, (select max(n) from iroko.step where run = $1) / ${stepsInPiece})`;

/**
 * A row's `xmin` is the transaction that wrote it. Whatever the snapshot did not see is no older than the oldest that it saw
 * under way; ages are told apart for two billion transactions.
 */
const changedPieces = `
  select distinct n / ${stepsInPiece} from iroko.step
   where run = $1 and age(xmin) <= (
         select case when pg_snapshot_xmax(pg_current_snapshot())::text::bigint - oldest::text::bigint < 2000000000
                     then age(oldest::xid) else 2147483647 end
           from pg_snapshot_xmin($2::pg_snapshot) oldest)`;

/**
 * The pieces of a run, or those in which a step was inserted or has changed since a moment, in one state of the database. Held
 * is grouped by as a truth: of any other expression Postgres expects so many groups that it sorts all steps.
 *
 * @param since `at` of the moment, in the same `life`
 */
export async function runPieces(db: Queryable, run: string, since?: string): Promise<RunPieces> {
  const { rows } = await db.query<
    DatabaseMoment & { readonly piece: number | null } & (RunPieceRow | { readonly name: null })
  >(
    `with changed (piece) as materialized (${since === undefined ? everyPiece : changedPieces})
     select ${databaseMoment}, piece, found.name, kind, assets, case when held then 'held' else status end as status, steps, started_at as "startedAt", ended_at as "endedAt",
            seconds, first, windows, keys, boxes
       from iroko.instance left join changed on true left join lateral (
            select name, kind, assets, status, status = 'ready' and deferred_reason is not null as held, count(*)::integer as steps,
                   min(started_at) as started_at, max(ended_at) as ended_at,
                   extract(epoch from sum(ended_at - started_at) filter (where status = 'succeeded'))::float8 as seconds, min(n) as first,
                   range_agg(windows) as windows, jsonb_agg(keys) filter (where keys is not null) as keys,
                   jsonb_agg(boxes) filter (where boxes is not null) as boxes
              from iroko.step
             where run = $1 and kind <> 'gate' and n >= piece * ${stepsInPiece} and n < (piece + 1) * ${stepsInPiece}
             group by 1, 2, 3, 4, 5) found on true`,
    since === undefined ? [run] : [run, since],
  );
  const pieces = new Map<number, RunPieceRow[]>();
  for (const { at: _at, life: _life, piece, ...row } of rows) {
    if (piece === null) continue;
    const found = pieces.get(piece) ?? [];
    pieces.set(piece, found);
    if (row.name !== null) found.push(row);
  }
  return { at: rows[0]!.at, life: rows[0]!.life, pieces };
}
