import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countIn,
  cronPartitions,
  daily,
  existing,
  firstWindow,
  hourly,
  intersect,
  keyOfWindow,
  lastWindow,
  monthly,
  nextWindow,
  partitionIdOf,
  partitionOf,
  partitionsIn,
  previousWindow,
  setFromJson,
  setToJson,
  weekly,
  windowAt,
  windowOf,
  windowsBetween,
  type TimePartitions,
  type TimeWindow,
} from "@iroko/core";
import fc from "fast-check";
import { oddZones } from "../support/odd-zones.ts";
import { plain } from "../support/plain.ts";

const instant = (text: string): Temporal.Instant => Temporal.Instant.from(text);
const spanOf = (from: Temporal.Instant, days: number): ReturnType<typeof setFromJson> =>
  setFromJson({ windows: [[from.toString(), from.add({ hours: 24 * days }).toString()]] });

const lagos = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });

const definition: fc.Arbitrary<TimePartitions> = fc
  .tuple(
    fc.constantFrom(...oddZones),
    fc.constantFrom("hour", "day", "week", "month", "quarter hours", "every second night"),
    fc.nat(23),
    fc.constantFrom(0, 15, 30),
  )
  .map(([timezone, kind, hourOffset, minuteOffset]): TimePartitions => {
    switch (kind) {
      case "hour":
        return hourly({ start: "2005-01-01-00:00", timezone, minuteOffset });
      case "day":
        return daily({ start: "2005-01-01", timezone, hourOffset, minuteOffset });
      case "week":
        return weekly({ start: "2005-01-01", timezone, hourOffset, dayOffset: 1 });
      case "month":
        return monthly({ start: "2005-01-01", timezone, hourOffset, dayOffset: 30 });
      case "quarter hours":
        return cronPartitions({ start: "2005-01-01-00:00", timezone, cron: "*/15 * * * *" });
      default:
        return cronPartitions({ start: "2005-01-01-00:00", timezone, cron: "30 0 */2 * *" });
    }
  });
const someTime = fc.date({ min: new Date("2009-01-01"), max: new Date("2027-01-01"), noInvalidDate: true });

test("windows tile time, each has one key, and the key leads back to it: in every odd zone", () => {
  fc.assert(
    fc.property(definition, someTime, (partitions, date) => {
      const from = Temporal.Instant.fromEpochMilliseconds(date.getTime());
      const keys = new Set<string>();
      const found = windowAt(partitions, from);
      assert.ok(found);
      assert.ok(Temporal.Instant.compare(found.start, from) <= 0 && Temporal.Instant.compare(found.end, from) > 0);
      let window: TimeWindow = found;
      for (let n = 0; n < 60; n += 1) {
        const key = keyOfWindow(partitions, window.start);
        assert.ok(!keys.has(key), `${key} names two windows`);
        keys.add(key);
        assert.deepEqual(plain(windowOf(partitions, key)), plain(window));
        assert.deepEqual(plain(windowAt(partitions, window.start)), plain(window));
        assert.deepEqual(plain(windowAt(partitions, window.end.subtract({ nanoseconds: 1 }))), plain(window));
        const next = nextWindow(partitions, window.start);
        assert.ok(next);
        assert.ok(next.start.equals(window.end), `after ${key}`);
        assert.deepEqual(plain(previousWindow(partitions, next.start)), plain(window));
        window = next;
      }
    }),
    { numRuns: 300, seed: 20261121 },
  );
});

test("counting agrees with walking through", () => {
  fc.assert(
    fc.property(definition, someTime, fc.integer({ min: 1, max: 90 }), (partitions, date, days) => {
      const set = spanOf(Temporal.Instant.fromEpochMilliseconds(date.getTime()), days);
      assert.equal(countIn(partitions, set), [...partitionsIn(partitions, set)].length);
    }),
    { numRuns: 300, seed: 20261121 },
  );
});

test("what exists are the windows that have ended, and a partition joins them at the very end of its window", () => {
  const before = existing(lagos, instant("2026-11-02T22:59:59.999999999Z"));
  assert.deepEqual(
    [...partitionsIn(lagos, before)].map(({ key }) => key),
    ["2026-11-01"],
  );
  const after = existing(lagos, instant("2026-11-02T23:00:00Z"));
  assert.deepEqual(
    [...partitionsIn(lagos, after)].map(({ key }) => key),
    ["2026-11-01", "2026-11-02"],
  );
  assert.equal(lastWindow(lagos, instant("2026-11-01T22:00:00Z")), undefined);
  assert.equal(firstWindow(lagos)?.start.toString(), "2026-10-31T23:00:00Z");
});

test("between two ticks of a schedule lie the windows that ended since the first, up to the second", () => {
  const keys = (after: string, upTo: string): string[] =>
    [...partitionsIn(lagos, windowsBetween(lagos, instant(after), instant(upTo)))].map(({ key }) => key);
  assert.deepEqual(keys("2026-11-10T01:00Z", "2026-11-11T01:00Z"), ["2026-11-10"]);
  assert.deepEqual(keys("2026-11-10T01:00Z", "2026-11-13T01:00Z"), ["2026-11-10", "2026-11-11", "2026-11-12"]);
  assert.deepEqual(keys("2026-11-09T23:00Z", "2026-11-10T22:59Z"), []);
  assert.deepEqual(keys("2026-10-01T00:00Z", "2026-11-02T00:00Z"), ["2026-11-01"]);
});

