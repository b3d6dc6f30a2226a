/** Partition sets as they travel: JSON in events, runs and the API; a tstzmultirange in Postgres. */
import type { TimeWindow } from "./partitions-definition.ts";
import { multiSet } from "./multi-set.ts";
import type {
  BoxJson,
  DimensionSet,
  DimensionSetJson,
  MultiSet,
  PartitionSet,
  PartitionSetJson,
} from "./partition-set.ts";
import { keySet, timeSet } from "./dimension-set.ts";

export function setToJson(set: PartitionSet): PartitionSetJson {
  return set.kind === "multi" ? { boxes: boxesToJson(set) } : dimensionToJson(set);
}

export function boxesToJson({ boxes }: MultiSet): readonly BoxJson[] {
  return boxes.map((box) => mapBox(box, dimensionToJson));
}

function dimensionToJson(set: DimensionSet): DimensionSetJson {
  if (set.kind === "keys") return { keys: set.keys };
  return { windows: set.windows.map(({ start, end }) => [start.toString(), end.toString()] as const) };
}

export function setFromJson(json: PartitionSetJson): PartitionSet {
  if ("boxes" in json) return multiSet(json.boxes.map((box) => mapBox(box, dimensionFromJson)));
  return dimensionFromJson(json);
}

const mapBox = <From, To>(
  box: Readonly<Record<string, From>>,
  change: (from: From) => To,
): Readonly<Record<string, To>> => Object.fromEntries(Object.entries(box).map(([name, from]) => [name, change(from)]));

function dimensionFromJson(json: DimensionSetJson): DimensionSet {
  if ("keys" in json) return keySet(json.keys);
  return timeSet(json.windows.map(([start, end]) => windowOfText(start, end)));
}

/** A time set as Postgres reads it: `{[2026-10-31T23:00:00Z,2026-11-01T23:00:00Z)}`. */
export function toMultirange(set: PartitionSet): string {
  if (set.kind !== "time") throw new TypeError("Only a set of time partitions is a multirange.");
  return `{${set.windows.map(({ start, end }) => `[${start.toString()},${end.toString()})`).join(",")}}`;
}

/** A time set from what `toMultirange` wrote or Postgres prints with any session time zone. */
export function fromMultirange(text: string): PartitionSet {
  const windows: TimeWindow[] = [];
  const rest = text
    .trim()
    .replace(/[[(]\s*"?([^",]+)"?\s*,\s*"?([^",]+?)"?\s*[\])]/g, (range, start: string, end: string) => {
      // Windows are half open, and Postgres keeps the bounds it was given: any other bound was not written by us.
      if (!range.startsWith("[") || !range.endsWith(")")) throw notMultirange(text);
      windows.push(windowOfText(start, end));
      return "";
    });
  if (!/^\{[,\s]*\}$/.test(rest)) throw notMultirange(text);
  return timeSet(windows);
}

/** Postgres prints `2026-10-31 23:00:00+00`; Temporal reads that once a T stands for the space. */
function windowOfText(start: string, end: string): TimeWindow {
  return { start: Temporal.Instant.from(start.replace(" ", "T")), end: Temporal.Instant.from(end.replace(" ", "T")) };
}

function notMultirange(text: string): TypeError {
  return new TypeError(`Not a multirange of half-open windows: ${text}`);
}
