/**
 * Looks again, slowly and for ever, at the object of every version, current or kept: disks rot, and people delete. A current
 * one that is damaged is due to be verified at once; of a kept one nothing but its loss can be told.
 */
import { appendEvents } from "../instance/events.ts";
import type { Database } from "../instance/database.ts";
import { beginDuty, dutyPlace, setDutyPlace } from "../instance/garbage.ts";
import { namedVersions, verifyNow, type NamedVersion } from "../instance/invariants.ts";
import { damageOf } from "./object-damage.ts";
import type { Store } from "./store.ts";

type Place = Pick<NamedVersion, "asset" | "partition" | "version">;

const everySeconds = 3600;
/** Each is a request over the link, or a file that is read through: five thousand a day. */
const versionsAtOnce = 200;

/** By whichever worker comes first. */
export async function patrol(
  db: Database,
  store: Store,
  signal: AbortSignal,
  atOnce: number = versionsAtOnce,
): Promise<void> {
  if (!(await beginDuty(db, "patrol", everySeconds))) return;
  const page = await namedVersions(db, await dutyPlace<Place>(db, "patrol"), atOnce);
  for (const named of page) {
    signal.throwIfAborted();
    const damage = await damageOf(store, named);
    // It may have been collected since its row was read.
    if (damage === undefined || !(await isStillNamed(db, named))) continue;
    const { asset, partition, version } = named;
    if (named.current) await verifyNow(db, asset, partition);
    else await appendEvents(db, [{ type: "version_lost", asset, payload: { partition, version, kept: true, damage } }]);
  }
  const last = page.length < atOnce ? undefined : page.at(-1);
  await setDutyPlace(db, "patrol", last && { asset: last.asset, partition: last.partition, version: last.version });
}

async function isStillNamed(db: Database, { asset, partition, version, current }: NamedVersion): Promise<boolean> {
  const [again] = await namedVersions(db, { asset, partition, version: version - 1 }, 1);
  return (
    again?.asset === asset && again.partition === partition && again.version === version && again.current === current
  );
}
