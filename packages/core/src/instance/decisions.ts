import type { PartitionSet } from "../partitions/partition-set.ts";
import { jsonText, setColumns, type SetColumns } from "./columns.ts";
import type { Queryable, Tx } from "./database.ts";

export interface NewDecision {
  /** Who decided: `plan`, `step`. */
  readonly subject: string;
  readonly asset: string;
  readonly partitions: PartitionSet;
  /** `skipped`, `joined`, `superseded`. */
  readonly outcome: string;
  readonly reason: string;
  readonly run: string;
}

/** Keeps what was decided otherwise than somebody might expect, a row for each set, in the transaction that decides it. */
export async function recordDecisions(tx: Tx, decisions: readonly NewDecision[]): Promise<void> {
  if (decisions.length === 0) return;
  await tx.query(
    `insert into iroko.decision (subject, asset, windows, keys, boxes, outcome, reason, run)
     select subject, asset, windows, keys, boxes, outcome, reason, run
       from json_to_recordset($1) as d (subject text, asset text, windows tstzmultirange, keys text[], boxes jsonb, outcome text, reason text, run uuid)`,
    [jsonText(decisions.map(({ partitions, ...decision }) => ({ ...decision, ...setColumns(partitions) })))],
  );
}

export interface DecisionRow extends SetColumns {
  readonly id: number;
  readonly at: Temporal.Instant;
  readonly subject: string;
  readonly asset: string;
  readonly outcome: string;
  readonly reason: string;
  readonly run: string | null;
}

/** The latest decisions about each asset, so many, the latest first. */
export async function listDecisions(
  db: Queryable,
  assets: readonly string[],
  limit: number,
): Promise<readonly DecisionRow[]> {
  const { rows } = await db.query<DecisionRow>(
    `select d.* from unnest($1::text[]) as wanted cross join lateral (
            select id, at, subject, asset, windows, keys, boxes, outcome, reason, run from iroko.decision
             where asset = wanted order by id desc limit $2) d order by d.id desc`,
    [assets, limit],
  );
  return rows;
}
