/** Why one partition is as it is: follows the cause up the graph, to the first one that has none. */
import { compareInstants } from "../partitions/compare-instants.ts";
import type { SnapshotDependency } from "../definitions/snapshot.ts";
import { assetOf } from "../graph/asset-graph.ts";
import { joinOf, upstreamPartitions } from "../graph/joins.ts";
import { stateOf, strongDependencies } from "../graph/staleness.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import { setOfPartitions } from "../partitions/partitions-in.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import type { Partition } from "../partitions/partitions-definition.ts";
import { containsPartition, intersect, isEmptySet, subtract, union } from "../partitions/set-algebra.ts";
import type { MadeFacts, PartitionFacts } from "./explain-facts.ts";
import type { Asking } from "./explain-needs.ts";
import { askedForBy, makeCommand } from "./explain-schedules.ts";
import { explainEnd, explainLive } from "./explain-step.ts";
import { moment, type ExplainedStatus, type Reason } from "./explanation.ts";
import { shellQuote } from "../shell-quote.ts";
import { lastIn } from "./last-in.ts";
import { nameOf } from "./plan-changes.ts";
import { remakeCommand } from "./request-text.ts";

/** Chains longer than this are cut: nobody reads on. */
const longest = 30;

export function explainPartition(
  asking: Asking,
  key: string,
  partition: Partition,
  status: ExplainedStatus,
  depth = 0,
): readonly Reason[] {
  const [facts = {}] = asking.ask(key, [partition]);
  if (depth > longest) return [];
  switch (status) {
    case "running":
    case "waiting":
      return [facts.step, facts.next].flatMap((step) => (step === undefined ? [] : [explainLive(step)]));
    case "failed":
      return [failedReason(asking, key, partition, facts)];
    case "missing":
      return missingReasons(asking, key, partition, facts, depth);
    case "stale":
      return staleReasons(asking, key, partition, facts, depth);
    case "behind":
      return behindReasons(asking, key, partition, depth);
    case "observed":
    case "fresh":
      return freshReasons(asking, key, partition, facts);
    case "not yet":
      return [];
  }
}

function freshReasons(asking: Asking, key: string, partition: Partition, { made, decision }: PartitionFacts): Reason[] {
  const place = placeOf(asking, key, partition);
  const name = named(asking, key, partition);
  if (made === undefined) return [];
  if (assetOf(asking.facts.graph, key).kind === "external") {
    return [
      { code: "OBSERVED", message: `${name} was last observed ${at(made)}`, ...place, at: made.at, ...byRun(made) },
    ];
  }
  const told: Reason[] = [
    {
      code: "UP_TO_DATE",
      message: `${name} was made ${by(made)} from what is current above it, by the present code`,
      ...place,
      at: made.at,
      ...byRun(made),
    },
  ];
  if (decision !== undefined && compareInstants(decision.at, made.at) > 0)
    told.push(decidedReason(asking, key, partition, decision));
  return told;
}

function failedReason(asking: Asking, key: string, partition: Partition, { last, step, made }: PartitionFacts): Reason {
  const error = last?.error ?? step?.error;
  const run = last?.run ?? step?.run;
  const what = error === undefined ? "no error was kept" : `${error.code} ${error.message.replace(/\.$/, "")}`;
  const kept = made === undefined ? "" : `; version ${made.version} of ${moment(made.at)} is still current`;
  return {
    code: "STEP_FAILED",
    message: `${named(asking, key, partition)} failed${last === undefined ? "" : ` at ${moment(last.at)}`}: ${what}${kept}`,
    ...placeOf(asking, key, partition),
    ...(run === undefined || run === null ? {} : { run, command: `iroko runs retry ${run}` }),
    ...(last === undefined ? {} : { at: last.at }),
    ...(error === undefined ? {} : { error }),
  };
}

function missingReasons(
  asking: Asking,
  key: string,
  partition: Partition,
  facts: PartitionFacts,
  depth: number,
): Reason[] {
  const asset = assetOf(asking.facts.graph, key);
  const name = named(asking, key, partition);
  const place = placeOf(asking, key, partition);
  if (asset.kind === "external") {
    return [
      {
        code: "NEVER_OBSERVED",
        message: `${name} was never observed`,
        ...place,
        command: `iroko observe --select ${key}`,
      },
    ];
  }
  const { step, decision, purged } = facts;
  const was = purged === undefined ? "was never made" : purgedInWords(purged);
  if (step !== undefined && ["skipped", "canceled", "failed"].includes(step.status)) return [explainEnd(step)];
  const above = unmadeAbove(asking, key, partition);
  if (above !== undefined) {
    const because = explainPartition(asking, above.key, above.partition, above.status, depth + 1);
    const what = named(asking, above.key, above.partition);
    const missing: Reason = {
      code: "INPUT_MISSING",
      message: `${name} ${was}: ${what}, which it reads, ${above.status === "failed" ? "has failed" : above.status === "missing" ? "is missing, too" : "is still being made"}`,
      ...place,
      // What has failed is mended by its retry, what is under way by waiting.
      ...(above.status === "missing" ? { command: makeCommand(asking.facts, `+${key}`, key, partition) } : {}),
      because,
    };
    return [missing];
  }
  const unreadable = unreadableAbove(asking, key, partition);
  if (unreadable !== undefined) return [unreadable];
  return [
    {
      code: purged === undefined ? "NEVER_MADE" : "PURGED",
      message: `${name} ${was}, and nothing above it keeps it from being made`,
      ...place,
      command: makeCommand(asking.facts, key, key, partition),
      because: [
        ...(decision === undefined ? [] : [decidedReason(asking, key, partition, decision)]),
        ...askedForBy(asking.facts, key, partition),
      ],
    },
  ];
}

