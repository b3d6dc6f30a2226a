/** Whether the clocks agree: this machine's, Postgres', the workers', and that of the newest event. */
import { hostname } from "node:os";
import {
  clockEvents,
  clockOff,
  clockWasSet,
  isOff,
  listWorkers,
  lookAtClocks,
  newestEventAt,
  secondsAhead,
  type Database,
} from "@iroko/core/engine";
import type { Finding } from "./examine.ts";

const eventsShown = 3;

export async function* clocks(db: Database): AsyncGenerator<Finding, void, undefined> {
  const look = await lookAtClocks(db);
  const ahead = secondsAhead(look);
  const { code, message, hint = "" } = clockOff(look);
  yield isOff(ahead)
    ? { about: "clock", verdict: "wrong", message: `${code} ${message}`, remedy: hint }
    : { about: "clock", verdict: "ok", message: `within ${Math.ceil(Math.abs(ahead))} s of Postgres'` };
  for (const { host, clockAhead } of await listWorkers(db)) {
    if (clockAhead === null || !isOff(clockAhead) || (host === hostname() && isOff(ahead))) continue;
    const here = look.postgres.add({ milliseconds: Math.round(clockAhead * 1000) });
    yield {
      about: "clock",
      verdict: "wrong",
      message: `${code} ${clockOff({ here, postgres: look.postgres }, host).message}`,
      remedy: hint,
    };
  }
  const newest = await newestEventAt(db);
  if (newest !== undefined && isOff(look.postgres.until(newest).total("seconds")))
    yield {
      about: "clock",
      verdict: "wrong",
      message: `${code} Postgres says ${look.postgres.toString({ smallestUnit: "second" })}, and something has happened at ${newest.toString({ smallestUnit: "second" })}`,
      remedy: "A board without a battery boots in the past: set the clock. Schedules wait until it has caught up.",
    };
  for (const { at, payload } of await clockEvents(db, eventsShown)) {
    const { host, here, other, set } = payload;
    const what = set ? clockWasSet(payload) : `The clock of ${host} said ${here}, that of Postgres ${other}.`;
    yield { about: "clock", verdict: "note", message: `${what} Seen at ${at.toString({ smallestUnit: "second" })}` };
  }
}
