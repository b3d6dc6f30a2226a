import { IrokoError } from "../errors.ts";
import type { Cadence, TimePartitions } from "./partitions-definition.ts";

/** When to run within the cadence, where not at the end of the window. */
export interface CronOverrides {
  readonly minuteOfHour?: number;
  readonly hourOfDay?: number;
  /** 0 is Sunday. */
  readonly dayOfWeek?: number;
  readonly dayOfMonth?: number;
}

/** Of which cadences each field may be set, and where it stands in the cron. */
const fields: readonly { readonly name: keyof CronOverrides; readonly at: number; readonly of: readonly Cadence[] }[] =
  [
    { name: "minuteOfHour", at: 0, of: ["hour", "day", "week", "month"] },
    { name: "hourOfDay", at: 1, of: ["day", "week", "month"] },
    { name: "dayOfMonth", at: 2, of: ["month"] },
    { name: "dayOfWeek", at: 4, of: ["week"] },
  ];

/**
 * The cron of a schedule that follows time partitions: it fires as each window ends, or at another time of that cadence.
 *
 * @example cronOf(daily({ start: "2026-11-01" }), { hourOfDay: 2 }) // "0 2 * * *"
 * @throws {IrokoError} CRON_INVALID when the cadence has no such field
 */
export function cronOf(definition: TimePartitions, overrides: CronOverrides = {}): string {
  const cron = definition.cron.split(/\s+/);
  for (const { name, at, of } of fields) {
    const value = overrides[name];
    if (value === undefined) continue;
    if (!of.includes(definition.cadence)) {
      throw new IrokoError(
        "CRON_INVALID",
        `${name} does not apply to partitions whose cadence is "${definition.cadence}".`,
      );
    }
    cron[at] = String(value);
  }
  return cron.join(" ");
}
