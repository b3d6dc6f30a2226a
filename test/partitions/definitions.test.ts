import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cronOf,
  cronPartitions,
  daily,
  existing,
  fixed,
  hourly,
  IrokoError,
  monthly,
  partitionsIn,
  weekly,
  type DayKey,
  type HourKey,
  type KeyOf,
} from "@iroko/core";

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const holds = <T extends true>(value: T): T => value;

test("the compiler knows the keys", () => {
  const states = fixed(["LA", "AB"]);
  const days = daily({ start: "2026-11-01" });
  const hours = hourly({ start: "2026-11-01-00:00" });
  const slashed = daily({ start: "01/11/2026", format: "%d/%m/%Y" });
  holds<Same<KeyOf<typeof states>, "LA" | "AB">>(true);
  holds<Same<KeyOf<typeof days>, DayKey>>(true);
  holds<Same<KeyOf<typeof hours>, HourKey>>(true);
  holds<Same<KeyOf<typeof slashed>, string>>(true);
  assert.deepEqual(states.keys, ["LA", "AB"]);
});

test("a definition is plain, frozen data, and survives JSON", () => {
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos", hourOffset: 2 });
  assert.deepEqual(days, {
    kind: "time",
    cadence: "day",
    start: "2026-11-01T00:00:00",
    timezone: "Africa/Lagos",
    format: "%Y-%m-%d",
    cron: "0 2 * * *",
    endOffset: 0,
  });
  assert.ok(Object.isFrozen(days));
  const copy: unknown = JSON.parse(JSON.stringify(days));
  assert.deepEqual(copy, days);
  const now = Temporal.Instant.from("2026-11-04T12:00:00Z");
  assert.equal([...partitionsIn(JSON.parse(JSON.stringify(days)), existing(days, now))].length, 3);
});

test("a start with an offset is the local time there, and a repeated hour's second occurrence keeps it", () => {
  const format = "%Y-%m-%dT%H:%M%z";
  const berlin = hourly({ start: "2024-03-31T00:00+0000", timezone: "Europe/Berlin", format });
  assert.equal(berlin.start, "2024-03-31T01:00:00");
  const second = hourly({ start: "2024-10-27T01:00+0000", timezone: "Europe/London", format });
  const [first] = partitionsIn(second, existing(second, Temporal.Instant.from("2024-10-28T00:00:00Z")));
  assert.equal(first?.key, "2024-10-27T01:00+0000");
});

test("the cron of partitions is when their windows end", () => {
  assert.equal(cronOf(daily({ start: "2026-11-01", hourOffset: 3 }), { minuteOfHour: 5 }), "5 3 * * *");
  assert.throws(() => cronOf(daily({ start: "2026-11-01" }), { dayOfWeek: 1 }), { code: "CRON_INVALID" });
});

test("a definition that cannot be is refused: which option, which value, what to write", () => {
  const cases: readonly (readonly [() => unknown, string, RegExp])[] = [
    [() => daily({ start: "01/11/2026" }), "PARTITIONS_INVALID", /start "01\/11\/2026" is not written as "%Y-%m-%d"/],
    [() => daily({ start: "2026-11-01", end: "soon" }), "PARTITIONS_INVALID", /end "soon"/],
    [() => daily({ start: "2026-11-01", hourOffset: 24 }), "PARTITIONS_INVALID", /hourOffset .* 0 to 23, got 24/],
    [() => hourly({ start: "2026-11-01-00:00", minuteOffset: -1 }), "PARTITIONS_INVALID", /minuteOffset .* got -1/],
    [() => weekly({ start: "2026-11-01", dayOffset: 8 }), "PARTITIONS_INVALID", /dayOffset .* 0 to 6/],
    [() => monthly({ start: "2026-11-01", dayOffset: 0 }), "PARTITIONS_INVALID", /dayOffset .* 1 to 31/],
    [() => daily({ start: "2026-11-01", endOffset: 1.5 }), "PARTITIONS_INVALID", /endOffset .* 1.5/],
    [() => daily({ start: "2026-11-01", timezone: "Africa/Lago" }), "TIMEZONE_INVALID", /no time zone "Africa\/Lago"/],
    [() => daily({ start: "2026-11-01", format: "%Y-%b" }), "PARTITIONS_INVALID", /%b is not one of/],
    [() => daily({ start: "11-01", format: "%m-%d" }), "PARTITIONS_INVALID", /no year/],
    [() => daily({ start: "2026", format: "%Y%Y" }), "PARTITIONS_INVALID", /%Y stands in it twice/],
    [
      () => hourly({ start: "2026-11-01", format: "%Y-%m-%d" }),
      "PARTITIONS_INVALID",
      /several windows the same key: it has no %H/,
    ],
    [
      () => daily({ start: "2026-11-01Z", format: "%Y-%m-%dZ", timezone: "Africa/Lagos" }),
      "PARTITIONS_INVALID",
      /ends in Z/,
    ],
    [() => cronPartitions({ start: "2026-11-01-00:00", cron: "0 0 30 2 *" }), "CRON_INVALID", /no such day/],
    [() => fixed([]), "PARTITIONS_INVALID", /empty/],
    [() => fixed(["LA", ""]), "PARTITIONS_INVALID", /empty/],
    [() => fixed(["LA", "AB", "LA"]), "PARTITIONS_INVALID", /"LA" stands twice/],
    [() => fixed(["a\0b"]), "PARTITIONS_INVALID", /not valid text/],
    [() => fixed(["a", "__proto__"]), "PARTITIONS_INVALID", /"__proto__" means something else/],
    [() => fixed(["constructor"]), "PARTITIONS_INVALID", /"constructor" means something else/],
    [() => fixed(["x".repeat(201)]), "PARTITIONS_INVALID", /too long/],
  ];
  for (const [define, code, message] of cases) {
    assert.throws(define, (error) => {
      assert.ok(error instanceof IrokoError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  }
});
