/**
 * Reads what an explanation needs, round by round: the sets first, then single partitions, as the explanation asks. A round is
 * a fixed number of statements, whatever it is asked about, and of a chain of what is missing there are two.
 */
import { previewTicks } from "../automation/schedule-ticks.ts";
import type { Snapshot } from "../definitions/snapshot.ts";
import { assetGraph, assetOf, reach, type AssetGraph } from "../graph/asset-graph.ts";
import { possibleAssets } from "../graph/selection.ts";
import { latestTicks, listAutomations } from "../instance/automations.ts";
import { setOfColumns } from "../instance/columns.ts";
import type { Queryable } from "../instance/database.ts";
import { listDecisions } from "../instance/decisions.ts";
import {
  knownPartitions,
  latestSteps,
  latestStepsOf,
  poolsTaken,
  stepsAbove,
  stepsById,
  waitingPartitions,
  workersWithCode,
  type ExplainedStepRow,
  type KnownPartitionRow,
} from "../instance/explain.ts";
import type { Location } from "../instance/locations.ts";
import { listWorkers } from "../instance/workers.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import type { MomentWithKeys } from "../partitions/moment.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { containsPartition, union } from "../partitions/set-algebra.ts";
import {
  factsName,
  type ExplainFacts,
  type NamedStep,
  type PartitionFacts,
  type ScheduleFacts,
  type StepFacts,
} from "../planning/explain-facts.ts";
import type { FactName } from "../planning/explain-needs.ts";
import { explainSchedules } from "../planning/explain-schedules.ts";
import { readTarget, splitTarget } from "../planning/explain-target.ts";
import { explain } from "../planning/explain.ts";
import type { Explanation } from "../planning/explanation.ts";
import { requestDefinition, requestedPartitions } from "../planning/requested-partitions.ts";
import { withStoredMappings } from "./mapping/stored-mappings.ts";
import { readState } from "./planning-state.ts";
import { openStandings, type Standings } from "./standings.ts";
import { keptPlan } from "./stored-plans.ts";

/** Steps above steps that are followed, at most. */
const longestChain = 12;
const decisionsLookedAt = 100;

/**
 * @param target `daily_revenue`, `daily_revenue@2026-11-20`, `daily_revenue@last:7`
 * @throws {IrokoError} ASSET_NOT_FOUND, PARTITION_FORMAT, PARTITION_NOT_FOUND, PARTITION_RANGE
 */
export async function explainAsset(
  db: Queryable,
  { name, snapshot }: Location,
  target: string,
  now: MomentWithKeys,
  { statuses, staleness: stalenessOf }: Standings = openStandings(db),
): Promise<Explanation> {
  const graph = assetGraph(snapshot);
  const { key, partitions: text } = splitTarget(graph, target);
  const about = [key, ...reach([key], graph.upstream, Infinity)];
  const of = about.map((each) => assetOf(graph, each));
  const [state, staleness, waiting, schedules, kept] = await Promise.all([
    readState(db, snapshot, [], now, { of, statuses }),
    stalenessOf(snapshot, about, now),
    readWaiting(db, about),
    readSchedules(db, name, snapshot, graph, key, now),
    keptPlan(db, name, key),
  ]);
  const partitions = new Map<string, PartitionFacts>();
  const facts: ExplainFacts = {
    graph,
    state,
    staleness,
    now,
    waiting,
    schedules,
    partitions,
    ...(kept === undefined ? {} : { keptPlan: kept }),
  };
  const among = readTarget(facts, key, text);
  if ("because" in among) return { asset: key, groups: [among], schedules: explainSchedules(facts, key) };
  for (;;) {
    const answer = await withStoredMappings(db, now, (moment) => explain({ ...facts, now: moment }, key, among));
    if ("explanation" in answer) return answer.explanation;
    for (const [fact, found] of await readPartitions(db, graph, answer.needs)) partitions.set(fact, found);
  }
}

async function readWaiting(db: Queryable, assets: readonly string[]): Promise<ReadonlyMap<string, PartitionSet>> {
  const sets = new Map<string, PartitionSet>();
  for (const { asset, ...columns } of await waitingPartitions(db, assets)) {
    const set = setOfColumns(columns);
    const before = sets.get(asset);
    sets.set(asset, before?.kind === set.kind ? union(before, set) : set);
  }
  return sets;
}

