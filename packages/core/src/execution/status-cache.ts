/**
 * How assets stand, kept between looks. Each look asks Postgres, in one statement, for what has changed since the last one:
 * what is told is one state of the database, never older than what was committed when it was asked for. Nothing is told to
 * the cache, and nothing expires: any number of servers may have one, and one that has just started reads everything once.
 */
import { statusChanges } from "../instance/asset-summaries.ts";
import type { Queryable } from "../instance/database.ts";
import type { DatabaseMoment } from "../instance/database-moment.ts";
import { sharedLook } from "./shared-look.ts";
import { statusesOfRows, type AssetStatuses, type AssetStatusRow } from "./planning-state.ts";

interface Held extends DatabaseMoment {
  /** Without what is being made now. Of an asset that nothing is known of there is an undefined. */
  readonly rows: ReadonlyMap<string, AssetStatusRow | undefined>;
  readonly busy: ReadonlyMap<string, AssetStatusRow>;
}

export type StatusCache = AssetStatuses & {
  /** What is made and what has failed, without what is being made now; of an asset the same row as long as that is the same. */
  readonly made: (assets: Iterable<string>) => Promise<Held["rows"]>;
};

/** Opens a cache; one that nobody asks reads nothing. */
export function openStatusCache(db: Queryable): StatusCache {
  const asked = new Set<string>();
  let held: Held | undefined;

  const read = async (): Promise<Held> => {
    const before = held;
    const missing = [...asked].filter((key) => before?.rows.has(key) !== true);
    const found = await statusChanges(db, missing, before?.at);
    if (before !== undefined && (found.everything || found.life !== before.life)) {
      held = undefined;
      return await read();
    }
    const busy = statusesOfRows(found.busy);
    const fresh = [...missing, ...found.changed.filter((key) => asked.has(key))];
    if (before !== undefined && fresh.length === 0) return (held = { ...before, at: found.at, busy });
    const made = statusesOfRows(found.made);
    const rows = new Map(before?.rows);
    for (const key of fresh) rows.set(key, made.get(key));
    return (held = { at: found.at, life: found.life, rows, busy });
  };
  const look = sharedLook(read);

  const lookAt = async (keys: Iterable<string>): Promise<Held> => {
    for (const key of keys) asked.add(key);
    return await look();
  };
  const statuses: AssetStatuses = async (keys) => {
    const { rows, busy } = await lookAt(keys);
    return new Map(
      keys.flatMap((key) => {
        const [made, now] = [rows.get(key), busy.get(key)];
        const row = now === undefined ? made : made === undefined ? now : both(made, now);
        return row === undefined ? [] : [[key, row] as const];
      }),
    );
  };
  return Object.assign(statuses, { made: async (keys: Iterable<string>) => (await lookAt(keys)).rows });
}

const both = (made: AssetStatusRow, busy: AssetStatusRow): AssetStatusRow => ({
  ...made,
  stretches: [...made.stretches, ...busy.stretches],
});
