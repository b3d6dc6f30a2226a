/** Reads from the instance what a plan is decided from. */
import { compareInstants } from "../partitions/compare-instants.ts";
import { endianness } from "node:os";
import type { Snapshot, SnapshotAsset } from "../definitions/snapshot.ts";
import { assetGraph, assetOf, type AssetGraph } from "../graph/asset-graph.ts";
import type { AssetState, ChangedInputs, Origin, PlanningState } from "../graph/asset-state.ts";
import { changedInputs, comparePartitions, neededPartitions, type PartitionChanges } from "../graph/changed-inputs.ts";
import { joinOf, type Join } from "../graph/joins.ts";
import type { SelectionFacts } from "../graph/selection-facts.ts";
import { selectAssets } from "../graph/selection.ts";
import { strongDependencies, versionsNeededFor } from "../graph/staleness.ts";
import { suspectsOf, versionIndex, type VersionColumns, type VersionIndex } from "../graph/version-columns.ts";
import { dataVersionsOf, readVersionsOf } from "../instance/asset-partitions.ts";
import {
  originStretches,
  statusStretches,
  versionStretches,
  type OriginStretchRow,
  type StatusStretchRow,
  type VersionStretchRow,
} from "../instance/asset-summaries.ts";
import type { Queryable } from "../instance/database.ts";
import { schemasByHash } from "../instance/table-schemas.ts";
import type { Moment } from "../partitions/moment.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import type { PartitionId, PartitionsDefinition } from "../partitions/partitions-definition.ts";
import { partitionOf } from "../partitions/partitions-in.ts";
import { emptySetOf, union } from "../partitions/set-algebra.ts";
import { fromMultirange } from "../partitions/set-codec.ts";
import { setOfRows } from "../partitions/table-name.ts";
import type { PlanRequest } from "../planning/plan.ts";
import { asksForStale } from "../planning/requested-partitions.ts";

/** Sets of every asset, and what those were made from whose staleness the request asks for. */
export async function readPlanningState(
  db: Queryable,
  snapshot: Snapshot,
  request: Pick<PlanRequest, "select" | "partitions">,
  now: Moment,
  selection: SelectionFacts = {},
): Promise<PlanningState> {
  const graph = assetGraph(snapshot);
  const selected = selectAssets(graph, request.select, { facts: selection, allowEmpty: true });
  const judged = asksForStale(request.partitions)
    ? selected
    : selected.filter((key) => assetOf(graph, key).partitions.kind === "none");
  return { ...(await readState(db, snapshot, judged, now)), selection };
}

/** Sets of every asset, or of those that are asked for, and of some what it takes to tell whether they are stale. */
export async function readState(
  db: Queryable,
  snapshot: Snapshot,
  judged: readonly string[],
  now: Moment,
  {
    of: assets = snapshot.assets,
    statuses: standing = (keys) => assetStatuses(db, keys),
  }: {
    readonly of?: readonly SnapshotAsset[];
    readonly statuses?: (assets: readonly string[]) => Promise<ReadonlyMap<string, AssetStatusRow | undefined>>;
  } = {},
): Promise<PlanningState> {
  const graph = assetGraph(snapshot);
  const [statuses, stretches] = await Promise.all([
    standing(assets.map(({ key }) => key)),
    versionStretches(db, [...versionsNeededFor(graph, judged)]),
  ]);
  const formerKeys = formerKeysOf(snapshot);
  const byAsset = Map.groupBy(underPresentKeys(stretches, formerKeys), ({ asset }) => asset);
  const [changes, schemas] = await Promise.all([
    changesOf(db, graph, judged, byAsset, formerKeys, now),
    formerSchemas(db, graph, stretches),
  ]);
  return {
    schemas,
    assets: new Map(
      assets.map(({ key, partitions }): [string, AssetState] => [
        key,
        {
          ...statusSets(partitions, statuses.get(key)),
          origins: originsOf(partitions, byAsset.get(key)),
          changes: changes.get(key) ?? new Map(),
        },
      ]),
    ),
  };
}

/**
 * Of some assets what tells of their own causes, code, schema and the list of what they read, and nothing of what was read:
 * a million partitions are a thousand short rows.
 */
export async function readOwnState(
  db: Queryable,
  snapshot: Snapshot,
  judged: readonly string[],
): Promise<PlanningState> {
  const graph = assetGraph(snapshot);
  const keys = [...versionsNeededFor(graph, judged)];
  const stretches = await originStretches(db, keys);
  const byAsset = Map.groupBy(underPresentKeys(stretches, formerKeysOf(snapshot)), ({ asset }) => asset);
  return {
    schemas: await formerSchemas(db, graph, stretches),
    assets: new Map(
      keys.map((key): [string, AssetState] => {
        const { partitions } = assetOf(graph, key);
        const none = emptySetOf(partitions);
        const origins = originsOf(partitions, byAsset.get(key));
        const materialized = origins.reduce((all, origin) => union(all, origin.partitions), none);
        return [key, { materialized, failed: none, inProgress: none, origins, changes: new Map() }];
      }),
    ),
  };
}

