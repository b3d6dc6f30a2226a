/** Who asks for an asset: its schedules, what they did last and will do next, or nobody. */
import { assetOf } from "../graph/asset-graph.ts";
import { setOfPartitions } from "../partitions/partitions-in.ts";
import type { Partition } from "../partitions/partitions-definition.ts";
import { containsPartition, isEmptySet } from "../partitions/set-algebra.ts";
import { shellQuote } from "../shell-quote.ts";
import type { ExplainFacts, ScheduleFacts } from "./explain-facts.ts";
import { moment, type Reason } from "./explanation.ts";
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
