import { jsonText } from "./columns.ts";
import type { Queryable, Tx } from "./database.ts";
import type { Claim } from "./step-claims.ts";

/** A file that is built and checked, on the machine that it is on. */
export interface BuiltRow<Output = unknown> {
  readonly asset: string;
  readonly partition: string;
  readonly machine: string;
  readonly file: string;
  /** Under which it is put, whichever attempt does so: an upload that was begun goes on. */
  readonly objectKey: string;
  readonly sha256: string;
  readonly output: Output;
}

const columns = `asset, partition, machine, file, object_key as "objectKey", sha256, output`;

/** In place of what another attempt has built of it. False: the claim no longer holds. */
export async function recordBuilt(db: Queryable, claim: Claim, row: BuiltRow): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into iroko.built (step, asset, partition, machine, file, object_key, sha256, output)
     select id, $4, $5, $6, $7, $8, $9, $10 from iroko.step where id = $1 and epoch = $2 and worker = $3 and status = 'running' for share
     on conflict (step, asset, partition) do update
        set machine = excluded.machine, file = excluded.file, object_key = excluded.object_key, sha256 = excluded.sha256,
            output = excluded.output, built_at = clock_timestamp()`,
    [
      claim.step,
      claim.epoch,
      claim.worker,
      row.asset,
      row.partition,
      row.machine,
      row.file,
      row.objectKey,
      row.sha256,
      jsonText(row.output),
    ],
  );
  return rowCount === 1;
}

/** What earlier attempts of a step have built on a machine. */
export async function builtOf<Output>(
  db: Queryable,
  step: number,
  machine: string,
): Promise<readonly BuiltRow<Output>[]> {
  const { rows } = await db.query<BuiltRow<Output>>(
    `select ${columns} from iroko.built where step = $1 and machine = $2 order by asset, partition`,
    [step, machine],
  );
  return rows;
}

/** Every file that is kept on a machine. */
export async function builtOn(db: Queryable, machine: string): Promise<readonly string[]> {
  const { rows } = await db.query<{ file: string }>("select file from iroko.built where machine = $1", [machine]);
  return rows.map(({ file }) => file);
}

/** Forgets files that nobody will ask for: of steps that have ended, all but those whose commit is still to be verified. */
export async function forgetSpentBuilt(tx: Tx): Promise<void> {
  await tx.query(
    `delete from iroko.built b using iroko.step s
      where s.id = b.step and s.status in ('succeeded', 'failed', 'skipped', 'canceled')
        and not exists (select from iroko.asset_partition p
                         where p.asset = b.asset and p.partition = b.partition and p.made_by_step = b.step and p.verify_after is not null)`,
  );
}

/** Those of these workers that nobody has buried. */
export async function workersAmong(db: Queryable, ids: readonly string[]): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>("select id from iroko.worker where id = any ($1::uuid[])", [ids]);
  return rows.map(({ id }) => id);
}