/** Of those that were renamed. */
const formerKeysOf = ({ assets }: Snapshot): ReadonlyMap<string, string> =>
  new Map(assets.flatMap(({ key, renamedFrom }) => (renamedFrom === undefined ? [] : [[key, renamedFrom]])));

function formerSchemas(
  db: Queryable,
  graph: AssetGraph,
  stretches: readonly OriginStretchRow[],
): Promise<NonNullable<PlanningState["schemas"]>> {
  const other = stretches.flatMap(({ asset, schemaHash }) => {
    const present = graph.assets.get(asset)?.schema?.hash;
    return schemaHash === null || present === undefined || present === schemaHash ? [] : [schemaHash];
  });
  return schemasByHash(db, [...new Set(other)]);
}

/** How an asset stands; what it has of which partitions the definition tells. */
export interface AssetStatusRow {
  readonly stretches: readonly StatusStretchRow[];
  readonly rows: number;
  readonly bytes: number;
  readonly lastMadeAt: Temporal.Instant | null;
}

/** Tells how assets stand; those of which nothing is known are not in the answer. */
export type AssetStatuses = (assets: readonly string[]) => Promise<ReadonlyMap<string, AssetStatusRow>>;

export async function assetStatuses(db: Queryable, assets: readonly string[]): ReturnType<AssetStatuses> {
  return statusesOfRows(await statusStretches(db, assets));
}

export function statusesOfRows(rows: readonly StatusStretchRow[]): ReadonlyMap<string, AssetStatusRow> {
  const byAsset = Map.groupBy(rows, ({ asset }) => asset);
  return new Map(
    Array.from(byAsset, ([asset, stretches]): [string, AssetStatusRow] => [
      asset,
      {
        stretches,
        rows: stretches.reduce((sum, { rows }) => sum + rows, 0),
        bytes: stretches.reduce((sum, { bytes }) => sum + bytes, 0),
        lastMadeAt: stretches.reduce<Temporal.Instant | null>(
          (last, { lastMadeAt: at }) => (at !== null && (last === null || compareInstants(last, at) < 0) ? at : last),
          null,
        ),
      },
    ]),
  );
}

export type StatusSets = Pick<AssetState, "materialized" | "failed" | "inProgress">;

// Whoever keeps rows is not to understand them anew at each look.
const understood = new WeakMap<
  AssetStatusRow,
  { readonly definition: PartitionsDefinition; readonly sets: StatusSets }
>();

/** A status as sets of the asset's definition. */
export function statusSets(definition: PartitionsDefinition, status: AssetStatusRow = nothingKnown): StatusSets {
  const known = understood.get(status);
  if (known?.definition === definition) return known.sets;
  const { stretches } = status;
  const sets: StatusSets = {
    materialized: setOfStretches(definition, stretches, "madeWindows", "madeKeys"),
    failed: setOfStretches(definition, stretches, "failedWindows", "failedKeys"),
    inProgress: setOfStretches(definition, stretches, "busyWindows", "busyKeys"),
  };
  if (status !== nothingKnown) understood.set(status, { definition, sets });
  return sets;
}

const nothingKnown: AssetStatusRow = { stretches: [], rows: 0, bytes: 0, lastMadeAt: null };

function setOfStretches<Windows extends string, Keys extends string>(
  definition: PartitionsDefinition,
  stretches: readonly (Readonly<Record<Windows, string | null>> &
    Readonly<Record<Keys, readonly string[] | null>> & { readonly rest: string | null })[],
  windows: Windows,
  keys: Keys,
): PartitionSet {
  // Of ten thousand assets nearly all have nothing that failed, and nothing under way.
  if (stretches.every((row) => row[windows] === null && row[keys] === null)) return emptySetOf(definition);
  const byRest = Map.groupBy(stretches, ({ rest }) => rest);
  return setOfRows(definition, {
    windows: Array.from(byRest, ([rest, same]) => ({
      rest,
      // One text of all is read once, and its ranges joined where they meet.
      windows: fromMultirange(
        `{${same
          .map((row) => (row[windows] ?? "{}").slice(1, -1))
          .filter(Boolean)
          .join(",")}}`,
      ),
    })).flatMap(({ rest, windows: set }) =>
      set.kind === "time" && set.windows.length > 0 ? [{ rest, windows: set }] : [],
    ),
    names: stretches.flatMap((row) => row[keys] ?? []),
  });
}

