/** Numbers over partitions: rows, bytes, and whatever number steps have told, from the oldest to the newest. */
import type { AssetPartition } from "@iroko/core/client";

export interface Series {
  readonly name: string;
  readonly unit: "count" | "bytes" | "seconds";
  /** Undefined where a partition has none. */
  readonly values: readonly (number | undefined)[];
}

type Value = NonNullable<AssetPartition["metadata"]>[string];

function numberOf(value: Value | undefined): readonly [number, Series["unit"]] | undefined {
  switch (value?.type) {
    case "int":
    case "float":
      return [value.value, "count"];
    case "bytes":
      return [value.value, "bytes"];
    case "duration":
      return [value.value, "seconds"];
    case "decimal":
      return [Number(value.value), "count"];
    default:
      return undefined;
  }
}

/** Of partitions as the API lists them, the newest first; a series that never moves tells nothing. */
export function seriesOf(partitions: readonly AssetPartition[]): readonly Series[] {
  const made = partitions.filter(({ version }) => version !== null).toReversed();
  const names = [...new Set(made.flatMap(({ metadata }) => Object.keys(metadata ?? {})))];
  const told = names.flatMap((name): readonly Series[] => {
    const numbers = made.map(({ metadata }) => numberOf(metadata?.[name]));
    const unit = numbers.find((number) => number !== undefined)?.[1];
    return unit === undefined ? [] : [{ name, unit, values: numbers.map((number) => number?.[0]) }];
  });
  const own: readonly Series[] = [
    { name: "rows", unit: "count", values: made.map(({ rows }) => rows) },
    { name: "size", unit: "bytes", values: made.map(({ bytes }) => bytes) },
  ];
  return [...own, ...told].filter(({ values }) => new Set(values.filter((value) => value !== undefined)).size > 1);
}

/** An SVG path through the values, in a box of this size; it breaks where there is none. */
export function linePath(values: readonly (number | undefined)[], width: number, height: number): string {
  const known = values.filter((value) => value !== undefined);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const x = (at: number): number => (values.length < 2 ? width / 2 : (at / (values.length - 1)) * width);
  const y = (value: number): number =>
    most === least ? height / 2 : height - ((value - least) / (most - least)) * height;
  let path = "";
  let isDown = false;
  for (const [at, value] of values.entries()) {
    if (value !== undefined) path += `${isDown ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    isDown = value !== undefined;
  }
  return path;
}
