/** What a deploy changes: definitions by name, and the partitions that it makes stale. */
import { isDeepStrictEqual } from "node:util";
import {
  assetGraph,
  countIn,
  formatPartitions,
  intersect,
  isEmptySet,
  MappingQuestion,
  stalenessOf,
  subtract,
  emptySetOf,
  union,
  type PartitionSet,
  type Snapshot,
  type SnapshotAsset,
  type SnapshotCompute,
  type StaleCause,
  type PlanningState,
  type TableSchema,
} from "@iroko/core";
import { readMoment, readState, type Database } from "@iroko/core/engine";

export interface DefinitionChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly ChangedAsset[];
  readonly jobs: NameChanges;
  readonly schedules: NameChanges;
  /** Stale by this deploy, and not before. */
  readonly stale: readonly StaleByIt[];
}

export interface StaleByIt {
  readonly asset: string;
  readonly partitions: string;
  readonly count: number;
  /** `its schema changed`, `its code changed` … */
  readonly reasons: readonly string[];
  /** Whether one of the reasons is a schema of its own; it breaks, or what is new reads as NULL. */
  readonly schemaChanged: boolean;
  /** Why what reads these partitions fails with SCHEMA_OLD until they are made again; null: it can read them. */
  readonly breaking: string | null;
}

export interface ChangedAsset {
  readonly asset: string;
  /** The key whose history it takes over; null: it is not renamed. */
  readonly renamedFrom: string | null;
  /** `code`, `schema`, `partitions`, `dependencies` … */
  readonly what: readonly string[];
}

export interface NameChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

export async function definitionChanges(
  db: Database,
  before: Snapshot | undefined,
  after: Snapshot,
  now: Temporal.Instant,
): Promise<DefinitionChanges> {
  const old = new Map(before?.assets.map((asset) => [asset.key, asset]));
  const names = byName(before?.assets ?? [], after.assets, ({ key }) => key);
  const renamed = renamesIn(before, after);
  const formerKeys = new Set(renamed.values());
  return {
    added: names.added.filter((key) => !renamed.has(key)),
    removed: names.removed.filter((key) => !formerKeys.has(key)),
    changed: after.assets.flatMap((asset) => {
      const renamedFrom = renamed.get(asset.key) ?? null;
      const was = old.get(renamedFrom ?? asset.key);
      const what = was === undefined ? [] : whatChanged(was, asset, before!, after);
      return what.length === 0 && renamedFrom === null ? [] : [{ asset: asset.key, renamedFrom, what }];
    }),
    jobs: byName(before?.jobs ?? [], after.jobs, ({ key }) => key),
    schedules: byName(before?.schedules ?? [], after.schedules, ({ key }) => key),
    stale: await becomesStale(db, before, after, now),
  };
}

export function isUnchanged({ added, removed, changed, jobs, schedules }: DefinitionChanges): boolean {
  return [added, removed, changed, ...Object.values(jobs), ...Object.values(schedules)].every(
    (list) => list.length === 0,
  );
}

/** By its key of now, the former key of each asset that this deploy renames. */
function renamesIn(before: Snapshot | undefined, after: Snapshot): ReadonlyMap<string, string> {
  const old = new Set(before?.assets.map(({ key }) => key));
  return new Map(
    after.assets.flatMap(({ key, renamedFrom }) =>
      renamedFrom !== undefined && old.has(renamedFrom) && !old.has(key) ? [[key, renamedFrom] as const] : [],
    ),
  );
}

function byName<T>(before: readonly T[], after: readonly T[], nameOf: (value: T) => string): NameChanges {
  const old = new Map(before.map((value) => [nameOf(value), value]));
  const names = new Set(after.map(nameOf));
  return {
    added: after.map(nameOf).filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !names.has(name)),
    changed: after.flatMap((value) => {
      const was = old.get(nameOf(value));
      return was !== undefined && differ(was, value) ? [nameOf(value)] : [];
    }),
  };
}

