/**
 * What a worker's link to Postgres bears, against the TTL that it was given. A worker beats a second after its last beat
 * ended; a beat that fails takes a new session, of five round trips, and the beat again. If all of that takes longer than
 * the TTL, one lost packet costs the worker its steps. How long a round trip may take is smoothed as TCP's is (RFC 6298):
 * a mean, and four times the mean deviation on top.
 */
import { IrokoError } from "../errors.ts";

export interface Link {
  readonly meanMs: number;
  readonly jitterMs: number;
}

const beatSeconds = 1;
/** A beat that fails, a session's start (TCP, three of SCRAM, its lock), the beat again. */
const roundTripsOfOneLoss = 7;
const deviations = 4;

export function hearRoundTrip(link: Link | undefined, ms: number): Link {
  if (link === undefined) return { meanMs: ms, jitterMs: ms / 2 };
  return {
    jitterMs: link.jitterMs + (Math.abs(ms - link.meanMs) - link.jitterMs) / 4,
    meanMs: link.meanMs + (ms - link.meanMs) / 8,
  };
}

/** The shortest TTL that outlasts one lost beat on such a link, in whole seconds. */
export const leastTtlSeconds = (link: Link): number => Math.ceil(secondsOfOneLoss(link));

function secondsOfOneLoss({ meanMs, jitterMs }: Link): number {
  return beatSeconds + (roundTripsOfOneLoss * (meanMs + deviations * jitterMs)) / 1000;
}

/**
 * What no busy moment excuses is refused at the start: even the quickest round trip takes so long that the TTL never bears a
 * loss. A link that is merely uneven is told of while the worker runs.
 *
 * @param roundTrips milliseconds, at least one
 * @throws {IrokoError} TTL_TOO_SHORT
 */
export function requireTtl(ttlSeconds: number, roundTrips: readonly number[]): void {
  const quickest = { meanMs: Math.min(...roundTrips), jitterMs: 0 };
  if (ttlSeconds < secondsOfOneLoss(quickest)) throw ttlTooShort(ttlSeconds, leastTtlSeconds(quickest), quickest);
}

export function ttlTooShort(ttlSeconds: number, leastSeconds: number, { meanMs, jitterMs }: Link): IrokoError {
  const roundTrip = `${Math.round(meanMs)} ms${jitterMs >= 1 ? ` ± ${Math.round(jitterMs)} ms` : ""}`;
  return new IrokoError(
    "TTL_TOO_SHORT",
    `A round trip to Postgres takes ${roundTrip}: with a TTL of ${ttlSeconds} s, one lost beat costs the worker its steps.`,
    {
      hint: `Give it time: iroko worker --ttl ${leastSeconds}. Or start it nearer to Postgres.`,
      details: { ttlSeconds, leastSeconds, meanMs, jitterMs },
    },
  );
}
