import assert from "node:assert/strict";
import { test } from "node:test";
import { cronIsSatisfiable, IrokoError, nextTick, parseCron, previousTick, ticks, validateCron } from "@iroko/core";
import fc from "fast-check";
import { countTicks } from "../../packages/core/src/partitions/ticks.ts";
import { oddZones } from "../support/odd-zones.ts";

const instant = (text: string): Temporal.Instant => Temporal.Instant.from(text);
const at = (seconds: number): Temporal.Instant => Temporal.Instant.fromEpochMilliseconds(seconds * 1000);

/** A field: one value, a few, a range (also around the end), steps, or any. */
const field = (low: number, high: number): fc.Arbitrary<string> => {
  const value = fc.integer({ min: low, max: high });
  return fc.oneof(
    fc.constant("*"),
    value.map(String),
    fc.uniqueArray(value, { minLength: 2, maxLength: 4 }).map((values) => values.join(",")),
    fc.tuple(value, value).map(([from, to]) => `${from}-${to}`),
    fc.integer({ min: 1, max: high }).map((step) => `*/${step}`),
  );
};

/** Crons that are likely to touch a change of the clock. */
const cron = fc
  .tuple(
    field(0, 59),
    fc.oneof(fc.constant("*"), field(0, 4), field(0, 23)),
    fc.oneof(fc.constant("*"), field(1, 28)),
    field(0, 7),
  )
  .map(([minute, hour, day, weekday]) => `${minute} ${hour} ${day} * ${weekday}`);
const zone = fc.oneof(fc.constantFrom(...oddZones), fc.constantFrom(...Intl.supportedValuesOf("timeZone")));
const seed = 20261121;

/** Epoch seconds within half a day of a change of the zone's clock, or anywhere where it has none. */
const nearChange = (timezone: string): fc.Arbitrary<number> =>
  fc
    .tuple(fc.integer({ min: 2009, max: 2027 }), fc.boolean(), fc.integer({ min: -43_200, max: 43_200 }))
    .map(([year, second, offset]) => {
      const start = Temporal.ZonedDateTime.from({ year, month: 1, day: 1, timeZone: timezone });
      const first = start.getTimeZoneTransition("next");
      const change = (second ? first?.getTimeZoneTransition("next") : first) ?? start;
      return Math.floor(change.epochMilliseconds / 1000) + offset;
    });
const zoneAndTime = zone.chain((timezone) => fc.tuple(fc.constant(timezone), nearChange(timezone)));

test("ticks are those that Temporal finds minute by minute, around every change of the clock", () => {
  fc.assert(
    fc.property(cron, zoneAndTime, (text, [timezone, from]) => {
      const until = from + 2 * 86_400;
      const found: number[] = [];
      for (const tick of ticks(text, timezone, at(from))) {
        if (tick.epochMilliseconds >= until * 1000) break;
        found.push(tick.epochMilliseconds / 1000);
      }
      assert.deepEqual(found, ticksByTemporal(text, timezone, from, until));
      assert.equal(countTicks(parseCron(text), timezone, from, until), found.length);
    }),
    { numRuns: 300, seed },
  );
});

test("ticks forward and backward are the same ticks", () => {
  fc.assert(
    fc.property(cron, zoneAndTime, (text, [timezone, from]) => {
      const forward = [...ticks(text, timezone, at(from)).take(12)];
      const last = forward.at(-1);
      assert.ok(last);
      const backward = [...ticks(text, timezone, last, "backward").take(12)].map(String);
      assert.deepEqual(backward.toReversed(), forward.map(String));
    }),
    { numRuns: 3_000, seed },
  );
});

test("the next tick is after the instant, the previous one before, and none lies between them and it", () => {
  fc.assert(
    fc.property(cron, zoneAndTime, (text, [timezone, seconds]) => {
      const next = nextTick(text, timezone, at(seconds));
      const previous = previousTick(text, timezone, at(seconds));
      assert.ok(next && previous);
      assert.ok(Temporal.Instant.compare(previous, at(seconds)) < 0 && Temporal.Instant.compare(next, at(seconds)) > 0);
      const between = previousTick(text, timezone, next);
      assert.ok(between?.equals(previous) || between?.equals(at(seconds)));
    }),
    { numRuns: 3_000, seed },
  );
});

test("the nightly run of the example fires at 2 in Lagos, which is 1 in UTC", () => {
  const next = nextTick("0 2 * * *", "Africa/Lagos", instant("2026-11-21T00:59:59.999999999Z"));
  assert.equal(next?.toString(), "2026-11-21T01:00:00Z");
  assert.equal(nextTick("0 2 * * *", "Africa/Lagos", next)?.toString(), "2026-11-22T01:00:00Z");
  assert.equal(previousTick("0 2 * * *", "Africa/Lagos", next)?.toString(), "2026-11-20T01:00:00Z");
});

