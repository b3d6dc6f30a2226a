/** Who asks for an asset: its schedules, what they did last and will do next, or nobody. */
import { assetOf } from "../graph/asset-graph.ts";
import { stateOf } from "../graph/staleness.ts";
import { setOfPartitions } from "../partitions/partitions-in.ts";
import type { Partition } from "../partitions/partitions-definition.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { containsPartition, intersect, isEmptySet, union } from "../partitions/set-algebra.ts";
import { shellQuote } from "../shell-quote.ts";
import type { ExplainFacts, ScheduleFacts } from "./explain-facts.ts";
import { moment, type Reason } from "./explanation.ts";
import { nameOf } from "./plan-changes.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";

export function explainSchedules(facts: ExplainFacts, key: string): readonly Reason[] {
  if (assetOf(facts.graph, key).kind === "external") return [];
  if (facts.schedules.length === 0) {
    return [
      {
        code: "NO_SCHEDULE",
        message: "no schedule's job selects it: it is made when somebody asks for it",
        command: `iroko materialize --select ${shellQuote(key)}`,
      },
    ];
  }
  return facts.schedules.map((schedule) => scheduleReason(facts, key, schedule));
}

/** A plan that would make some of these partitions, and waits for somebody to apply it, or can no longer be applied. */
export function explainKeptPlan(
  { graph, keptPlan, state, staleness }: ExplainFacts,
  key: string,
  among: PartitionSet,
): readonly Reason[] {
  if (keptPlan === undefined) return [];
  const { id, at, partitions, outOfDate } = keptPlan;
  const { missing, stale, behind } = staleness.get(key)!;
  const wanting = [missing, stale, behind, stateOf(state, assetOf(graph, key)).failed].reduce(union);
  // Where nothing is wanting any more, nobody misses a plan that cannot be applied.
  const about = intersect(partitions, outOfDate === undefined ? among : intersect(among, wanting));
  if (isEmptySet(about)) return [];
  const place = { asset: key, partitions: formatPartitions(assetOf(graph, key).partitions, about), at };
  if (outOfDate !== undefined) {
    const moved = outOfDate.message.replace(/^Plan \w+ is out of date: |\.$/g, "");
    return [
      {
        code: "PLAN_OUT_OF_DATE",
        message: `plan ${id} of ${moment(at)} would have made ${nameOf(graph, key, about)}, and is out of date: ${moved}`,
        ...place,
        error: outOfDate,
      },
    ];
  }
  return [
    {
      code: "PLAN_KEPT",
      message: `plan ${id} of ${moment(at)} makes ${nameOf(graph, key, about)}, and nobody has applied it`,
      ...place,
      command: `iroko apply ${id}`,
    },
  ];
}

/** Whether a schedule will ask for this partition by itself, and if not, why. */
export function askedForBy(facts: ExplainFacts, key: string, partition: Partition): readonly Reason[] {
  const { graph, schedules } = facts;
  if (schedules.length === 0) return explainSchedules(facts, key);
  return schedules.map((schedule): Reason => {
    const reason = scheduleReason(facts, key, schedule);
    const asked = schedule.nextTick?.partitions;
    if (reason.code !== "SCHEDULED" || (asked && containsPartition(asked, partition))) return reason;
    const { partitions } = assetOf(graph, key);
    const next = asked && !isEmptySet(asked) ? formatPartitions(partitions, asked) : "nothing of it";
    return {
      ...reason,
      code: "NOT_ASKED_FOR",
      message: `${reason.message}; its next tick asks for ${next || "it"}, not for ${partition.key || "it"}`,
      command: makeCommand(facts, key, key, partition),
    };
  });
}

export function makeCommand({ graph }: ExplainFacts, select: string, key: string, partition: Partition): string {
  const { partitions } = assetOf(graph, key);
  const text = formatPartitions(partitions, setOfPartitions(partitions, [partition]));
  return `iroko materialize --select ${shellQuote(select)}${text === "" ? "" : ` --partition ${shellQuote(text)}`}`;
}

function scheduleReason(
  _facts: ExplainFacts,
  key: string,
  { schedule, paused, pausedAt, lastTick, nextTick }: ScheduleFacts,
): Reason {
  const name = `the schedule "${schedule.key}"`;
  if (!schedule.enabled) return { code: "SCHEDULE_OFF", message: `${name} is off in the code`, asset: key };
  if (paused) {
    return {
      code: "SCHEDULE_PAUSED",
      message: `${name} was paused by hand${pausedAt === undefined ? "" : ` at ${moment(pausedAt)}`}`,
      asset: key,
      ...(pausedAt === undefined ? {} : { at: pausedAt }),
      command: `iroko schedules resume ${schedule.key}`,
    };
  }
  const next = nextTick === undefined ? "it ticks no more" : `it ticks next at ${moment(nextTick.at)}`;
  const until = nextTick === undefined ? {} : { until: nextTick.at };
  if (lastTick?.status === "failed" || lastTick?.status === "skipped") {
    return {
      code: lastTick.status === "failed" ? "TICK_FAILED" : "TICK_SKIPPED",
      message: `the last tick of ${name}, of ${moment(lastTick.at)}, ${lastTick.status === "failed" ? "failed" : "asked for nothing"}: ${lastTick.reason ?? "no reason was kept"}; ${next}`,
      asset: key,
      at: lastTick.at,
      ...until,
    };
  }
  const last =
    lastTick === undefined
      ? "has not ticked yet"
      : `ticked last at ${moment(lastTick.at)}${lastTick.run === null ? "" : `, which became run ${lastTick.run}`}${lastTick.reason === null ? "" : ` (${lastTick.reason})`}`;
  return {
    code: "SCHEDULED",
    message: `${name} ${last}; ${next}`,
    asset: key,
    ...(lastTick?.run ? { run: lastTick.run } : {}),
    ...until,
  };
}