function originsOf(definition: PartitionsDefinition, stretches: readonly OriginStretchRow[] = []): readonly Origin[] {
  if (stretches.length === 0) return [];
  const alike = Map.groupBy(stretches, ({ codeVersion, schemaHash, reads }) =>
    JSON.stringify([codeVersion, schemaHash, reads]),
  );
  return Array.from(alike.values(), (same) => {
    const { codeVersion, schemaHash, reads } = same[0]!;
    return {
      partitions: setOfStretches(definition, same, "madeWindows", "madeKeys"),
      ...(codeVersion === null ? {} : { codeVersion }),
      ...(schemaHash === null ? {} : { schemaHash }),
      reads,
    };
  });
}

/** What was read of an asset before it was renamed was read of it. */
function underPresentKeys<Row extends OriginStretchRow>(
  stretches: readonly Row[],
  formerKeys: ReadonlyMap<string, string>,
): readonly Row[] {
  const present = new Map(Array.from(formerKeys, ([key, former]) => [former, key]));
  return stretches.map((stretch) => ({ ...stretch, reads: stretch.reads.map((key) => present.get(key) ?? key) }));
}

type Changes = ReadonlyMap<string, readonly ChangedInputs[]>;

/** By asset and dependency: what was read and is not what is current. Columns tell nearly all; the rest is looked up. */
async function changesOf(
  db: Queryable,
  graph: AssetGraph,
  judged: readonly string[],
  stretches: ReadonlyMap<string, readonly VersionStretchRow[]>,
  formerKeys: ReadonlyMap<string, string>,
  now: Moment,
): Promise<ReadonlyMap<string, Changes>> {
  const columns = new Map(Array.from(stretches, ([key, rows]) => [key, rows.map(columnsOf)] as const));
  const indexes = new Map<string, VersionIndex>();
  const indexOf = (key: string): VersionIndex => {
    let index = indexes.get(key);
    if (!index) indexes.set(key, (index = versionIndex(assetOf(graph, key).partitions, columns.get(key) ?? [])));
    return index;
  };
  const result = new Map<string, Changes>();
  for (const key of judged) {
    const made = columns.get(key);
    if (!made) continue;
    const changes = new Map<string, readonly ChangedInputs[]>();
    for (const dependency of strongDependencies(graph, key)) {
      const join = joinOf(graph, assetOf(graph, key).partitions, dependency);
      const { certain, names } = suspectsOf(join, dependency.asset, made, indexOf(dependency.asset), now);
      const found = await compare(db, key, dependency.asset, formerKeys, join, names, now);
      changes.set(dependency.name, [...certain, ...changedInputs(join, found)]);
    }
    result.set(key, changes);
  }
  return result;
}

/** So many partitions are compared version by version at once. */
const comparedAtOnce = 2_000;

async function compare(
  db: Queryable,
  asset: string,
  upstream: string,
  formerKeys: ReadonlyMap<string, string>,
  join: Join,
  names: readonly PartitionId[],
  now: Moment,
): Promise<readonly PartitionChanges[]> {
  const found: PartitionChanges[] = [];
  for (let from = 0; from < names.length; from += comparedAtOnce) {
    const some = names.slice(from, from + comparedAtOnce);
    const neededBy = neededPartitions(join, now);
    const needed = new Set(some.flatMap((name) => neededBy(partitionOf(join.downstream, name)).map(({ id }) => id)));
    const [read, current] = await Promise.all([
      readVersionsOf(db, asset, [upstream, formerKeys.get(upstream) ?? upstream], some),
      dataVersionsOf(db, upstream, [...needed]),
    ]);
    found.push(...comparePartitions(join, read, current, now));
  }
  return found;
}

function columnsOf({ starts, names, versions, reads, readVersions }: VersionStretchRow): VersionColumns {
  return {
    partitions: starts === null ? (names ?? []) : secondsIn(starts),
    versions: halvesIn(versions),
    reads,
    readVersions: readVersions === null ? new Int32Array() : halvesIn(readVersions),
  };
}

function secondsIn(bytes: Buffer): Float64Array {
  const halves = halvesIn(bytes);
  const seconds = new Float64Array(halves.length / 2);
  for (let at = 0; at < seconds.length; at += 1) seconds[at] = halves[2 * at]! * 2 ** 32 + (halves[2 * at + 1]! >>> 0);
  return seconds;
}

/** int4s, as Postgres sends them, most significant byte first. */
function halvesIn(bytes: Buffer): Int32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer);
  if (endianness() === "LE") aligned.swap32();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