test("where midnight comes twice, a daily cron fires the second time", () => {
  assert.equal(
    nextTick("0 0 * * *", "America/Havana", instant("2024-11-02T12:00Z"))?.toString(),
    "2024-11-03T05:00:00Z",
  );
});

test("a cron may be rare, as long as it comes", () => {
  assert.equal(nextTick("0 0 29 2 *", "UTC", instant("2096-03-01T00:00Z"))?.toString(), "2104-02-29T00:00:00Z");
  // A fifth Sunday in February: 2032, then not before 2060.
  assert.equal(nextTick("0 0 * 2 0#5", "UTC", instant("2032-03-01T00:00Z"))?.toString(), "2060-02-29T00:00:00Z");
});

test("Sunday is 0 and 7, alone, in ranges and in steps", () => {
  const weekdays = (text: string): string =>
    [...(parseCron(`0 0 15 * ${text}`).days.weekdays?.days ?? [])].toSorted((a, b) => a - b).join("");
  assert.deepEqual(
    ["0", "7", "0-7", "1-7", "5-7", "7-2", "6-1", "1-7/2", "4/2", "5/2", "sat-sun", "MON-fri"].map(weekdays),
    ["0", "0", "0123456", "0123456", "056", "012", "016", "0135", "46", "5", "06", "12345"],
  );
});

test("a range from a value to itself is once around the field, as it is for Dagster", () => {
  const minutes = (text: string): number => parseCron(`${text} 0 * * *`).minutesOfDay.length;
  assert.deepEqual(["7-7", "7-7/15", "59-58", "59/15"].map(minutes), [60, 4, 60, 1]);
  assert.deepEqual([...parseCron("0 0 1 mar-mar sun-sun").days.months].length, 12);
  assert.equal(parseCron("0 0 1 * sun-sun").days.weekdays?.days.size, 7);
});

test("every hour is every hour, however it is written: both of two that the clock shows twice fire", () => {
  for (const hour of ["*", "*/1", "0-23", "22-21"]) {
    assert.equal(
      [...ticks(`30 ${hour} * * *`, "Europe/London", instant("2026-10-25T00:00Z")).take(3)].join(),
      "2026-10-25T00:30:00Z,2026-10-25T01:30:00Z,2026-10-25T02:30:00Z",
      hour,
    );
  }
  assert.equal(parseCron("30 0-22 * * *").everyHour, false);
});

test("a number may have zeros before it", () => {
  assert.deepEqual(parseCron("005 004-07/02 01 012 07#01"), {
    ...parseCron("5 4-7/2 1 12 0#1"),
    text: "005 004-07/02 01 012 07#01",
  });
});

test("a day field of all days restricts nothing beside one with a star in it, and everything matches beside others", () => {
  const { days } = parseCron("0 0 1-31 * */2");
  assert.equal(days.daysOfMonth, undefined);
  assert.equal(parseCron("0 0 */2 * 0-6").days.weekdays, undefined);
  assert.equal(parseCron("0 0 1-31 * 1-5").days.daysOfMonth?.days.size, 31);
});

test("the nth weekday may be that of several", () => {
  assert.deepEqual(parseCron("0 0 * * sat-mon#2,wed#1").days.weekdays?.nth, [
    [6, 2],
    [0, 2],
    [1, 2],
    [3, 1],
  ]);
});

test("the nth and the last weekday of a month are the ones that a calendar counts", () => {
  const firing = (text: string): readonly string[] =>
    [...ticks(text, "UTC", instant("2026-01-01T00:00Z")).take(12)].map((tick) => tick.toString().slice(0, 10));
  const counted = (nth: number): readonly string[] =>
    Array.from({ length: 60 }, (_, month) => Temporal.PlainDate.from("2026-01-01").add({ months: month }))
      .flatMap((first) => {
        const fridays = Array.from({ length: first.daysInMonth }, (_, day) => first.add({ days: day })).filter(
          ({ dayOfWeek }) => dayOfWeek === 5,
        );
        return fridays.at(nth)?.toString() ?? [];
      })
      .slice(0, 12);
  assert.deepEqual(firing("0 0 * * L5"), counted(-1));
  for (const nth of [1, 2, 3, 4, 5]) assert.deepEqual(firing(`0 0 * * 5#${nth}`), counted(nth - 1));
});

test("L is the last day of the month, alone, in lists and at the end of a range", () => {
  const days = (text: string): string =>
    [...ticks(`0 0 ${text} * *`, "UTC", instant("2024-02-26T00:00Z")).take(4)]
      .map((tick) => tick.toString().slice(5, 10))
      .join(" ");
  assert.equal(days("L"), "02-29 03-31 04-30 05-31");
  assert.equal(days("1,l"), "02-29 03-01 03-31 04-01");
  assert.equal(days("28-L"), "02-28 02-29 03-28 03-29");
  assert.equal(days("1-L/10"), "03-01 03-11 03-21 03-31");
});

