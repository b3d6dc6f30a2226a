/**
 * Partition sets in memory and as Postgres keeps them, the same random ones through both: what one says of union,
 * intersection, difference, membership and number, the other says too. Across the days on which clocks change.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  countIn,
  cronPartitions,
  daily,
  equalSets,
  fixed,
  fromMultirange,
  hourly,
  intersect,
  monthly,
  multi,
  multiSet,
  setToJson,
  subtract,
  toMultirange,
  union,
  weekly,
  windowAt,
  type Box,
  type DimensionSet,
  type PartitionSet,
  type TimePartitions,
} from "@iroko/core";
import { openDatabase } from "@iroko/core/engine";
import fc from "fast-check";
import { timeSet } from "../../packages/core/src/partitions/set-algebra.ts";
import { migratedDatabase } from "../support/database.ts";

const database = await migratedDatabase();
const db = openDatabase(database.url);
after(() => db.close());

/** Definitions with a time around which their clocks change. */
const timelines: readonly (readonly [TimePartitions, string])[] = [
  [daily({ start: "2026-01-01", timezone: "Europe/London" }), "2026-10-20T00:00Z"],
  [daily({ start: "2010-01-01", timezone: "Pacific/Apia" }), "2011-12-25T00:00Z"],
  [daily({ start: "2020-01-01", timezone: "America/Santiago", exclusions: ["0 0 * * 1"] }), "2022-09-05T00:00Z"],
  [hourly({ start: "2026-01-01-00:00", timezone: "America/New_York" }), "2026-10-31T22:00Z"],
  [hourly({ start: "2026-01-01-00:00", timezone: "Australia/Lord_Howe" }), "2026-04-04T08:00Z"],
  [weekly({ start: "2026-01-01", timezone: "Africa/Cairo" }), "2026-03-20T00:00Z"],
  [monthly({ start: "1999-01-01", timezone: "Africa/Casablanca" }), "2026-01-10T00:00Z"],
  [
    cronPartitions({ start: "2026-01-01-00:00", timezone: "America/Havana", cron: "*/20 0-3 * * *" }),
    "2026-10-30T00:00Z",
  ],
];
const length = 24;
const windowsOf = ([definition, around]: (typeof timelines)[number]): TimeWindows => {
  const windows = [];
  let at = Temporal.Instant.from(around);
  while (windows.length < length) {
    const window = windowAt(definition, at);
    if (window) windows.push(window);
    at = window?.end ?? at.add({ hours: 1 }); // an excluded one
  }
  return windows;
};
type TimeWindows = NonNullable<ReturnType<typeof windowAt>>[];
const universes = timelines.map((timeline) => ({ definition: timeline[0], windows: windowsOf(timeline) }));

const indices = Array.from({ length }, (_, n) => n);
const aCase = fc.record({
  universe: fc.constantFrom(...universes),
  a: fc.subarray(indices),
  b: fc.subarray(indices),
});

test("sets of time obey the same algebra in memory and in Postgres", async () => {
  const cases = fc.sample(aCase, { numRuns: 2_000, seed: 20261121 }).map(({ universe, ...chosen }) => {
    const setOf = (of: readonly number[]): PartitionSet => timeSet(of.map((n) => universe.windows[n]!));
    return { universe, a: setOf(chosen.a), b: setOf(chosen.b), listed: chosen };
  });
  const { rows } = await db.query<Record<"both" | "shared" | "left" | "before", string> & Answers>(
    `select (a + b)::text as both, (a * b)::text as shared, (a - b)::text as left, a::text as before, a = b as equal, a <@ b as within,
            isempty(a * b) as apart, (select count(*)::integer from unnest(starts) as start where a - b @> start) as number
       from json_to_recordset($1) as c (n integer, a tstzmultirange, b tstzmultirange, starts timestamptz[]) order by n`,
    [
      JSON.stringify(
        cases.map(({ universe, a, b }, n) => ({
          n,
          a: toMultirange(a),
          b: toMultirange(b),
          starts: universe.windows.map(({ start }) => start.toString()),
        })),
      ),
    ],
  );
  assert.equal(rows.length, cases.length);
  rows.forEach((row, n) => {
    const { universe, a, b, listed } = cases[n]!;
    const same = (text: string, set: PartitionSet): void =>
      assert.deepEqual(setToJson(fromMultirange(text)), setToJson(set), `case ${n}`);
    same(row.before, a);
    same(row.both, union(a, b));
    same(row.shared, intersect(a, b));
    same(row.left, subtract(a, b));
    assert.equal(row.equal, equalSets(a, b));
    assert.equal(row.within, equalSets(intersect(a, b), a));
    assert.equal(row.apart, equalSets(intersect(a, b), timeSet([])));
    assert.equal(row.number, countIn(universe.definition, subtract(a, b)));
    assert.equal(row.number, listed.a.filter((index) => !listed.b.includes(index)).length);
  });
});

