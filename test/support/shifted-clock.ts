/**
 * Loaded before anything else (`--import`), it makes a process believe that its machine's clock is off, by as many seconds as
 * the file CLOCK_SHIFT holds: as if somebody had set the clock, as often as the file changes. What measures time by itself
 * (`performance.now`, timers) goes on as it did.
 */
import { readFileSync } from "node:fs";

const file = process.env["CLOCK_SHIFT"] ?? "";
const RealDate = Date;
const realNow = Temporal.Now.instant.bind(Temporal.Now);

let milliseconds = 0;
let readAt = Number.NEGATIVE_INFINITY;
function shift(): number {
  if (performance.now() - readAt > 10) {
    milliseconds = Number(readFileSync(file, "utf8")) * 1000;
    readAt = performance.now();
  }
  return milliseconds;
}

const now = (): number => RealDate.now() + shift();
globalThis.Date = new Proxy(RealDate, {
  get: (target, name): unknown => (name === "now" ? now : Reflect.get(target, name)),
  construct: (target, values: unknown[], self) =>
    Reflect.construct(target, values.length === 0 ? [now()] : values, self) as Date,
});
Temporal.Now.instant = () => realNow().add({ milliseconds: shift() });
Temporal.Now.zonedDateTimeISO = (zone) => Temporal.Now.instant().toZonedDateTimeISO(zone ?? Temporal.Now.timeZoneId());
