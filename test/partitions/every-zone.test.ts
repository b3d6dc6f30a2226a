import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countIn,
  cronPartitions,
  daily,
  hourly,
  keyOfWindow,
  monthly,
  nextWindow,
  previousWindow,
  setFromJson,
  weekly,
  windowAt,
  windowOf,
  type TimePartitions,
} from "@iroko/core";
import fc from "fast-check";

/** `IROKO_TEST_LONG=1` looks at every change of every clock, which takes minutes; else at a few in each zone. */
const long = process.env.IROKO_TEST_LONG === "1";

const zones = Intl.supportedValuesOf("timeZone");
const [from, until] = [Temporal.Instant.from("1970-01-02T00:00Z"), Temporal.Instant.from("2100-01-01T00:00Z")];

function definitionsIn(timezone: string): readonly TimePartitions[] {
  return [
    hourly({ start: "1969-01-01-00:00", timezone }),
    daily({ start: "1969-01-01", timezone }),
    daily({ start: "1969-01-01", timezone, hourOffset: 2, minuteOffset: 30 }),
    weekly({ start: "1969-01-01", timezone, dayOffset: 1 }),
    monthly({ start: "1969-01-01", timezone }),
    cronPartitions({ start: "1969-01-01-00:00", timezone, cron: "*/20 * * * *" }),
    cronPartitions({ start: "1969-01-01-00:00", timezone, cron: "0 0,1,2,3 * * *" }),
  ];
}

/** When the clocks of a zone change. */
function changesIn(timezone: string): readonly Temporal.Instant[] {
  const changes: Temporal.Instant[] = [];
  let at = from.toZonedDateTimeISO(timezone).getTimeZoneTransition("next");
  while (at && Temporal.Instant.compare(at.toInstant(), until) < 0) {
    changes.push(at.toInstant());
    at = at.getTimeZoneTransition("next");
  }
  return changes;
}

/** The windows around a time follow each other without gap and overlap, have a key each, and are found by anything in them. */
function windowsTile(definition: TimePartitions, around: Temporal.Instant): void {
  const found = windowAt(definition, around);
  assert.ok(
    found && Temporal.Instant.compare(found.start, around) <= 0 && Temporal.Instant.compare(around, found.end) < 0,
  );
  let window = previousWindow(definition, found.start) ?? found;
  const first = window;
  let previousKey = "";
  for (let n = 0; n < 4; n += 1) {
    const where = `${definition.timezone} "${definition.cron}" at ${window.start.toString()}`;
    assert.ok(Temporal.Instant.compare(window.start, window.end) < 0, where);
    const key = keyOfWindow(definition, window.start);
    assert.notEqual(key, previousKey, where);
    assert.ok(windowOf(definition, key).start.equals(window.start), where);
    const last = windowAt(definition, window.end.subtract({ nanoseconds: 1 }));
    assert.ok(last?.start.equals(window.start) && last.end.equals(window.end), where);
    const next = nextWindow(definition, window.start);
    assert.ok(next, where);
    assert.ok(next.start.equals(window.end), where);
    assert.ok(previousWindow(definition, next.start)?.start.equals(window.start), where);
    previousKey = key;
    window = next;
  }
  const stretch = setFromJson({ windows: [[first.start.toString(), window.start.toString()]] });
  assert.equal(countIn(definition, stretch), 4, `${definition.timezone} "${definition.cron}"`);
}

test("windows tile time in every zone from 1970 to 2100, above all where the clocks change", () => {
  assert.ok(zones.length > 400);
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      // Small steps of one seed: a list of all zones is no counterexample that anybody can read.
      let state = seed >>> 0;
      const next = (below: number): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) % below;
      const seconds = (until.epochMilliseconds - from.epochMilliseconds) / 1000;
      for (const zone of zones) {
        const changes = changesIn(zone);
        const some = long ? changes : [changes[0], changes.at(-1), changes[next(Math.max(1, changes.length))]];
        const anywhere = from.add({ seconds: next(seconds) });
        const definitions = definitionsIn(zone);
        for (const definition of long ? definitions : [definitions[next(definitions.length)]!, definitions[1]!]) {
          for (const around of [...some, anywhere]) if (around) windowsTile(definition, around);
        }
      }
    }),
    { numRuns: long ? 1 : 2, seed: 20261121 },
  );
});

test("the days of every zone, counted all at once, are those counted year by year", () => {
  for (const zone of long ? zones : zones.filter((_, n) => n % 10 === 0)) {
    const definition = daily({ start: "1969-01-01", timezone: zone });
    const span = (start: number, end: number): number =>
      countIn(definition, setFromJson({ windows: [[`${start}-01-01T12:00:00Z`, `${end}-01-01T12:00:00Z`]] }));
    const years = Array.from({ length: 130 }, (_, n) => span(1970 + n, 1971 + n));
    assert.equal(
      years.reduce((a, b) => a + b),
      span(1970, 2100),
      zone,
    );
    // 130 years with 32 leap days; a zone that moved over the date line has a day more or less.
    assert.ok(Math.abs(span(1970, 2100) - (130 * 365 + 32)) <= 1, zone);
  }
});
