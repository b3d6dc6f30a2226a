/** A time as people type it: so long ago, a day, or an instant; in UTC unless it says otherwise, as listings print them. */
import { InvalidArgumentError } from "commander";

const units = { m: "minutes", h: "hours", d: "hours" } as const;

/** ISO 8601 in UTC. */
export function parseTime(text: string): string {
  const [, n, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (n !== undefined)
    return Temporal.Now.instant()
      .subtract({ [units[unit as keyof typeof units]]: Number(n) * (unit === "d" ? 24 : 1) })
      .toString();
  try {
    return Temporal.Instant.from(text).toString();
  } catch {
    // without an offset, then
  }
  try {
    return Temporal.PlainDateTime.from(text).toZonedDateTime("UTC").toInstant().toString();
  } catch {
    throw new InvalidArgumentError(
      "It is a time: so long ago (90m, 24h, 7d), a day (2026-11-20) or an instant (2026-11-20T02:00+01:00), UTC if it does not say.",
    );
  }
}
