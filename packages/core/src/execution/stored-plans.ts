/**
 * Plans that are looked at first and applied later: `plan` keeps one under a short id, `apply` submits exactly that one,
 * once, or says what has moved since. Out of date is a plan when the same ask at its moment means something else now, or
 * when a partition that it makes or reads is not what it was.
 */
import { randomInt } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Json } from "../definitions/metadata.ts";
import type { Snapshot } from "../definitions/snapshot.ts";
import { IrokoError } from "../errors.ts";
import { assetGraph, assetOf, type AssetGraph } from "../graph/asset-graph.ts";
import type { Database, Queryable } from "../instance/database.ts";
import { currentLocation, locationAt, type Location } from "../instance/locations.ts";
import {
  fingerprints,
  getPlan,
  insertPlan,
  keptPlanOf,
  lockPlan,
  markApplied,
  movedSince,
  type MovedPartition,
  type PlanRow,
} from "../instance/plans.ts";
import type { Moment } from "../partitions/moment.ts";
import { partitionOf, setOfPartitions } from "../partitions/partitions-in.ts";
import type { PartitionSetJson } from "../partitions/partition-set.ts";
import type { Partition, PartitionsDefinition } from "../partitions/partitions-definition.ts";
import { union } from "../partitions/set-algebra.ts";
import { setFromJson } from "../partitions/set-codec.ts";
import { planBasis, type BasisPart } from "../planning/plan-basis.ts";
import type { KeptPlanFacts } from "../planning/explain-facts.ts";
import { nameOf, planChanges } from "../planning/plan-changes.ts";
import type { Plan, PlannedAsset, PlanRequest } from "../planning/plan.ts";
import { planToJson } from "../planning/plan-codec.ts";
import { requireConfig } from "../planning/require-config.ts";
import { partitionsText, requestCommand } from "../planning/request-text.ts";
import { withStoredMappings } from "./mapping/stored-mappings.ts";
import { planRequest } from "./plan-request.ts";
import { readMoment } from "./read-moment.ts";
import { submitRunIn, type Submission } from "./submit-run.ts";

export interface StoredPlan {
  readonly id: string;
  readonly plan: Plan;
  /** As of which it was made. */
  readonly moment: Moment;
}

/**
 * Plans and keeps the plan; nothing else changes. What it rests on is read with it, in one look at the database.
 *
 * @throws {IrokoError} as `planRequest` and `requireConfig`
 */
export async function storePlan(
  db: Database,
  location: Location,
  request: PlanRequest,
  now: Temporal.Instant,
  config: Readonly<Record<string, Json>> = {},
): Promise<StoredPlan> {
  if (request.partitions.kind === "set")
    throw new TypeError("A plan by set has no text that a new one could be asked by.");
  return db.transaction(async (tx) => {
    await tx.query("set transaction isolation level repeatable read");
    const moment = await readMoment(tx, location.snapshot, now);
    const plan = await planRequest(tx, location.snapshot, request, moment);
    requireConfig(location.snapshot, plan, config);
    const basis = await fingerprints(tx, await readBasis(tx, assetGraph(location.snapshot), plan, moment));
    const row = {
      location: location.name,
      snapshotVersion: location.version,
      request,
      config,
      plan: planToJson(plan),
      basis,
      asOf: now,
    };
    for (;;) {
      const id = newId();
      if (await insertPlan(tx, { ...row, id })) return { id, plan, moment };
    }
  });
}

/**
 * Submits a kept plan; of two that apply it at once, one does. Returns its run.
 *
 * @throws {IrokoError} PLAN_UNKNOWN, PLAN_SPENT, PLAN_OUT_OF_DATE: nothing was submitted
 */
export async function applyPlan(
  db: Database,
  id: string,
  trigger: "cli" | "api",
  how: Pick<Submission, "priority" | "maxConcurrency"> = {},
): Promise<{ readonly run: string; readonly plan: Plan }> {
  return db.transaction(async (tx) => {
    const stored = requireUnspent(await lockPlan(tx, plain(id)), id);
    const { location, plan, moment } = await requireUnmoved(tx, stored);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as `storePlan` wrote it
    const request = stored.request as PlanRequest;
    const run = await submitRunIn(tx, {
      location,
      plan,
      selection: request.select,
      partitions: partitionsText(request.partitions),
      asOf: moment,
      config: stored.config,
      trigger,
      ...how,
    });
    await markApplied(tx, stored.id, run);
    return { run, plan };
  });
}

/**
 * A kept plan that could be applied now.
 *
 * @throws {IrokoError} PLAN_UNKNOWN, PLAN_SPENT, PLAN_OUT_OF_DATE
 */
export async function requireApplicable(db: Queryable, id: string): Promise<PlanRow> {
  const stored = requireUnspent(await getPlan(db, plain(id)), id);
  await requireUnmoved(db, stored);
  return stored;
}

/** The latest plan that would make some partitions of an asset, that nobody has applied, and why nobody can any more. */
export async function keptPlan(db: Queryable, location: string, asset: string): Promise<KeptPlanFacts | undefined> {
  const stored = await keptPlanOf(db, location, asset);
  if (stored === undefined) return undefined;
  const sets = plannedAssets(stored.plan).assets.filter((planned) => planned.asset === asset);
  const found = { id: stored.id, at: stored.createdAt, partitions: sets.map((one) => one.partitions).reduce(union) };
  try {
    await requireUnmoved(db, stored);
    return found;
  } catch (error) {
    if (error instanceof IrokoError && error.code === "PLAN_OUT_OF_DATE")
      return { ...found, outOfDate: error.toRecord() };
    throw error;
  }
}

