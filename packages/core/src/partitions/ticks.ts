/**
 * When a cron fires in a zone. The rule for a changed clock: with every hour matched, each real local match fires, a
 * skipped time never and a repeated one twice; otherwise a skipped time fires at the end of the gap and a repeated one
 * once, the second time.
 *
 * This is our own because no library follows the rule: of the 124 vectors of single crons in test/vectors/cron.json, croner
 * 11.0.1 gives 103 (it drops skipped times and fires repeated ones the first time), cron-parser 5.10.5 gives 99; and neither
 * counts ticks without walking through them, as a set of a million windows needs.
 *
 * Every segment of constant offset *owns* an interval of the wall clock. Where all hours match it is what its clock shows.
 * Otherwise the owned intervals tile the wall clock: a gap belongs to the segment after it, and its times fire at once
 * when that begins; what is shown twice belongs to the segment that shows it the second time.
 */
import { parseCron, type Cron } from "./cron.ts";
import { instantOfSeconds, secondsAtOrAfter, secondsAtOrBefore } from "./epoch-seconds.ts";
import { countWallTicks, wallTickAtOrAfter, wallTickAtOrBefore } from "./wall-ticks.ts";
import { segmentAt, type ZoneSegment } from "./zone-segments.ts";

/** The first tick after an instant; undefined past the end of what Temporal can tell. */
export function nextTick(cron: string | Cron, timezone: string, after: Temporal.Instant): Temporal.Instant | undefined {
  return instantOfSeconds(tickAtOrAfter(read(cron), timezone, secondsAtOrBefore(after) + 1));
}

/** The last tick before an instant. */
export function previousTick(
  cron: string | Cron,
  timezone: string,
  before: Temporal.Instant,
): Temporal.Instant | undefined {
  return instantOfSeconds(tickAtOrBefore(read(cron), timezone, secondsAtOrAfter(before) - 1));
}

/**
 * The ticks of a cron, or of several together, one by one and without end: at or after the start, ascending, or at or
 * before it, descending.
 */
export function* ticks(
  crons: string | readonly string[],
  timezone: string,
  start: Temporal.Instant,
  direction: "forward" | "backward" = "forward",
): Generator<Temporal.Instant, void, undefined> {
  const all = (typeof crons === "string" ? [crons] : crons).map(read);
  const forward = direction === "forward";
  let at = forward ? secondsAtOrAfter(start) : secondsAtOrBefore(start);
  for (;;) {
    const found = all
      .map((cron) => (forward ? tickAtOrAfter(cron, timezone, at) : tickAtOrBefore(cron, timezone, at)))
      .filter((tick) => tick !== undefined);
    const tick = instantOfSeconds(found.length === 0 ? undefined : forward ? Math.min(...found) : Math.max(...found));
    if (!tick) return;
    yield tick;
    at = secondsAtOrBefore(tick) + (forward ? 1 : -1);
  }
}

/** As `nextTick`, in epoch seconds and including the time given. */
export function tickAtOrAfter(cron: Cron, timezone: string, seconds: number): number | undefined {
  for (let at = seconds; at <= lastSecond;) {
    const segment = segmentAt(timezone, at);
    const owned = ownedWall(cron, segment);
    const from = at > segment.from ? Math.max(owned.from, at + segment.offset) : owned.from;
    const wall = wallTickAtOrAfter(cron, from);
    if (wall === undefined) return undefined;
    if (wall < owned.until) return Math.max(segment.from, wall - segment.offset);
    at = segment.until;
  }
  return undefined;
}

/** As `previousTick`, in epoch seconds and including the time given. */
export function tickAtOrBefore(cron: Cron, timezone: string, seconds: number): number | undefined {
  for (let at = seconds; at >= -lastSecond;) {
    const segment = segmentAt(timezone, at);
    const owned = ownedWall(cron, segment);
    const wall = wallTickAtOrBefore(cron, Math.min(owned.until - 1, at + segment.offset));
    if (wall === undefined) return undefined;
    if (wall >= owned.from) return Math.max(segment.from, wall - segment.offset);
    at = segment.from - 1;
  }
  return undefined;
}

/** How many ticks lie in [from, until), epoch seconds; the cost follows the changes of the clock, not the ticks. */
export function countTicks(cron: Cron, timezone: string, from: number, until: number): number {
  let count = 0;
  for (let at = from; at < until;) {
    const segment = segmentAt(timezone, at);
    const owned = ownedWall(cron, segment);
    const end = Math.min(owned.until, until + segment.offset);
    let start = at + segment.offset;
    if (at === segment.from) {
      // All that a gap has skipped, and a match at its end, is one tick.
      if (countWallTicks(cron, owned.from, Math.min(start + 1, end)) > 0) count += 1;
      start += 1;
    }
    count += countWallTicks(cron, Math.max(start, owned.from), end);
    at = segment.until;
  }
  return count;
}

/** The times on the wall clock, [from, until), that fire within a segment. */
function ownedWall(cron: Cron, { from, until, offset, offsetBefore, offsetAfter }: ZoneSegment): WallInterval {
  if (cron.everyHour) return { from: from + offset, until: until + offset };
  return { from: from + Math.min(offsetBefore, offset), until: until + Math.min(offset, offsetAfter) };
}

interface WallInterval {
  readonly from: number;
  readonly until: number;
}

// What Temporal can represent: 10^8 days either side of 1970.
const lastSecond = 8_640_000_000_000;

const read = (cron: string | Cron): Cron => (typeof cron === "string" ? parseCron(cron) : cron);