async function readPartitions(
  db: Queryable,
  graph: AssetGraph,
  needs: readonly FactName[],
): Promise<ReadonlyMap<string, PartitionFacts>> {
  const wanted = needs.map(({ asset, partition }) => ({
    asset,
    partition: partition.id,
    start: partition.dimensions === undefined ? (partition.window?.start.toString() ?? null) : null,
  }));
  const assets = [...new Set(needs.map(({ asset }) => asset))];
  const boxed = assets.filter((key) => graph.assets.get(key)?.partitions.kind === "multi");
  const [known, latest, latestOfBoxed, decisions] = await Promise.all([
    knownPartitions(db, wanted),
    latestSteps(db, wanted),
    latestStepsOf(db, boxed),
    listDecisions(db, assets, decisionsLookedAt),
  ]);
  const rows = new Map(known.map((row) => [factsName(row.asset, row.partition), row]));
  const steps = needs.map(({ asset, partition }, n) =>
    partition.dimensions === undefined
      ? latest.filter(({ place }) => place === n)
      : latestOfBoxed.filter((one) => boxed[one.place] === asset && containsPartition(setOfColumns(one), partition)),
  );
  const factsOf = await readSteps(
    db,
    graph,
    steps.flatMap((some) => some.slice(0, 2)),
  );
  return new Map(
    needs.map(({ asset, partition }, n): readonly [string, PartitionFacts] => {
      const name = factsName(asset, partition.id);
      const row = rows.get(name);
      const [step, other] = steps[n]!;
      const next = other !== undefined && ["ready", "blocked"].includes(other.status) ? other : undefined;
      const decision = decisions.find((one) => one.asset === asset && containsPartition(setOfColumns(one), partition));
      return [
        name,
        {
          ...(row === undefined ? {} : knownFacts(row)),
          ...(step === undefined ? {} : { step: factsOf(step) }),
          ...(next === undefined ? {} : { next: factsOf(next) }),
          ...(decision === undefined ? {} : { decision }),
        },
      ];
    }),
  );
}

function knownFacts(row: KnownPartitionRow): Pick<PartitionFacts, "made" | "last" | "purged"> {
  const { version, madeAt, madeByRun, trigger, triggerName, reason, lastStatus, lastAt, lastRun, lastError } = row;
  const { purgedAt, purgeReason } = row;
  return {
    ...(version === null || madeAt === null
      ? {}
      : {
          made: {
            version,
            at: madeAt,
            run: madeByRun,
            ...(trigger === null ? {} : { trigger }),
            ...(triggerName === null ? {} : { triggerName }),
            ...(reason === null ? {} : { reason }),
          },
        }),
    ...(lastStatus === null || lastAt === null
      ? {}
      : {
          last: { status: lastStatus, at: lastAt, run: lastRun, ...(lastError === null ? {} : { error: lastError }) },
        }),
    ...(purgedAt === null
      ? {}
      : { purged: { at: purgedAt, ...(purgeReason === null ? {} : { reason: purgeReason }) } }),
  };
}

