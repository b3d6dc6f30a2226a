/** What a deploy changes: definitions by name, and the partitions that it makes stale. */
import { isDeepStrictEqual } from "node:util";
import {
  assetGraph,
  breakingChange,
  countIn,
  formatPartitions,
  intersect,
  isEmptySet,
  MappingQuestion,
  stalenessOf,
  subtract,
  emptySetOf,
  type Snapshot,
  type SnapshotAsset,
  type SnapshotCompute,
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
  /** Why what reads these partitions fails with SCHEMA_OLD until they are made again; null: it can read them. */
  readonly breaking: string | null;
}

export interface ChangedAsset {
  readonly asset: string;
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
  return {
    added: names.added,
    removed: names.removed,
    changed: after.assets.flatMap((asset) => {
      const was = old.get(asset.key);
      const what = was === undefined ? [] : whatChanged(was, asset, before!, after);
      return what.length === 0 ? [] : [{ asset: asset.key, what }];
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
  return what.length === 0 && was.definitionHash !== is.definitionHash ? ["definition"] : what;
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
  const staleIn = async (snapshot: Snapshot) => {
    const moment = await readMoment(db, snapshot, now);
    const keys = snapshot.assets.map(({ key }) => key);
    return stalenessOf(assetGraph(snapshot), await readState(db, snapshot, keys, moment), moment);
  };
  // What the old code's functions were never asked, the new code cannot tell: nothing is known to have been stale then.
  const askingNothing = (error: unknown): undefined => {
    if (!(error instanceof MappingQuestion)) throw error;
  };
  const [was, is] = await Promise.all([staleIn(before).catch(askingNothing), staleIn(after)]);
  const old = new Map(before.assets.map((asset) => [asset.key, asset]));
  return after.assets.flatMap(({ key, partitions, schema }) => {
    const { stale, causes } = is.get(key)!;
    const known = differ(old.get(key)?.partitions, partitions)
      ? emptySetOf(partitions)
      : (was?.get(key)?.stale ?? emptySetOf(partitions));
    const set = subtract(stale, known);
    const count = countIn(partitions, set);
    if (count === 0) return [];
    const oldSchema = old.get(key)?.schema;
    const reasons = causes.filter((cause) => !isEmptySet(intersect(cause.partitions, set))).map(({ reason }) => reason);
    return [
      {
        asset: key,
        partitions: formatPartitions(partitions, set),
        count,
        reasons: [...new Set(reasons)],
        breaking: (oldSchema && schema && breakingChange(oldSchema, schema)) ?? null,
      },
    ];
  });
}

/** One of them has been through the database, which keeps no order of keys. */
function differ(a: unknown, b: unknown): boolean {
  return !isDeepStrictEqual(plain(a), plain(b));
}

const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