const purgedInWords = ({ at, reason }: NonNullable<PartitionFacts["purged"]>): string =>
  `was purged at ${moment(at)}${reason === undefined ? "" : ` (${reason})`}`;

/** The first upstream partition without which this one cannot be made. */
function unmadeAbove(
  asking: Asking,
  key: string,
  partition: Partition,
): { readonly key: string; readonly partition: Partition; readonly status: ExplainedStatus } | undefined {
  const { graph, state, waiting } = asking.facts;
  for (const dependency of strongDependencies(graph, key)) {
    const upstream = assetOf(graph, dependency.asset);
    if (upstream.kind === "external" || upstream.optional) continue;
    const { materialized, failed, inProgress } = stateOf(state, upstream);
    const lacking = subtract(neededOf(asking, key, partition, dependency), materialized);
    if (isEmptySet(lacking)) continue;
    const first = lastIn(upstream.partitions, lacking);
    const own = setOfPartitions(upstream.partitions, [first]);
    const queued = waiting.get(upstream.key);
    const status = !isEmptySet(intersect(inProgress, own))
      ? "running"
      : queued !== undefined && !isEmptySet(intersect(queued, own))
        ? "waiting"
        : !isEmptySet(intersect(failed, own))
          ? "failed"
          : "missing";
    return { key: upstream.key, partition: first, status };
  }
  return undefined;
}

/** The first upstream partition that is made, by a schema that this one cannot read. */
function unreadableAbove(asking: Asking, key: string, partition: Partition): Reason | undefined {
  const { graph, staleness } = asking.facts;
  for (const dependency of strongDependencies(graph, key)) {
    const { partitions } = assetOf(graph, dependency.asset);
    const needed = neededOf(asking, key, partition, dependency);
    for (const { breaking, partitions: broken } of staleness.get(dependency.asset)?.causes ?? []) {
      const unreadable = intersect(needed, broken);
      if (breaking === undefined || isEmptySet(unreadable)) continue;
      const what = nameOf(graph, dependency.asset, unreadable);
      return {
        code: "INPUT_UNREADABLE",
        message: `${named(asking, key, partition)} was never made: ${what}, which it reads, was written with an older schema: ${breaking}`,
        ...placeOf(asking, key, partition),
        command: remakeCommand(dependency.asset, formatPartitions(partitions, unreadable)),
      };
    }
  }
  return undefined;
}

function staleReasons(
  asking: Asking,
  key: string,
  partition: Partition,
  { made }: PartitionFacts,
  depth: number,
): Reason[] {
  const { graph, staleness } = asking.facts;
  const place = placeOf(asking, key, partition);
  const name = named(asking, key, partition);
  const causes = (staleness.get(key)?.causes ?? []).filter(({ partitions }) =>
    containsPartition(partitions, partition),
  );
  return causes.map((cause): Reason => {
    if (cause.category !== "data") {
      const codes = { code: "CODE_CHANGED", schema: "SCHEMA_CHANGED", dependencies: "DEPENDENCIES_CHANGED" } as const;
      const since = made === undefined ? "" : ` since it was made at ${moment(made.at)}`;
      return {
        code: codes[cause.category],
        message: `${name}: ${cause.reason}${since}${cause.breaking === undefined ? "" : `, and what reads it fails with SCHEMA_OLD: ${cause.breaking}`}`,
        ...place,
        command: `iroko backfill --select ${shellQuote(key)} --stale`,
      };
    }
    const upstream = assetOf(graph, cause.dependency!);
    const dependency = strongDependencies(graph, key).find(({ asset }) => asset === upstream.key)!;
    const needed = neededOf(asking, key, partition, dependency);
    const changed = cause.upstream === undefined ? needed : intersect(needed, cause.upstream);
    const because = changedBecause(asking, upstream.key, lastIn(upstream.partitions, changed), made, depth + 1);
    return {
      code: "INPUT_CHANGED",
      message: `${name} was made ${made === undefined ? "" : `at ${moment(made.at)} `}from other data than ${nameOf(graph, upstream.key, changed)} has now`,
      ...place,
      command: `iroko backfill --select ${shellQuote(key)} --stale`,
      because,
    };
  });
}

