/**
 * Windows that a time definition leaves out: no partition starts there, and none grows to fill the hole. Each exclusion
 * is a cron that fires as the windows concerned start, or the local time at which one starts.
 */
import { parseCron, validateCron, type Cron } from "./cron.ts";
import { secondsAtOrBefore } from "./epoch-seconds.ts";
import type { KeyFormat } from "./key-format.ts";
import { tickAtOrAfter } from "./ticks.ts";

/** What is left out, made ready for arithmetic; in epoch seconds. */
export interface Exclusions {
  excludes(line: number): boolean;
  /** The first line at or after a time that is left out; Infinity where none comes. */
  nextExcluded(from: number): number;
}

/**
 * An exclusion as it stands in the definition: a cron as it is, a key or an ISO date (with a time or without) as local time.
 * Undefined when it is none of them.
 */
export function readExclusion(text: string, keys: KeyFormat): string | undefined {
  if (isCron(text)) return validateCron(text) === undefined ? text.trim() : undefined;
  const key = keys.read(text);
  if (key) return key.local.toString() + (key.offset ?? "");
  try {
    return Temporal.PlainDateTime.from(text).toString();
  } catch {
    return undefined;
  }
}

/** @param lineAtOrAfter of the definition's grid, whatever is left out of it */
export function compileExclusions(
  exclusions: readonly string[],
  timezone: string,
  lineAtOrAfter: (seconds: number) => number,
): Exclusions {
  const crons = exclusions.filter(isCron).map(parseCron);
  const times = exclusions.filter((text) => !isCron(text)).flatMap((local) => instantsOf(local, timezone));
  const single = [...new Set(times)].toSorted((a, b) => a - b);
  const named = new Set(single);
  return {
    excludes: (line) => named.has(line) || crons.some((cron) => tickAtOrAfter(cron, timezone, line) === line),
    nextExcluded: (from) =>
      Math.min(
        single.find((time) => time >= from && lineAtOrAfter(time) === time) ?? Infinity,
        ...crons.map((cron) => nextCommon(cron, timezone, lineAtOrAfter, from)),
      ),
  };
}

/** The first time at which both the cron fires and a window starts: each leaps over what the other does not have. */
function nextCommon(cron: Cron, timezone: string, lineAtOrAfter: (seconds: number) => number, from: number): number {
  let at = from;
  for (let leaps = 0; leaps < mostLeaps; leaps += 1) {
    const tick = tickAtOrAfter(cron, timezone, at);
    if (tick === undefined) return Infinity;
    at = lineAtOrAfter(tick);
    if (at === tick || at === Infinity) return at;
  }
  return Infinity;
}

/** Two crons that have not met in so many steps never do: a 29 February that is a Monday comes every 28 years. */
const mostLeaps = 20_000;

/** A local time that the clock shows twice means both. */
function instantsOf(local: string, timezone: string): number[] {
  if (/[+-]\d{2}:\d{2}$/.test(local)) return [secondsAtOrBefore(Temporal.Instant.from(local))];
  const plain = Temporal.PlainDateTime.from(local);
  const compatible = plain.toZonedDateTime(timezone);
  // Of a skipped time, what stands at the end of the gap starts then; "later" is another time only when it was shown twice.
  const later = plain.toZonedDateTime(timezone, { disambiguation: "later" });
  return [compatible, later].map((time) => secondsAtOrBefore(time.toInstant()));
}

/** Whether it is meant as a cron. */
export const isCron = (text: string): boolean => text.trim().startsWith("@") || text.trim().split(/\s+/).length === 5;
