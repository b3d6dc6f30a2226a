/**
 * A zone as stretches of constant UTC offset. Inside one, local time is UTC plus a number, so ticks and windows are
 * found and counted by integer arithmetic; Temporal is asked for the transitions, once each.
 */

/** Times are epoch seconds, offsets seconds east of UTC. */
export interface ZoneSegment {
  readonly from: number;
  readonly until: number;
  readonly offset: number;
  /** Of the segment before and after; this one's own where there is none. */
  readonly offsetBefore: number;
  readonly offsetAfter: number;
}

// Grows with what is asked for and never changes: a zone has two segments a year at most, a little more in Morocco.
const segmentsByZone = new Map<string, ZoneSegment[]>();

/** The segment that holds an instant given in epoch seconds. */
export function segmentAt(timezone: string, seconds: number): ZoneSegment {
  let segments = segmentsByZone.get(timezone);
  if (!segments) segmentsByZone.set(timezone, (segments = []));
  const position = positionOf(segments, seconds);
  const known = segments[position];
  if (known && known.from <= seconds) return known;
  const found = findSegment(timezone, seconds);
  segments.splice(position, 0, found);
  return found;
}

/** Where the first segment stands that ends after the instant. */
function positionOf(segments: readonly ZoneSegment[], seconds: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (segments[middle]!.until <= seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

function findSegment(timezone: string, seconds: number): ZoneSegment {
  const at = Temporal.Instant.fromEpochMilliseconds(seconds * 1000).toZonedDateTimeISO(timezone);
  // The previous transition is searched strictly before: one second later, so that one at this very instant counts.
  const previous = at.add({ seconds: 1 }).getTimeZoneTransition("previous");
  const next = at.getTimeZoneTransition("next");
  const offset = offsetOf(at);
  return {
    from: previous ? previous.epochMilliseconds / 1000 : -Infinity,
    until: next ? next.epochMilliseconds / 1000 : Infinity,
    offset,
    offsetBefore: previous ? offsetOf(previous.subtract({ seconds: 1 })) : offset,
    offsetAfter: next ? offsetOf(next) : offset,
  };
}

function offsetOf(time: Temporal.ZonedDateTime): number {
  return time.offsetNanoseconds / 1e9;
}