test("a cron that never comes is refused, with the reason", () => {
  assert.equal(validateCron("0 0 30 2 *"), 'cron "0 0 30 2 *": it never fires, since no such day ever comes');
  assert.equal(validateCron("0 0 31 4,6 *"), 'cron "0 0 31 4,6 *": it never fires, since no such day ever comes');
  // Mondays do come, but who writes a 30 February means something else.
  assert.match(validateCron("0 0 30 2 1") ?? "", /never fires/);
  assert.match(validateCron("0 0 30-31 feb 1") ?? "", /never fires/);
  assert.equal(validateCron("0 0 31 4 1"), undefined);
  assert.equal(validateCron("0 0 28,30 2 1"), undefined);
  assert.throws(
    () => parseCron("0 0 30 2 *"),
    (error) =>
      error instanceof IrokoError && error.code === "CRON_INVALID" && /"L" is the last day/.test(error.hint ?? ""),
  );
  assert.ok(cronIsSatisfiable(parseCron("0 0 29 2 *")));
});

test("what is wrong with a cron is said", () => {
  const problems: Record<string, RegExp> = {
    "* * * *": /4 fields instead of five/,
    "": /0 fields/,
    "0 0 * * * *": /6 fields/,
    "0 24 * * *": /the hour "24" is not a value from 0 to 23/,
    "*/0 * * * *": /step of the minute "\*\/0" is 0/,
    "0 0 * * 1#1,2": /mixes/,
    "0 0 1-2-3 * *": /not a range/,
    "@every 5m": /no alias @every 5m/,
    "@reboot": /no alias/,
    "R * * * *": /the minute "R"/,
    "H H * * *": /the minute "H"/,
    "0 0 * * 5#6": /day of week "5#6"/,
    "0 0 * * Lfri": /day of week "Lfri"/,
    "0 0 ?,1 * *": /day of month "\?"/,
  };
  for (const [text, problem] of Object.entries(problems)) assert.match(validateCron(text) ?? "", problem, text);
  assert.match(validateCron([]) ?? "", /empty/);
});

test("a year of minutes is walked through in a second of processor time, not in minutes", () => {
  const before = process.cpuUsage();
  assert.equal([...ticks("* * * * *", "Europe/London", instant("2026-01-01T00:00Z")).take(525_600)].length, 525_600);
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 10_000_000); // measured: 0.4 s; the bound is for a busy machine
});

/** The rule once more, slowly and by other means: every local minute, asked of Temporal. */
function ticksByTemporal(text: string, timezone: string, from: number, until: number): number[] {
  const { minutesOfDay, everyHour, days } = parseCron(text);
  const minutes = new Set(minutesOfDay);
  const matches = (local: Temporal.PlainDateTime): boolean =>
    minutes.has(local.hour * 60 + local.minute) && matchesDate(local.toPlainDate(), days);
  const found = new Set<number>();
  if (everyHour) {
    for (let seconds = Math.ceil(from / 60) * 60; seconds < until; seconds += 60) {
      if (matches(at(seconds).toZonedDateTimeISO(timezone).toPlainDateTime())) found.add(seconds);
    }
    return [...found];
  }
  // From a day before to a day after on the wall clock: no change is larger (Apia's left out a whole day).
  let local = at(from - 86_400)
    .toZonedDateTimeISO(timezone)
    .toPlainDateTime()
    .round({ smallestUnit: "minute", roundingMode: "floor" });
  const end = at(until + 86_400)
    .toZonedDateTimeISO(timezone)
    .toPlainDateTime();
  for (; Temporal.PlainDateTime.compare(local, end) < 0; local = local.add({ minutes: 1 })) {
    if (!matches(local)) continue;
    const later = local.toZonedDateTime(timezone, { disambiguation: "later" });
    const skipped = !later.toPlainDateTime().equals(local);
    // Before the gap by as much as the gap is long, the next change is the gap.
    const time = skipped
      ? local.toZonedDateTime(timezone, { disambiguation: "earlier" }).getTimeZoneTransition("next")
      : later;
    found.add(Math.floor((time ?? later).epochMilliseconds / 1000));
  }
  return [...found].filter((seconds) => seconds >= from && seconds < until).toSorted((a, b) => a - b);
}

function matchesDate(
  date: Temporal.PlainDate,
  { daysOfMonth, weekdays }: ReturnType<typeof parseCron>["days"],
): boolean {
  const byDay = daysOfMonth?.days.has(date.day) ?? false;
  const byWeekday = weekdays?.days.has(date.dayOfWeek % 7) ?? false;
  return byDay || byWeekday || (!daysOfMonth && !weekdays);
}