test("ticks one after the other hand out every window once", () => {
  fc.assert(
    fc.property(
      definition,
      someTime,
      fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 6 }),
      (partitions, date, hours) => {
        const start = Temporal.Instant.fromEpochMilliseconds(date.getTime());
        const ticks = hours.reduce((all, step) => [...all, all.at(-1)!.add({ hours: step })], [start]);
        const single = ticks.slice(1).map((tick, n) => windowsBetween(partitions, ticks[n]!, tick));
        const sum = single.reduce((count, set) => count + countIn(partitions, set), 0);
        assert.equal(sum, countIn(partitions, windowsBetween(partitions, start, ticks.at(-1)!)));
      },
    ),
  );
});

test("a day with a change of the clock has 23 or 25 hours, and one that was left out has no partition", () => {
  const hours = (key: string, timezone: string): number => {
    const { start, end } = windowOf(daily({ start: "2000-01-01", timezone }), key);
    return end.since(start).total("hours");
  };
  assert.deepEqual(
    [
      hours("2024-03-31", "Europe/London"),
      hours("2024-10-27", "Europe/London"),
      hours("2024-10-06", "Australia/Lord_Howe"),
    ],
    [23, 25, 23.5],
  );
  // Santiago's 8 September 2024 began at 01:00.
  assert.deepEqual([hours("2024-09-07", "America/Santiago"), hours("2024-09-08", "America/Santiago")], [24, 23]);
  const apia = daily({ start: "2011-12-28", timezone: "Pacific/Apia", end: "2012-01-02" });
  const keys = [...partitionsIn(apia, existing(apia, instant("2020-01-01T00:00Z")))].map(({ key }) => key);
  assert.deepEqual(keys, ["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"]);
});

test("where days begin at 2, the hours before it of a day after one that was left out are the partition of that one", () => {
  const apia = daily({ start: "2011-12-28", timezone: "Pacific/Apia", hourOffset: 2, end: "2012-01-02" });
  const windows = Array.from(partitionsIn(apia, existing(apia, instant("2020-01-01T00:00Z"))), ({ key, window }) => {
    assert.deepEqual(plain(windowOf(apia, key)), plain(window));
    return `${key} ${window!.end.since(window!.start).total("hours")}`;
  });
  assert.deepEqual(windows, ["2011-12-28 24", "2011-12-29 22", "2011-12-30 2", "2011-12-31 24"]);
});

test("the two hours of a repeated hour are two partitions", () => {
  const london = hourly({ start: "2024-01-01-00:00", timezone: "Europe/London" });
  const [first, second] = [partitionOf(london, "2024-10-27-01:00"), partitionOf(london, "2024-10-27-01:00+0000")];
  assert.deepEqual([first.id, second.id], ["2024-10-27T00:00:00Z", "2024-10-27T01:00:00Z"]);
  assert.deepEqual(plain(partitionOf(london, second.id)), plain(second));
});

test("a partition is found by its id as by its key, and the id outlives a new start", () => {
  const partition = partitionOf(lagos, "2026-11-05");
  assert.equal(partition.id, "2026-11-04T23:00:00Z");
  assert.deepEqual(plain(partitionOf(lagos, partition.id)), plain(partition));
  assert.equal(partitionIdOf(daily({ start: "2020-01-01", timezone: "Africa/Lagos" }), "2026-11-05"), partition.id);
});

test("what lies before a start or after an end is neither counted nor listed", () => {
  const week = daily({ start: "2026-11-01", end: "2026-11-08" });
  const wide = setFromJson({ windows: [["2026-10-01T00:00:00Z", "2026-12-01T00:00:00Z"]] });
  assert.equal(countIn(week, wide), 7);
  assert.equal([...partitionsIn(week, wide)].length, 7);
  assert.deepEqual(setToJson(intersect(wide, existing(week, instant("2027-01-01T00:00Z")))), {
    windows: [["2026-11-01T00:00:00Z", "2026-11-08T00:00:00Z"]],
  });
  assert.equal(windowAt(week, instant("2026-11-08T00:00Z")), undefined);
  assert.equal(nextWindow(week, instant("2026-11-07T00:00Z")), undefined);
  assert.equal(previousWindow(week, instant("2026-11-01T00:00Z")), undefined);
});

test("a million hours are counted without walking through them", () => {
  const hours = hourly({ start: "1910-01-01-00:00", timezone: "America/New_York" });
  const before = performance.now();
  assert.equal(countIn(hours, existing(hours, instant("2026-11-21T05:00Z"))), 1_024_632);
  assert.ok(performance.now() - before < 250); // measured: 2 ms; the bound is for a busy machine
});