/** Of steps, and of those above them that they wait for or were skipped for. */
async function readSteps(
  db: Queryable,
  graph: AssetGraph,
  below: readonly ExplainedStepRow[],
): Promise<(step: ExplainedStepRow) => StepFacts> {
  const above = await stepsAbove(db, below, longestChain);
  const all = [...below, ...above];
  const ready = all.filter(({ status }) => status === "ready");
  const [workers, pools] = await Promise.all([
    ready.length === 0 ? [] : listWorkers(db),
    poolsTaken(db, [...new Set(ready.flatMap(({ id, pools: of }) => (of.length === 0 ? [] : [id])))]),
  ]);
  const live = workers.filter((one) => !one.draining && !one.lockGone);
  const [codes, others] = await Promise.all([
    workersWithCode(
      db,
      live.map(({ id }) => id),
      [...new Set(ready.map(({ definitionHash }) => definitionHash))],
    ),
    stepsById(db, [...new Set([...all.flatMap(({ behind }) => behind ?? []), ...pools.flatMap(({ by }) => by)])]),
  ]);
  const named = new Map(others.map((row) => [row.id, namedStep(graph, row)]));
  const factsOf = (row: ExplainedStepRow, chain: readonly ExplainedStepRow[]): StepFacts => {
    const isWaiting = row.status === "ready";
    const holder = row.behind === null ? undefined : named.get(row.behind);
    const [next, ...rest] = chain;
    return {
      run: row.run,
      runStatus: row.runStatus,
      n: row.n,
      name: nameOfStep(graph, row),
      status: row.status,
      reason: row.reason,
      attempt: row.attempt,
      admitted: row.admitted,
      location: row.location,
      workers: isWaiting ? live.filter(({ location }) => location === row.location).length : 0,
      workersWithCode: isWaiting
        ? (codes.find(({ location, hash }) => location === row.location && hash === row.definitionHash)?.workers ?? 0)
        : 0,
      fullPools: pools.flatMap(({ step, by, ...pool }) =>
        isWaiting && step === row.id ? [{ ...pool, by: by.flatMap((id) => named.get(id) ?? []) }] : [],
      ),
      ...(row.cancelReason === null ? {} : { cancelReason: row.cancelReason }),
      ...(row.startedAt === null ? {} : { startedAt: row.startedAt }),
      ...(row.deferredUntil === null ? {} : { deferredUntil: row.deferredUntil }),
      ...(row.deferredReason === null ? {} : { deferredReason: row.deferredReason }),
      ...(row.outcome === null ? {} : { outcome: row.outcome }),
      ...(row.error === null ? {} : { error: row.error }),
      ...(holder === undefined ? {} : { behind: holder }),
      ...(next === undefined ? {} : { above: factsOf(next, rest) }),
    };
  };
  return (step) => {
    const place = below.indexOf(step);
    return factsOf(
      step,
      above.filter((row) => row.place === place),
    );
  };
}

const namedStep = (graph: AssetGraph, row: ExplainedStepRow): NamedStep => ({
  run: row.run,
  n: row.n,
  name: nameOfStep(graph, row),
});

/** `cleaned@2026-11-20`; the name alone where its asset is no longer defined so. */
function nameOfStep(graph: AssetGraph, row: ExplainedStepRow): string {
  const definition = graph.assets.get(row.assets[0] ?? "")?.partitions;
  const name = row.kind === "check" ? row.name : row.assets.join(", ");
  if (definition === undefined || (definition.kind === "time") !== (row.windows !== null)) return name;
  if ((definition.kind === "multi") !== (row.boxes !== null)) return name;
  const text = formatPartitions(definition, setOfColumns(row));
  return text === "" ? name : `${name}@${text}`;
}

/** The schedules whose job selects the asset: how they stand, their last tick, and what the next one will ask for. */
async function readSchedules(
  db: Queryable,
  location: string,
  snapshot: Snapshot,
  graph: AssetGraph,
  key: string,
  now: MomentWithKeys,
): Promise<readonly ScheduleFacts[]> {
  const selections = new Map(snapshot.jobs.map((job) => [job.key, possibleAssets(graph, job.select)]));
  const asking = snapshot.schedules.filter((schedule) => selections.get(schedule.job)?.includes(key));
  if (asking.length === 0) return [];
  const names = asking.map((schedule) => ({ location, name: schedule.key }));
  const [known, last] = await Promise.all([listAutomations(db, location), latestTicks(db, names, 1)]);
  const automations = new Map(known.map((row) => [row.name, row]));
  const ticks = new Map(last.map((row) => [row.name, row]));
  return asking.map((schedule): ScheduleFacts => {
    const selected = selections.get(schedule.job)!;
    const automation = automations.get(schedule.key);
    const tick = ticks.get(schedule.key);
    const lastHandled = automation?.lastHandled ?? undefined;
    const [next] = previewTicks(schedule, requestDefinition(graph, selected), {
      now: now.now,
      count: 1,
      lastHandled,
      dynamicKeys: now.dynamicKeys,
    });
    const asked =
      next?.partitions === undefined
        ? undefined
        : requestedPartitions(graph, selected, next.partitions, { ...now, now: next.tick }).get(key);
    return {
      schedule,
      paused: automation?.paused ?? false,
      ...(automation?.pausedAt ? { pausedAt: automation.pausedAt } : {}),
      ...(tick === undefined
        ? {}
        : { lastTick: { at: tick.scheduledFor, status: tick.status, reason: tick.reason, run: tick.run } }),
      ...(next === undefined ? {} : { nextTick: { at: next.tick, partitions: asked ?? null } }),
    };
  });
}
