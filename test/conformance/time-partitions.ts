import assert from "node:assert/strict";
import {
  containsPartition,
  countIn,
  cronOf,
  existing,
  firstWindow,
  intersect,
  IrokoError,
  keyOfWindow,
  lastWindow,
  nextWindow,
  parseKey,
  parsePartitions,
  partitionOf,
  partitionsIn,
  setFromJson,
  windowAt,
  windowOf,
  type PartitionSet,
  type TimePartitions,
  type TimeWindow,
} from "@iroko/core";
import { z } from "zod";
import { timePartitionsOf, vectorDefinition } from "../support/partition-vectors.ts";
import { topic, type Topic } from "./topic.ts";

const def = vectorDefinition.time;
const now = z.string();
const window = z.strictObject({ start: z.string(), end: z.string() });

const operation = z.discriminatedUnion("op", [
  z.strictObject({ def, now, op: z.literal("keys") }),
  z.strictObject({ def, now, op: z.literal("window"), key: z.string() }),
  z.strictObject({ def, now, op: z.literal("has_key"), key: z.string() }),
  z.strictObject({ def, now, op: z.literal("range"), from: z.string(), to: z.string() }),
  z.strictObject({ def, now, op: z.literal("keys_in_window"), start: z.string(), end: z.string() }),
  z.strictObject({ def, now, op: z.literal("key_at"), instant: z.string() }),
  z.strictObject({ def, now, op: z.literal("next_key"), key: z.string() }),
  z.strictObject({ def, now, op: z.literal("first_last_window") }),
  z.strictObject({ def, now, op: z.literal("cron") }),
  z.strictObject({ def, now, op: z.literal("cron_for"), overrides: z.record(z.string(), z.number()) }),
]);

export const timePartitions: Topic = topic({
  name: "time_partitions",
  input: operation,
  expected: z.union([
    z.strictObject({
      count: z.number(),
      first: z.string().nullable(),
      last: z.string().nullable(),
      keys: z.array(z.string()).optional(),
      keys_head: z.array(z.string()).optional(),
      keys_tail: z.array(z.string()).optional(),
    }),
    z.strictObject({ keys: z.array(z.string()) }),
    z.strictObject({ key: z.string().nullable() }),
    z.strictObject({ exists: z.boolean() }),
    z.strictObject({ cron: z.string() }),
    z.strictObject({ first: window.nullable(), last: window.nullable() }),
    window,
  ]),
  answer,
});

function answer(input: z.infer<typeof operation>): unknown {
  const definition = timePartitionsOf(input.def);
  const at = Temporal.Instant.from(input.now);
  switch (input.op) {
    case "keys":
      return keysAnswer(definition, existing(definition, at));
    case "window":
      return textOf(windowOf(definition, input.key));
    case "has_key":
      return { exists: exists(definition, input.key, at) };
    case "range":
      return { keys: keysOf(definition, parsePartitions(definition, `${input.from}..${input.to}`, { now: at })) };
    case "keys_in_window": {
      const span = setFromJson({ windows: [[input.start, input.end]] });
      return { keys: keysOf(definition, intersect(span, existing(definition, at))) };
    }
    case "key_at":
      return { key: keyOf(definition, windowAt(definition, Temporal.Instant.from(input.instant))) };
    case "next_key":
      return {
        key: keyOf(definition, ifItExists(definition, nextWindow(definition, parseKey(definition, input.key)), at)),
      };
    case "first_last_window":
      return {
        first: textOf(ifItExists(definition, firstWindow(definition), at)) ?? null,
        last: textOf(lastWindow(definition, at)) ?? null,
      };
    case "cron":
      return { cron: cronOf(definition) };
    case "cron_for": {
      const { minute_of_hour, hour_of_day, day_of_week, day_of_month, ...rest } = input.overrides;
      assert.deepEqual(rest, {});
      return {
        cron: cronOf(definition, {
          ...(minute_of_hour === undefined ? {} : { minuteOfHour: minute_of_hour }),
          ...(hour_of_day === undefined ? {} : { hourOfDay: hour_of_day }),
          ...(day_of_week === undefined ? {} : { dayOfWeek: day_of_week }),
          ...(day_of_month === undefined ? {} : { dayOfMonth: day_of_month }),
        }),
      };
    }
  }
}

function keysAnswer(definition: TimePartitions, set: PartitionSet): unknown {
  const keys = keysOf(definition, set);
  assert.equal(countIn(definition, set), keys.length);
  const ends = { count: keys.length, first: keys[0] ?? null, last: keys.at(-1) ?? null };
  return keys.length <= 50 ? { ...ends, keys } : { ...ends, keys_head: keys.slice(0, 3), keys_tail: keys.slice(-3) };
}

function exists(definition: TimePartitions, key: string, at: Temporal.Instant): boolean {
  try {
    return containsPartition(existing(definition, at), partitionOf(definition, key));
  } catch (error) {
    if (error instanceof IrokoError && error.code.startsWith("PARTITION_")) return false;
    throw error;
  }
}

const keysOf = (definition: TimePartitions, set: PartitionSet): string[] =>
  [...partitionsIn(definition, set)].map(({ key }) => key);

/** A window that has not ended is no partition yet. */
const ifItExists = (
  definition: TimePartitions,
  found: TimeWindow | undefined,
  at: Temporal.Instant,
): TimeWindow | undefined =>
  found && containsPartition(existing(definition, at), partitionOf(definition, keyOfWindow(definition, found.start)))
    ? found
    : undefined;

const keyOf = (definition: TimePartitions, found: TimeWindow | undefined): string | null =>
  found ? keyOfWindow(definition, found.start) : null;

const textOf = (found: TimeWindow | undefined): unknown =>
  found && { start: found.start.toString(), end: found.end.toString() };
