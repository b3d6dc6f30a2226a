/**
 * Moves what is known of renamed assets to their new keys, once: whoever registers the snapshot that renames does it, in
 * that transaction. What ran keeps its names in runs and steps. Staged objects stay where they are, and pointers to them
 * valid; where the stable path has changed with the key, every partition is published again at the new one.
 */
import type { Snapshot } from "../definitions/snapshot.ts";
import { IrokoError } from "../errors.ts";
import type { Tx } from "./database.ts";

/** @throws {IrokoError} ASSET_RENAME where both keys have a history, or a run is making the old one */
export async function renameAssets(tx: Tx, before: Snapshot | undefined, after: Snapshot): Promise<void> {
  const pathOf = (snapshot: Snapshot | undefined, key: string): string | undefined =>
    snapshot?.assets.find((asset) => asset.key === key)?.storage?.path;
  for (const { key, renamedFrom } of after.assets) {
    if (renamedFrom === undefined || !(await hasHistory(tx, renamedFrom))) continue;
    if (await hasHistory(tx, key)) {
      throw new IrokoError(
        "ASSET_RENAME",
        `Asset "${key}" is said to be renamed from "${renamedFrom}", but both have been made.`,
        { hint: `Take renamedFrom off to leave the history of "${renamedFrom}" where it is.` },
      );
    }
    await refuseWhileMade(tx, renamedFrom, key);
    await move(tx, renamedFrom, key, pathOf(before, renamedFrom) !== pathOf(after, key));
  }
}

async function hasHistory(tx: Tx, asset: string): Promise<boolean> {
  const { rowCount } = await tx.query("select from iroko.asset_partition where asset = $1 limit 1", [asset]);
  return rowCount !== 0;
}

async function refuseWhileMade(tx: Tx, old: string, key: string): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(
    `select id from iroko.run where status in ('queued', 'running')
        and (plan -> 'assets' @> jsonb_build_array(jsonb_build_object('asset', $1::text))
             or exists (select from iroko.step s where s.run = run.id and $1 = any (s.assets)
                           and s.status in ('blocked', 'ready', 'running'))) limit 1`,
    [old],
  );
  if (rows[0] === undefined) return;
  throw new IrokoError("ASSET_RENAME", `Asset "${old}" cannot become "${key}" while run ${rows[0].id} is making it.`, {
    hint: `Wait for the run, or end it: iroko runs cancel ${rows[0].id}`,
    details: { run: rows[0].id },
  });
}

async function move(tx: Tx, old: string, key: string, isPublishedElsewhere: boolean): Promise<void> {
  const of = [old, key];
  await tx.query(
    `update iroko.asset_partition
        set asset = $2, published_version = case when $3 and object_key is not null then null else published_version end where asset = $1`,
    [...of, isPublishedElsewhere],
  );
  for (const table of ["asset_version", "check_result", "step_output", "event", "decision"])
    await tx.query(`update iroko.${table} set asset = $2 where asset = $1`, of);
  // The summary is of the old key's partitions; the changes above are noted, and it is summed up anew.
  await tx.query("delete from iroko.asset_summary where asset = $1", [old]);
  await tx.query("delete from iroko.asset where key = $1", [old]);
}
