import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countIn,
  cronPartitions,
  daily,
  downstreamOf,
  existing,
  formatPartitions,
  hourly,
  identityMapping,
  IrokoError,
  isEmptySet,
  nextWindow,
  parsePartitions,
  partitionOf,
  partitionsIn,
  previousWindow,
  setOfPartitions,
  subtract,
  timeWindow,
  upstreamOf,
  weekly,
  windowAt,
  type PartitionSet,
  type TimePartitions,
} from "@iroko/core";

const now = Temporal.Instant.from("2026-11-21T12:00:00Z"); // a Saturday
const weekdays = daily({ start: "2026-11-01", exclusions: ["0 0 * * 0,6", "2026-11-11"] });
const days = daily({ start: "2026-11-01" });

const keysOf = (definition: TimePartitions, set: PartitionSet): readonly string[] =>
  Array.from(partitionsIn(definition, set), ({ key }) => key);
const setOf = (definition: TimePartitions, ...keys: readonly string[]): PartitionSet =>
  setOfPartitions(
    definition,
    keys.map((key) => partitionOf(definition, key)),
  );
const refused = (code: string) => (error: unknown) => error instanceof IrokoError && error.code === code;

test("what is left out is no partition, and the windows beside it keep their length", () => {
  const set = existing(weekdays, now);
  assert.equal(countIn(weekdays, set), 14);
  assert.equal(
    formatPartitions(weekdays, set),
    "2026-11-02..2026-11-06, 2026-11-09..2026-11-10, 2026-11-12..2026-11-13, 2026-11-16..2026-11-20",
  );
  assert.equal(partitionOf(weekdays, "2026-11-06").window?.end.toString(), "2026-11-07T00:00:00Z");
  assert.throws(() => partitionOf(weekdays, "2026-11-11"), /There is no partition "2026-11-11"/);
  assert.throws(
    () => partitionOf(weekdays, "2026-11-11"),
    (error) => error instanceof IrokoError && /left out.*"2026-11-12"/.test(error.hint ?? ""),
  );
  assert.equal(windowAt(weekdays, Temporal.Instant.from("2026-11-11T09:00:00Z")), undefined);
});

test("nothing is missing once every partition but those left out is made", () => {
  const made = setOfPartitions(weekdays, partitionsIn(weekdays, existing(weekdays, now)));
  assert.ok(isEmptySet(subtract(existing(weekdays, now), made)));
});

test("the next and the previous window step over what is left out", () => {
  const friday = partitionOf(weekdays, "2026-11-06").window!;
  assert.equal(nextWindow(weekdays, friday.start)?.start.toString(), "2026-11-09T00:00:00Z");
  assert.equal(
    previousWindow(weekdays, nextWindow(weekdays, friday.start)!.start)?.start.toString(),
    "2026-11-06T00:00:00Z",
  );
});

test("last:N, ranges and endOffset count partitions, not windows", () => {
  assert.deepEqual(keysOf(weekdays, parsePartitions(weekdays, "last:6", { now })), [
    "2026-11-13",
    "2026-11-16",
    "2026-11-17",
    "2026-11-18",
    "2026-11-19",
    "2026-11-20",
  ]);
  assert.equal(countIn(weekdays, parsePartitions(weekdays, "2026-11-02..2026-11-16", { now })), 10);
  const ahead = daily({ start: "2026-11-01", exclusions: ["0 0 * * 0,6"], endOffset: 1 });
  assert.equal(keysOf(ahead, existing(ahead, now)).at(-1), "2026-11-23");
  assert.equal(countIn(ahead, parsePartitions(ahead, "2026-11-23", { now })), 1);
  const behind = daily({ start: "2026-11-01", exclusions: ["0 0 * * 0,6"], endOffset: -1 });
  assert.equal(keysOf(behind, existing(behind, now)).at(-1), "2026-11-19");
});

test("an upstream that leaves days out is asked only for those it has", () => {
  const weeks = weekly({ start: "2026-11-01" });
  const week = upstreamOf(identityMapping, {
    upstream: weekdays,
    downstream: weeks,
    set: setOf(weeks, "2026-11-08"),
    now,
  });
  assert.deepEqual(keysOf(weekdays, week.set), ["2026-11-09", "2026-11-10", "2026-11-12", "2026-11-13"]);
  assert.ok(isEmptySet(week.nonexistent));
  const below = downstreamOf(identityMapping, {
    upstream: weekdays,
    downstream: weeks,
    set: setOf(weekdays, "2026-11-06"),
    now,
  });
  assert.deepEqual(keysOf(weeks, below), ["2026-11-01"]);
});

test("offsets count the downstream's partitions: the one before Monday is Friday", () => {
  const mapping = timeWindow({ startOffset: -1, endOffset: -1 });
  const sides = { upstream: days, downstream: weekdays, now };
  const { set } = upstreamOf(mapping, { ...sides, set: setOf(weekdays, "2026-11-09") });
  assert.deepEqual(keysOf(days, set), ["2026-11-06"]);
  const below = downstreamOf(mapping, { ...sides, set: setOf(days, "2026-11-06") });
  assert.deepEqual(keysOf(weekdays, below), ["2026-11-09"]);
});

test("a cron leaves out the hours at which it fires", () => {
  const shop = hourly({ start: "2026-11-16-00:00", timezone: "Africa/Lagos", exclusions: ["0 0-7,20-23 * * *"] });
  assert.equal(countIn(shop, existing(shop, Temporal.Instant.from("2026-11-17T23:00:00Z"))), 24);
});

test("a local time that the clock shows twice is left out both times", () => {
  const hours = hourly({ start: "2026-10-25-00:00", timezone: "Europe/Berlin", exclusions: ["2026-10-25T02:00"] });
  const until = Temporal.Instant.from("2026-10-25T23:00:00Z");
  assert.deepEqual(keysOf(hours, existing(hours, until)).slice(0, 3), [
    "2026-10-25-00:00",
    "2026-10-25-01:00",
    "2026-10-25-03:00",
  ]);
});

test("an exclusion that is none, and exclusions that leave nothing, are refused", () => {
  assert.throws(() => daily({ start: "2026-11-01", exclusions: ["nope"] }), refused("PARTITIONS_INVALID"));
  assert.throws(() => daily({ start: "2026-11-01", exclusions: ["61 0 * * *"] }), refused("PARTITIONS_INVALID"));
  assert.throws(() => daily({ start: "2026-11-01", exclusions: ["0 0 * * *"] }), refused("PARTITIONS_INVALID"));
  assert.throws(
    () => cronPartitions({ start: "2026-11-01-00:00", cron: "0 */6 * * *", exclusions: ["* * * * *"] }),
    refused("PARTITIONS_INVALID"),
  );
});

test("what exists goes on from day to day, though what is left out is remembered", () => {
  const definition = daily({ start: "2026-11-01", exclusions: ["0 0 * * 0,6"] });
  const last = (day: string): string | undefined =>
    keysOf(definition, existing(definition, Temporal.Instant.from(`${day}T12:00:00Z`))).at(-1);
  assert.deepEqual(["2026-11-19", "2026-11-20", "2026-11-21", "2026-11-24", "2026-11-19"].map(last), [
    "2026-11-18",
    "2026-11-19",
    "2026-11-20",
    "2026-11-23",
    "2026-11-18",
  ]);
});
