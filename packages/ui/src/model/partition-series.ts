/**
 * Numbers over an asset's partitions, as they are drawn: rows, bytes and whatever numbers its steps have told. Along time a
 * line breaks where a partition is missing; of several dimensions each of the other keys has a line; keys without an order are
 * points. Of more points than can be told apart the least and the most of each stretch are kept.
 */
import { countIn, readMultiId, type Metadata, type PartitionsDefinition, type SnapshotAsset } from "@iroko/core";
import type { AssetSeries, Series, SeriesLine, SeriesPoint } from "@iroko/core/client";
import type { PartitionNumbers } from "@iroko/core/engine";
import { partitionKey } from "./run-view.ts";

/** The newest of them. */
export const mostPartitions = 5_000;
const mostSeries = 24;
const mostLines = 6;
/** A picture is as wide as some hundred points. */
const stretches = 100;

/** @param records the newest first */
export function partitionSeries(
  { partitions }: Pick<SnapshotAsset, "partitions">,
  records: readonly PartitionNumbers[],
): AssetSeries {
  const placed = placesOf(partitions, records);
  const rows = placed.map(({ record }) => record);
  const told = [
    series(
      "rows",
      "count",
      placed,
      rows.map((row) => row.rows ?? undefined),
    ),
    series(
      "size",
      "bytes",
      placed,
      rows.map((row) => row.bytes ?? undefined),
    ),
    ...metadataNames(rows).map((name) => {
      const numbers = rows.map(({ metadata }) => numberOf(metadata?.[name]));
      const unit = numbers.find((number) => number !== undefined)?.unit ?? "count";
      return series(
        name,
        unit,
        placed,
        numbers.map((number) => number?.value),
      );
    }),
  ].filter((each) => each !== undefined);
  const keyOf = (at: number): string => partitionKey(partitions, rows[at]!.partition);
  const shapes = new Set<string>();
  return {
    partitions: rows.length,
    first: rows.length === 0 ? null : keyOf(0),
    last: rows.length === 0 ? null : keyOf(rows.length - 1),
    // Many a step counts its rows once more: the same is told once.
    series: told
      .filter(({ unit, lines }) => shapes.size < shapes.add(JSON.stringify([unit, lines])).size)
      .slice(0, mostSeries)
      .map(({ least, most, latest, ...each }) => ({
        ...each,
        least: keyed(least),
        most: keyed(most),
        latest: keyed(latest),
      })),
  };

  function keyed({ at, value }: Extreme): Series["least"] {
    return { value, key: keyOf(at) };
  }
}

interface Placed {
  readonly record: PartitionNumbers;
  /** From 0 to 1. */
  readonly x: number;
  /** What it is in the other dimensions; undefined where there are none. */
  readonly of: string | undefined;
  /** Whether the one before it in its line is the partition just before. */
  readonly follows: boolean;
}

type TimePartitions = Extract<PartitionsDefinition, { kind: "time" }>;

/** In the order in which they are drawn. */
function placesOf(definition: PartitionsDefinition, records: readonly PartitionNumbers[]): readonly Placed[] {
  const time = timeOf(definition);
  if (time === undefined) {
    const last = Math.max(1, records.length - 1);
    return records.toReversed().map((record, at) => ({ record, x: at / last, of: undefined, follows: false }));
  }
  const points = records
    .map((record) => ({ record, ...time.read(record.partition) }))
    .toSorted((a, b) => a.start - b.start);
  const first = points[0]?.start ?? 0;
  const width = Math.max(1, (points.at(-1)?.start ?? 0) - first);
  const gaps = new Map<string | undefined, ReadonlySet<number>>();
  for (const [of, line] of Map.groupBy(points, (point) => point.of))
    gaps.set(
      of,
      new Set(
        startsAfterGaps(
          time.partitions,
          line.map(({ start }) => start),
        ),
      ),
    );
  const begun = new Set<string | undefined>();
  return points.map(({ record, start, of }) => {
    const follows = begun.has(of) && !gaps.get(of)!.has(start);
    begun.add(of);
    return { record, x: (start - first) / width, of, follows };
  });
}

interface InTime {
  readonly partitions: TimePartitions;
  /** Of an id in tables: when its window starts, and what it is besides. */
  readonly read: (id: string) => { readonly start: number; readonly of: string | undefined };
}

function timeOf(definition: PartitionsDefinition): InTime | undefined {
  if (definition.kind === "time")
    return { partitions: definition, read: (id) => ({ start: Date.parse(id), of: undefined }) };
  if (definition.kind !== "multi") return undefined;
  const [time, ...more] = definition.dimensions.flatMap(({ name, partitions }) =>
    partitions.kind === "time" ? [{ name, partitions }] : [],
  );
  if (time === undefined || more.length > 0) return undefined;
  const others = definition.dimensions.filter(({ name }) => name !== time.name);
  return {
    partitions: time.partitions,
    read: (id) => {
      const ids = readMultiId(id);
      const of = others.map(({ name }) => (others.length === 1 ? ids.get(name) : `${name}=${ids.get(name)}`)).join(",");
      return { start: Date.parse(ids.get(time.name) ?? ""), of };
    },
  };
}