function whatChanged(was: SnapshotAsset, is: SnapshotAsset, before: Snapshot, after: Snapshot): readonly string[] {
  const [oldCompute, compute] = [computeOf(was, before), computeOf(is, after)];
  const codeOf = (asset: SnapshotAsset, of: typeof compute): unknown => asset.codeVersion ?? of?.codeVersion;
  const facts: readonly (readonly [what: string, was: unknown, is: unknown])[] = [
    ["code", codeOf(was, oldCompute), codeOf(is, compute)],
    ["schema", was.schema?.hash, is.schema?.hash],
    ["partitions", was.partitions, is.partitions],
    ["dependencies", oldCompute?.deps, compute?.deps],
    ["checks", was.checks, is.checks],
    ["storage", was.storage, is.storage],
    ["backfill", oldCompute?.backfill, compute?.backfill],
    ["retry", oldCompute?.retry, compute?.retry],
  ];
  const what = facts.filter(([, a, b]) => differ(a, b)).map(([name]) => name);
  return what.length === 0 && was.key === is.key && was.definitionHash !== is.definitionHash ? ["definition"] : what;
}

function computeOf({ compute }: SnapshotAsset, { computes }: Snapshot): SnapshotCompute | undefined {
  return computes.find(({ name }) => name === compute);
}

async function becomesStale(
  db: Database,
  before: Snapshot | undefined,
  after: Snapshot,
  now: Temporal.Instant,
): Promise<DefinitionChanges["stale"]> {
  if (before === undefined) return [];
  const read = async (snapshot: Snapshot) => {
    const moment = await readMoment(db, snapshot, now);
    return {
      moment,
      state: await readState(
        db,
        snapshot,
        Array.from(snapshot.assets, ({ key }) => key),
        moment,
      ),
    };
  };
  const renamed = renamesIn(before, after);
  const [present, next] = await Promise.all([read(before), read(after)]);
  // Until it is registered, what is known of a renamed asset stands under its former key.
  const moved = Array.from(renamed, ([key, former]) => [key, present.state.assets.get(former)!] as const);
  const afterwards: PlanningState = {
    assets: new Map([...next.state.assets, ...moved]),
    schemas: new Map([...(present.state.schemas ?? []), ...(next.state.schemas ?? []), ...schemasOf(before)]),
  };
  // What the old code's functions were never asked, the new code cannot tell: nothing is known to have been stale then.
  const askingNothing = (error: unknown): undefined => {
    if (!(error instanceof MappingQuestion)) throw error;
  };
  const stalenessBefore = () => stalenessOf(assetGraph(before), present.state, present.moment);
  const was = await Promise.try(stalenessBefore).catch(askingNothing);
  const is = stalenessOf(assetGraph(after), afterwards, next.moment);
  const old = new Map(before.assets.map((asset) => [asset.key, asset]));
  return after.assets.flatMap(({ key, partitions }) => {
    const { stale, causes } = is.get(key)!;
    const none = emptySetOf(partitions);
    const oldKey = renamed.get(key) ?? key;
    const known = differ(old.get(oldKey)?.partitions, partitions) ? undefined : was?.get(oldKey);
    const breaks = causes.filter(({ breaking }) => breaking !== undefined);
    // What was stale before, and could be read, is told as well where it no longer can.
    const brokenBefore = partitionsOf(known?.causes.filter(({ breaking }) => breaking !== undefined) ?? [], none);
    const broken = subtract(partitionsOf(breaks, none), brokenBefore);
    const set = union(subtract(stale, known?.stale ?? none), broken);
    const count = countIn(partitions, set);
    if (count === 0) return [];
    const told = causes.filter((cause) => !isEmptySet(intersect(cause.partitions, set)));
    return [
      {
        asset: key,
        partitions: formatPartitions(partitions, set),
        count,
        reasons: [...new Set(told.map(({ reason }) => reason))],
        schemaChanged: told.some(({ category }) => category === "schema"),
        breaking: told.find(({ breaking }) => breaking !== undefined)?.breaking ?? null,
      },
    ];
  });
}

/** What a renamed asset was made under is looked up by no key of now. */
function schemasOf({ assets }: Snapshot): readonly (readonly [string, TableSchema])[] {
  return assets.flatMap(({ schema }) => (schema === undefined ? [] : [[schema.hash, schema] as const]));
}

function partitionsOf(causes: readonly StaleCause[], none: PartitionSet): PartitionSet {
  return causes.reduce((all, { partitions }) => union(all, partitions), none);
}

/** One of them has been through the database, which keeps no order of keys. */
function differ(a: unknown, b: unknown): boolean {
  return !isDeepStrictEqual(plain(a), plain(b));
}

const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
