import type { Queryable } from "./database.ts";

export interface TransferRow {
  readonly direction: "up" | "down";
  readonly purpose: string;
  readonly store: string;
  readonly key: string;
  readonly bytes: number;
  /** What really went over the link: 0 where the server copied. */
  readonly bytesMoved: number;
  readonly seconds: number;
  readonly run?: string;
  readonly step?: number;
}

/** Writes what passed the gate into the ledger. */
export async function recordTransfers(db: Queryable, transfers: readonly TransferRow[]): Promise<void> {
  if (transfers.length === 0) return;
  await db.query(
    `insert into iroko.transfer (direction, purpose, store, object_key, bytes, bytes_moved, seconds, run, step)
     select direction, purpose, store, key, bytes, "bytesMoved", seconds, run, step
       from json_to_recordset($1) as transfer (direction text, purpose text, store text, key text, bytes bigint, "bytesMoved" bigint,
            seconds real, run uuid, step integer)`,
    [JSON.stringify(transfers)],
  );
}