/** Of starts in ascending order, those that do not follow the one before: looked for only where the count says that some lack. */
function startsAfterGaps(definition: TimePartitions, starts: readonly number[]): readonly number[] {
  const instant = (ms: number): Temporal.Instant => Temporal.Instant.fromEpochMilliseconds(ms);
  const within = (low: number, high: number): readonly number[] => {
    if (low >= high) return [];
    const window = { start: instant(starts[low]!), end: instant(starts[high]!) };
    if (countIn(definition, { kind: "time", windows: [window] }) <= high - low) return [];
    if (high - low === 1) return [starts[high]!];
    const middle = (low + high) >>> 1;
    return [...within(low, middle), ...within(middle, high)];
  };
  return within(0, starts.length - 1);
}

function metadataNames(rows: readonly PartitionNumbers[]): readonly string[] {
  return [...new Set(rows.toReversed().flatMap(({ metadata }) => Object.keys(metadata ?? {})))];
}

interface Extreme {
  readonly at: number;
  readonly value: number;
}

type Drawn = Omit<Series, "least" | "most" | "latest"> & Readonly<Record<"least" | "most" | "latest", Extreme>>;

/** Undefined where it never moves: that tells nothing. */
function series(
  name: string,
  unit: Series["unit"],
  placed: readonly Placed[],
  values: readonly (number | undefined)[],
): Drawn | undefined {
  const known = values.flatMap((value, at): Extreme[] => (value === undefined ? [] : [{ at, value }]));
  const least = known.reduce<Extreme | undefined>((a, b) => (a === undefined || b.value < a.value ? b : a), undefined);
  const most = known.reduce<Extreme | undefined>((a, b) => (a === undefined || b.value > a.value ? b : a), undefined);
  if (least === undefined || most === undefined || least.value === most.value) return undefined;
  const lines = linesOf(placed, values);
  return {
    name,
    unit,
    least,
    most,
    latest: known.at(-1)!,
    lines: lines.slice(0, mostLines),
    linesLeft: Math.max(0, lines.length - mostLines),
  };
}

function linesOf(placed: readonly Placed[], values: readonly (number | undefined)[]): readonly SeriesLine[] {
  const points = new Map<string | undefined, SeriesPoint[]>();
  const wasKnown = new Map<string | undefined, boolean>();
  for (const [at, { x, of, follows }] of placed.entries()) {
    const value = values[at];
    const line = points.get(of) ?? [];
    points.set(of, line);
    if (value !== undefined) line.push([x, value, follows && wasKnown.get(of) === true]);
    wasKnown.set(of, value !== undefined);
  }
  return Array.from(points, ([of, line]) => ({ of: of ?? null, points: thinned(line) }))
    .filter(({ points: kept }) => kept.length > 0)
    .toSorted((a, b) => ((a.of ?? "") < (b.of ?? "") ? -1 : 1));
}

/** The least and the most of each stretch, in their order; what is left out between two that are kept may be a gap. */
export function thinned(points: readonly SeriesPoint[]): readonly SeriesPoint[] {
  const rounded = ([x, value, joined]: SeriesPoint): SeriesPoint => [Math.round(x * 1e4) / 1e4, value, joined];
  if (points.length <= 2 * stretches) return points.map(rounded);
  const kept = new Set<number>();
  const byStretch = Map.groupBy(points.keys(), (at) => Math.min(stretches - 1, Math.floor(points[at]![0] * stretches)));
  for (const at of byStretch.values()) {
    kept.add(at.reduce((a, b) => (points[b]![1] < points[a]![1] ? b : a)));
    kept.add(at.reduce((a, b) => (points[b]![1] > points[a]![1] ? b : a)));
  }
  let isJoined = true;
  return points.flatMap((point, at) => {
    isJoined &&= point[2];
    if (!kept.has(at)) return [];
    const [x, value] = point;
    const drawn = rounded([x, value, isJoined]);
    isJoined = true;
    return [drawn];
  });
}

function numberOf(
  value: Metadata[string] | undefined,
): { readonly value: number; readonly unit: Series["unit"] } | undefined {
  switch (value?.type) {
    case "int":
    case "float":
      return { value: value.value, unit: "count" };
    case "decimal":
      return { value: Number(value.value), unit: "count" };
    case "bytes":
      return { value: value.value, unit: "bytes" };
    case "duration":
      return { value: value.value, unit: "seconds" };
    default:
      return undefined;
  }
}