/** Why what was read is not what is current: it was made again since, for its own causes, or its source changed. */
function changedBecause(
  asking: Asking,
  key: string,
  partition: Partition,
  below: MadeFacts | undefined,
  depth: number,
): Reason[] {
  const { graph } = asking.facts;
  const asset = assetOf(graph, key);
  const [facts = {}] = asking.ask(key, [partition]);
  const { made } = facts;
  if (made === undefined || depth > longest) return [];
  const place = placeOf(asking, key, partition);
  const name = named(asking, key, partition);
  if (asset.kind === "external") {
    const end = partition.window?.end;
    // It had closed when it was read, and has other data now.
    const isLate = end !== undefined && below !== undefined && compareInstants(end, below.at) <= 0;
    return [
      {
        code: isLate ? "LATE_DATA" : "SOURCE_CHANGED",
        message: isLate
          ? `late data: ${name} was observed with other data ${at(made)}, after its window had closed at ${moment(end)}`
          : `${name} was observed with other data ${at(made)}`,
        ...place,
        at: made.at,
        ...byRun(made),
      },
    ];
  }
  const because = strongDependencies(graph, key).flatMap((dependency): Reason[] => {
    const upstream = assetOf(graph, dependency.asset);
    const needed = intersect(
      neededOf(asking, key, partition, dependency),
      stateOf(asking.facts.state, upstream).materialized,
    );
    if (isEmptySet(needed)) return [];
    const last = lastIn(upstream.partitions, needed);
    const [above = {}] = asking.ask(upstream.key, [last]);
    if (above.made === undefined) return [];
    // An observation is renewed whatever it sees; the plan has said which source had changed.
    const isCause =
      upstream.kind === "external"
        ? (made.reason ?? "").includes(`${upstream.key} changed`)
        : below !== undefined && compareInstants(above.made.at, below.at) > 0;
    return isCause ? changedBecause(asking, upstream.key, last, below, depth + 1) : [];
  });
  return [
    {
      code: "MADE_AGAIN",
      message: `${name} was made again ${by(made)}${made.reason === undefined ? "" : ` (${made.reason})`}`,
      ...place,
      at: made.at,
      ...byRun(made),
      because,
    },
  ];
}

function behindReasons(asking: Asking, key: string, partition: Partition, depth: number): Reason[] {
  const { graph, staleness } = asking.facts;
  for (const dependency of strongDependencies(graph, key)) {
    const upstream = assetOf(graph, dependency.asset);
    const above = staleness.get(upstream.key);
    if (above === undefined) continue;
    const needed = neededOf(asking, key, partition, dependency);
    const trouble = intersect(needed, union(above.stale, above.behind));
    if (isEmptySet(trouble)) continue;
    const first = lastIn(upstream.partitions, trouble);
    const status = containsPartition(above.stale, first) ? "stale" : "behind";
    return [
      {
        code: "INPUT_STALE",
        message: `${named(asking, key, partition)} is made from what is current of ${nameOf(graph, upstream.key, trouble)}, which is ${status === "stale" ? "stale" : "itself made from what is stale"}`,
        ...placeOf(asking, key, partition),
        command: `iroko backfill --select ${shellQuote(`+${key}`)} --stale`,
        because: explainPartition(asking, upstream.key, first, status, depth + 1),
      },
    ];
  }
  return [];
}

function decidedReason(
  asking: Asking,
  key: string,
  partition: Partition,
  { outcome, reason, at: when, run }: NonNullable<PartitionFacts["decision"]>,
): Reason {
  return {
    code: "DECIDED",
    message: `it was ${outcome} at ${moment(when)}${run === null ? "" : ` in run ${run}`}: ${reason}`,
    ...placeOf(asking, key, partition),
    at: when,
    ...(run === null ? {} : { run }),
  };
}

function neededOf({ facts }: Asking, key: string, partition: Partition, dependency: SnapshotDependency): PartitionSet {
  const { partitions } = assetOf(facts.graph, key);
  const own = setOfPartitions(partitions, [partition]);
  return upstreamPartitions(joinOf(facts.graph, partitions, dependency), own, facts.now);
}

function named({ facts: { graph } }: Asking, key: string, partition: Partition): string {
  return nameOf(graph, key, setOfPartitions(assetOf(graph, key).partitions, [partition]));
}

function placeOf(
  { facts: { graph } }: Asking,
  asset: string,
  partition: Partition,
): Pick<Reason, "asset" | "partitions"> {
  const { partitions } = assetOf(graph, asset);
  return { asset, partitions: formatPartitions(partitions, setOfPartitions(partitions, [partition])) };
}

const byRun = ({ run }: MadeFacts): Pick<Reason, "run"> => (run === null ? {} : { run });

/** `at … by run … (schedule nightly)` */
function by({ at: when, run, trigger, triggerName }: MadeFacts): string {
  const who =
    trigger === undefined ? "" : ` (${[trigger, triggerName].filter((word) => word !== undefined).join(" ")})`;
  return `at ${moment(when)}${run === null ? "" : ` by run ${run}${who}`}`;
}

const at = (made: MadeFacts): string => by(made);
