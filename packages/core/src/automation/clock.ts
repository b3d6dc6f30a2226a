/**
 * Whether a machine's clock can be gone by. Nothing that has to be right rests on it (who is dead, who is first, what is
 * made); only schedules, and what a command asks for, have to know which windows have ended. A clock that differs from
 * Postgres' by minutes, or that was set just now, is reported, and schedules wait: what they would have asked for, they ask
 * for later, once.
 */

/** A clock, looked at beside two others. */
export interface ClockLook {
  /** This machine's, half way between the question to Postgres and its answer. */
  readonly here: Temporal.Instant;
  readonly postgres: Temporal.Instant;
  /** Seconds since this machine was started, asleep or awake: nobody sets that. */
  readonly uptimeSeconds: number;
}

/** Minutes do no harm to days, and a board drifts by some; a wrong time zone or battery is hours off. */
export const clockToleranceSeconds = 300;
/** A clock that was set may be set back right away; so long after that, it is believed. */
export const believedAfterSeconds = 600;

/** How much this machine's clock is ahead of Postgres'; negative: behind. */
export function secondsAhead({ here, postgres }: Pick<ClockLook, "here" | "postgres">): number {
  return postgres.until(here).total("seconds");
}

export const isOff = (seconds: number): boolean => Math.abs(seconds) > clockToleranceSeconds;

/** What a clock that was set between two looks should have said; undefined: it just went on. */
export function clockSet(before: ClockLook, now: ClockLook): Temporal.Instant | undefined {
  const passed = Math.round((now.uptimeSeconds - before.uptimeSeconds) * 1000);
  const expected = before.here.add({ milliseconds: passed });
  return isOff(expected.until(now.here).total("seconds")) ? expected : undefined;
}
