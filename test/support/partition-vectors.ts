/** How the vectors write partitions definitions, made ours. */
import {
  cronPartitions,
  daily,
  dynamic,
  fixed,
  hourly,
  monthly,
  multi,
  unpartitioned,
  weekly,
  type DimensionPartitions,
  type PartitionsDefinition,
  type TimePartitions,
} from "@iroko/core";
import { z } from "zod";

const timeDefinition = z.strictObject({
  type: z.enum(["daily", "hourly", "weekly", "monthly", "cron"]),
  start: z.string(),
  end: z.string().optional(),
  timezone: z.string().optional(),
  fmt: z.string().optional(),
  cron: z.string().optional(),
  minute_offset: z.number().optional(),
  hour_offset: z.number().optional(),
  day_offset: z.number().optional(),
  end_offset: z.number().optional(),
  exclusions: z.array(z.union([z.string(), z.strictObject({ at: z.string() })])).optional(),
});

export type VectorTimeDefinition = z.infer<typeof timeDefinition>;

const plainDefinition = z.union([
  timeDefinition,
  z.strictObject({ type: z.literal("static"), keys: z.array(z.string()) }),
  z.strictObject({ type: z.literal("dynamic"), name: z.string() }),
]);

const definition = z.union([
  plainDefinition,
  z.strictObject({ type: z.literal("multi"), dims: z.record(z.string(), plainDefinition) }),
]);

export const vectorDefinition = { time: timeDefinition, any: definition } as const;

export type VectorDefinition = z.infer<typeof definition>;

export function timePartitionsOf(from: VectorTimeDefinition): TimePartitions {
  const options = {
    start: from.start,
    ...(from.end === undefined ? {} : { end: from.end }),
    ...(from.timezone === undefined ? {} : { timezone: from.timezone }),
    ...(from.fmt === undefined ? {} : { format: from.fmt }),
    ...(from.minute_offset === undefined ? {} : { minuteOffset: from.minute_offset }),
    ...(from.hour_offset === undefined ? {} : { hourOffset: from.hour_offset }),
    ...(from.day_offset === undefined ? {} : { dayOffset: from.day_offset }),
    ...(from.exclusions === undefined
      ? {}
      : { exclusions: from.exclusions.map((each) => (typeof each === "string" ? each : each.at)) }),
    ...(from.end_offset === undefined ? {} : { endOffset: from.end_offset }),
  };
  switch (from.type) {
    case "daily":
      return daily(options);
    case "hourly":
      return hourly(options);
    case "weekly":
      return weekly(options);
    case "monthly":
      return monthly(options);
    case "cron":
      return cronPartitions({ ...options, cron: from.cron ?? "" });
  }
}

export function partitionsOf(from: VectorDefinition | null): PartitionsDefinition {
  if (from === null) return unpartitioned;
  if (from.type === "multi") {
    const dimensions = Object.entries(from.dims).map(([name, dimension]) => [name, dimensionOf(dimension)] as const);
    return multi(Object.fromEntries(dimensions));
  }
  return dimensionOf(from);
}

function dimensionOf(from: z.infer<typeof plainDefinition>): DimensionPartitions {
  if (from.type === "static") return fixed(from.keys);
  if (from.type === "dynamic") return dynamic(from.name);
  return timePartitionsOf(from);
}
