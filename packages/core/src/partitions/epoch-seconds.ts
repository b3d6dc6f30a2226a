/** Ticks and windows lie on whole seconds: within partitions/ they are numbers of them, outside they are instants. */

export function secondsAtOrBefore(instant: Temporal.Instant): number {
  return Math.floor(instant.epochMilliseconds / 1000);
}

export function secondsAtOrAfter(instant: Temporal.Instant): number {
  const floor = secondsAtOrBefore(instant);
  return instant.epochNanoseconds === BigInt(floor) * 1_000_000_000n ? floor : floor + 1;
}

export function instantOfSeconds(seconds: number): Temporal.Instant;
export function instantOfSeconds(seconds: number | undefined): Temporal.Instant | undefined;
export function instantOfSeconds(seconds: number | undefined): Temporal.Instant | undefined {
  return seconds === undefined ? undefined : Temporal.Instant.fromEpochMilliseconds(seconds * 1000);
}
