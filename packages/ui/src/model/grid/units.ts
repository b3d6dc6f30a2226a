/** How coarse the cells of a grid are: a partition each, or a day, a month, a year of them where there are too many to look at. */
import type { PartitionSet } from "@iroko/core";
import type { GridCell } from "@iroko/core/client";

export type Unit = "day" | "month" | "year";

/** More cells than this are too small to be seen, and too many to be sent, unless somebody asks for them. */
export const mostCells = 5_000;
const mostAsked = 20_000;

const coarser: Readonly<Record<string, readonly Unit[]>> = {
  hour: ["day", "month", "year"],
  cron: ["day", "month", "year"],
  day: ["month", "year"],
  week: ["year"],
  month: ["year"],
};
/** What cells of a cadence, and of a unit, stand in a row of. */
const rowOf: Readonly<Record<string, Unit>> = { hour: "day", cron: "day", day: "month", week: "year", month: "year" };

/** How coarse a cell of that cadence may become, the finest first. */
export const coarserThan = (cadence: string): readonly Unit[] => coarser[cadence] ?? ["year"];

export const unitsFrom = (cadence: string): readonly GridCell[] => [...coarserThan(cadence).toReversed(), "partition"];

/** What a row is of, where cells are such units; without one, a partition each. */
export const rowUnitOf = (cadence: string, unit: Unit | undefined): Unit =>
  unit === undefined ? rowOf[cadence]! : unit === "day" ? "month" : "year";

/** What was asked for, where there are few enough of it; undefined: each partition has its cell. */
export function unitOf(
  cadence: string,
  wanted: PartitionSet,
  count: number,
  asked: GridCell | undefined,
): Unit | undefined {
  const units = coarserThan(cadence);
  const most = asked === undefined ? mostCells : mostAsked;
  const finest = count <= most ? undefined : unitFor(units, wanted, most);
  const chosen = units.find((unit) => unit === asked);
  if (chosen === undefined) return finest;
  return finest !== undefined && units.indexOf(finest) > units.indexOf(chosen) ? finest : chosen;
}

/** The finest of which there are few enough; a window's span says how many there can be. */
function unitFor(units: readonly Unit[], wanted: PartitionSet, most: number): Unit {
  if (wanted.kind !== "time" || wanted.windows.length === 0) return units[0]!;
  const days = wanted.windows[0]!.start.until(wanted.windows.at(-1)!.end).total("hours") / 24;
  const perUnit: Readonly<Record<Unit, number>> = { day: 1, month: 30.4, year: 365.2 };
  return units.find((unit) => days / perUnit[unit] <= most) ?? units.at(-1)!;
}