interface Answers {
  readonly equal: boolean;
  readonly within: boolean;
  readonly apart: boolean;
  readonly number: number;
}

const regions = ["LA", "AB", "KN", "é,|="];

test("sets of boxes obey the same algebra in memory and in Postgres, which keeps them as windows by the rest of the id", async () => {
  const box = fc.record({ keys: fc.subarray(regions), from: fc.nat(length - 1), many: fc.nat(6) });
  const both = fc.record({
    universe: fc.constantFrom(...universes),
    a: fc.array(box, { maxLength: 4 }),
    b: fc.array(box, { maxLength: 4 }),
  });
  const cases = fc.sample(both, { numRuns: 600, seed: 20261122 }).map(({ universe, a, b }) => {
    const setOf = (boxes: typeof a): PartitionSet =>
      multiSet(
        boxes.map(({ keys, from, many }): Box => ({
          region: { kind: "keys", keys: keys.toSorted() },
          day: timeSet(universe.windows.slice(from, from + many)),
        })),
      );
    return { universe, a: setOf(a), b: setOf(b) };
  });
  const stored = cases.flatMap(({ a, b }, n) => [...rowsOf(n, "a", a), ...rowsOf(n, "b", b)]);
  const { rows } = await db.query<{ n: number; rest: string; both: string; shared: string; less: string }>(
    `with stored as (select * from json_to_recordset($1) as s (n integer, side text, rest text, windows tstzmultirange)),
          a as (select n, rest, range_agg(windows) as windows from stored where side = 'a' group by n, rest),
          b as (select n, rest, range_agg(windows) as windows from stored where side = 'b' group by n, rest)
     select n, rest, (x + y)::text as both, (x * y)::text as shared, (x - y)::text as less
       from (select n, rest, coalesce(a.windows, '{}') as x, coalesce(b.windows, '{}') as y from a full join b using (n, rest)) sides`,
    [JSON.stringify(stored)],
  );
  const byCase = Map.groupBy(rows, ({ n }) => n);
  cases.forEach(({ universe, a, b }, n) => {
    const definition = multi({ region: fixed(regions), day: universe.definition });
    const found = (of: "both" | "shared" | "less"): PartitionSet =>
      multiSet(
        (byCase.get(n) ?? []).map((row): Box => ({
          region: { kind: "keys", keys: [row.rest] },
          day: fromMultirange(row[of]) as DimensionSet,
        })),
      );
    for (const [name, set] of [
      ["both", union(a, b)],
      ["shared", intersect(a, b)],
      ["less", subtract(a, b)],
    ] as const) {
      assert.deepEqual(setToJson(found(name)), setToJson(set), `${name} of case ${n}`);
      const cells = regions.flatMap((region) =>
        universe.windows.filter(
          ({ start }) => set.kind === "multi" && set.boxes.some((each) => holds(each, region, start)),
        ),
      );
      assert.equal(countIn(definition, set), cells.length, `${name} of case ${n}`);
    }
  });
});

function rowsOf(n: number, side: "a" | "b", set: PartitionSet): readonly object[] {
  assert.ok(set.kind === "multi");
  return set.boxes.flatMap(({ region, day }) => {
    assert.ok(region?.kind === "keys" && day?.kind === "time");
    return region.keys.map((rest) => ({ n, side, rest, windows: toMultirange(day) }));
  });
}

function holds({ region, day }: Box, key: string, start: Temporal.Instant): boolean {
  assert.ok(region?.kind === "keys" && day?.kind === "time");
  const isIn = ({ start: from, end }: TimeWindows[number]): boolean =>
    Temporal.Instant.compare(from, start) <= 0 && Temporal.Instant.compare(start, end) < 0;
  return region.keys.includes(key) && day.windows.some(isIn);
}
