/** Looks at this machine's clock beside Postgres', and tells once what is wrong with it: in the log, and as an event. */
import { hostname, uptime } from "node:os";
import { believedAfterSeconds, clockSet, isOff, secondsAhead, type ClockLook } from "../automation/clock.ts";
import type { Logger } from "../definitions/io-manager.ts";
import { IrokoError } from "../errors.ts";
import { postgresClock } from "../instance/clock.ts";
import type { Database, Queryable } from "../instance/database.ts";
import { appendEvents } from "../instance/events.ts";

/** The clocks of a machine; tests give others. */
export interface Clocks {
  readonly wall: () => Temporal.Instant;
  /** Goes on while the machine sleeps, and nobody sets it. */
  readonly uptimeSeconds: () => number;
}

const ownClocks: Clocks = { wall: () => Temporal.Now.instant(), uptimeSeconds: uptime };

export async function lookAtClocks(db: Queryable, { wall, uptimeSeconds }: Clocks = ownClocks): Promise<ClockLook> {
  const [before, asked] = [wall(), performance.now()];
  const postgres = await postgresClock(db);
  const halfWay = Math.round((performance.now() - asked) / 2);
  return { here: before.add({ milliseconds: halfWay }), postgres, uptimeSeconds: uptimeSeconds() };
}

/** @throws {IrokoError} CLOCK_OFF: which windows have ended cannot be told */
export async function requireClock(db: Queryable): Promise<void> {
  const look = await lookAtClocks(db);
  if (isOff(secondsAhead(look))) throw clockOff(look);
}

export function clockOff(look: Pick<ClockLook, "here" | "postgres">, host: string = hostname()): IrokoError {
  const [here, postgres] = [toSecond(look.here), toSecond(look.postgres)];
  const seconds = Math.round(secondsAhead(look));
  return new IrokoError(
    "CLOCK_OFF",
    `The clock of ${host} says ${here}, that of Postgres ${postgres}: ${inWords(Math.abs(seconds))} ${seconds < 0 ? "behind" : "ahead"}.`,
    {
      hint: "Set the one that is wrong, and keep it right: timedatectl set-ntp true. Nothing is lost meanwhile; schedules wait.",
      details: { host, here, postgres, secondsAhead: seconds },
    },
  );
}

export interface ClockWatch {
  /** The time to go by; or why there is none, by which a scheduler should not ask for anything. */
  look(): Promise<{ readonly now: Temporal.Instant } | { readonly waits: string }>;
}

export function clockWatch(db: Database, log: Logger | undefined, clocks: Clocks = ownClocks): ClockWatch {
  const host = hostname();
  let last: ClockLook | undefined;
  let setAt: number | undefined;
  let wasOff = false;
  const tell = async (
    message: string,
    set: boolean,
    here: Temporal.Instant,
    other: Temporal.Instant,
  ): Promise<void> => {
    log?.warn(message);
    const payload = { host, set, here: toSecond(here), other: toSecond(other) };
    await appendEvents(db, [{ type: "clock_wrong", payload }]);
  };
  return {
    async look() {
      const now = await lookAtClocks(db, clocks);
      const expected = last === undefined ? undefined : clockSet(last, now);
      last = now;
      if (expected !== undefined) {
        setAt = now.uptimeSeconds;
        await tell(
          clockWasSet({ host, here: toSecond(now.here), other: toSecond(expected) }),
          true,
          now.here,
          expected,
        );
      }
      const off = isOff(secondsAhead(now));
      const { message, hint = "" } = clockOff(now, host);
      if (off && !wasOff) await tell(`CLOCK_OFF ${message} ${hint}`, false, now.here, now.postgres);
      wasOff = off;
      if (off) return { waits: message };
      const believedIn = setAt === undefined ? 0 : setAt + believedAfterSeconds - now.uptimeSeconds;
      return believedIn > 0
        ? { waits: `the clock of ${host} was set a moment ago; it is believed in ${inWords(believedIn)}` }
        : { now: now.here };
    },
  };
}

export const clockWasSet = ({
  host,
  here,
  other,
}: {
  readonly host: string;
  readonly here: string;
  readonly other: string;
}): string =>
  `The clock of ${host} was set: it says ${here}, and should have gone on to ${other}. Schedules wait ${inWords(believedAfterSeconds)} before they go by it.`;

const toSecond = (instant: Temporal.Instant): string => instant.toString({ smallestUnit: "second" });

function inWords(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86_400)} days`;
}