/** Without letters that look like digits. */
const letters = "0123456789abcdefghjkmnpqrstvwxyz";

function newId(): string {
  return Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join("");
}

const plain = (id: string): string => id.trim().toLowerCase();

function requireUnspent(stored: PlanRow | undefined, id: string): PlanRow {
  if (stored === undefined) {
    throw new IrokoError("PLAN_UNKNOWN", `There is no plan ${id}.`, {
      hint: "A plan that nobody applies is kept for a day. Make a new one: iroko plan --select …",
    });
  }
  if (stored.run === null) return stored;
  throw new IrokoError("PLAN_SPENT", `Plan ${stored.id} was applied already: it became run ${stored.run}.`, {
    hint: `To look at it: iroko runs show ${stored.run}`,
    details: { run: stored.run },
  });
}

/** The plan as it is made now, which is the one that was kept. */
async function requireUnmoved(
  db: Queryable,
  stored: PlanRow,
): Promise<{ readonly location: Location; readonly plan: Plan; readonly moment: Moment }> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as `storePlan` wrote it
  const request = stored.request as PlanRequest;
  const location = await currentLocation(db, stored.location);
  if (location === undefined || location.version !== stored.snapshotVersion) {
    const old = await locationAt(db, stored.location, stored.snapshotVersion);
    throw outOfDate(stored, request, [definitionsMoved(old?.snapshot, location?.snapshot)]);
  }
  const moment = await readMoment(db, location.snapshot, stored.asOf);
  const plan = await planRequest(db, location.snapshot, request, moment).catch((error: unknown) => {
    if (error instanceof IrokoError) throw outOfDate(stored, request, [error.message], error);
    throw error;
  });
  const graph = assetGraph(location.snapshot);
  const parts = await readBasis(db, graph, plan, moment);
  const basis = await fingerprints(db, parts);
  const before = plannedAssets(stored.plan);
  const isSame = isDeepStrictEqual(JSON.parse(JSON.stringify(planToJson(plan))), stored.plan);
  if (isSame && isDeepStrictEqual(basis.fingerprints, stored.basis.fingerprints)) return { location, plan, moment };
  const looked = isSame
    ? parts.filter((_, n) => basis.fingerprints[n] !== stored.basis.fingerprints[n])
    : await readBasis(db, graph, before, moment);
  const moved = await movedSince(db, looked, stored.basis.since, mostTold);
  const told = [...movedInWords(graph, moved), ...planChanges(graph, before, plan)];
  throw outOfDate(stored, request, told.length > 0 ? told : [`${looked.map(({ asset }) => asset).join(", ")} changed`]);
}

function readBasis(
  db: Queryable,
  graph: AssetGraph,
  plan: Pick<Plan, "assets">,
  now: Moment,
): Promise<readonly BasisPart[]> {
  return withStoredMappings(db, now, (moment) => planBasis(graph, plan, moment));
}

/** Partitions named one by one to tell what has moved, at most. */
const mostTold = 1_000;

function outOfDate({ id }: PlanRow, request: PlanRequest, moved: readonly string[], cause?: unknown): IrokoError {
  return new IrokoError("PLAN_OUT_OF_DATE", `Plan ${id} is out of date: ${moved.join("; ")}.`, {
    hint: `Make a new one: ${requestCommand("plan", request)}`,
    details: { moved },
    ...(cause === undefined ? {} : { cause }),
  });
}

function definitionsMoved(before: Snapshot | undefined, after: Snapshot | undefined): string {
  const hashes = ({ assets }: Pick<Snapshot, "assets">): ReadonlyMap<string, string> =>
    new Map(assets.map(({ key, definitionHash }) => [key, definitionHash]));
  const [old, fresh] = [hashes(before ?? { assets: [] }), hashes(after ?? { assets: [] })];
  const changed = [...new Set([...old.keys(), ...fresh.keys()])].filter((key) => old.get(key) !== fresh.get(key));
  return changed.length === 0 ? "the definitions have changed" : `the definitions have changed (${someOf(changed)})`;
}

const words = { succeeded: "made", failed: "tried and failed", canceled: "canceled", observed: "observed" } as const;

/** `raw@2026-11-20 was made meanwhile`, one for each asset and outcome. */
function movedInWords(graph: AssetGraph, moved: readonly MovedPartition[]): readonly string[] {
  return Array.from(Map.groupBy(moved, ({ asset, status }) => `${asset} ${status}`).values(), (rows): string => {
    const { asset, status } = rows[0]!;
    const { partitions: definition } = assetOf(graph, asset);
    const found = rows.flatMap(({ partition }) => partitionIfAny(definition, partition) ?? []);
    const isMany = moved.length >= mostTold || found.length > 1;
    return `${nameOf(graph, asset, setOfPartitions(definition, found))} ${isMany ? "were" : "was"} ${words[status]} meanwhile`;
  });
}

function partitionIfAny(definition: PartitionsDefinition, id: string): Partition | undefined {
  try {
    return partitionOf(definition, id);
  } catch {
    return undefined;
  }
}

function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

function plannedAssets(stored: unknown): Pick<Plan, "assets"> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as `planToJson` wrote it
  const { assets } = stored as { readonly assets: readonly (PlannedAsset & { partitions: PartitionSetJson })[] };
  return { assets: assets.map((asset) => ({ ...asset, partitions: setFromJson(asset.partitions) })) };
}
