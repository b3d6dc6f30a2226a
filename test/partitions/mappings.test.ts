import assert from "node:assert/strict";
import { test } from "node:test";
import {
  allPartitions,
  checkMapping,
  countIn,
  cronPartitions,
  daily,
  downstreamOf,
  dynamic,
  existing,
  fixed,
  formatPartitions,
  hourly,
  identityMapping,
  inferMapping,
  intersect,
  IrokoError,
  isEmptySet,
  lastPartition,
  monthly,
  multi,
  multiMapping,
  multiToSingle,
  partitionOf,
  partitionsIn,
  setFromJson,
  setOfPartitions,
  specific,
  staticMapping,
  timeWindow,
  union,
  unpartitioned,
  upstreamOf,
  weekly,
  type Moment,
  type Partition,
  type PartitionMapping,
  type PartitionsDefinition,
  type PartitionSet,
} from "@iroko/core";
import fc from "fast-check";
import { plain } from "../support/plain.ts";

const later = Temporal.Instant.from("2027-01-01T00:00Z");
const now: Moment = {
  now: Temporal.Instant.from("2026-11-21T05:00:00Z"),
  dynamicKeys: new Map([["shops", ["LA", "KN", "zoe"]]]),
};

const timezone = fc.constantFrom("Africa/Lagos", "Europe/London", "America/Santiago");
const timeDefinitions = timezone.chain((zone) => {
  const any = fc.constantFrom(
    hourly({ start: "2026-10-20-00:00", timezone: zone }),
    daily({ start: "2026-10-01", timezone: zone }),
    daily({ start: "2026-09-20", timezone: zone, hourOffset: 2, end: "2026-11-10" }),
    weekly({ start: "2026-08-01", timezone: zone }),
    monthly({ start: "2026-05-01", timezone: zone }),
    cronPartitions({ start: "2026-10-01-00:00", timezone: zone, cron: "0 6 * * 1-5" }),
    daily({ start: "2026-10-01", timezone: zone, exclusions: ["0 0 * * 0,6", "2026-10-12"] }),
    hourly({ start: "2026-10-23-00:00", timezone: zone, exclusions: ["0 0-6,22-23 * * *", "0 * * * 0"], endOffset: 3 }),
  );
  return fc.tuple(any, any);
});
const timeMapping = fc
  .tuple(fc.integer({ min: -4, max: 2 }), fc.nat(3), fc.boolean())
  .map(([startOffset, width, allowNonexistent]): PartitionMapping =>
    timeWindow({ startOffset, endOffset: startOffset + width, allowNonexistent }),
  );
const timeSides = fc.tuple(
  timeDefinitions,
  fc.oneof(timeMapping, fc.constantFrom(identityMapping, allPartitions, lastPartition)),
);

const [south, north] = [fixed(["LA", "OG", "RI"]), fixed(["LA", "KN", "RI", "EN"])];
const keyedSides = fc.tuple(
  fc.constant([south, north] as const),
  fc.constantFrom(
    identityMapping,
    allPartitions,
    lastPartition,
    specific(["OG", "RI"]),
    staticMapping({ KN: ["LA", "OG"], RI: "RI", constructor: ["LA"] }),
  ),
);

const dynamicSides = fc.tuple(
  fc.constantFrom([dynamic("shops"), north] as const, [north, dynamic("shops")] as const),
  fc.constantFrom(identityMapping, allPartitions, lastPartition, staticMapping({ KN: ["LA", "KN"], LA: "KN" })),
);

const [sold, regions] = [
  daily({ start: "2026-11-10", exclusions: ["0 0 * * 0"] }),
  multi({ region: south, day: daily({ start: "2026-11-12" }) }),
];
const shops = multi({ shop: north, day: sold, tenant: dynamic("shops") });
const regionOfShop = staticMapping({ LA: ["LA", "OG"], KN: [], RI: "RI" });
const multiSides = fc.constantFrom<readonly [readonly [PartitionsDefinition, PartitionsDefinition], PartitionMapping]>(
  [[regions, regions], identityMapping],
  [[regions, sold], multiToSingle("day")],
  [[sold, regions], multiToSingle("day", timeWindow({ startOffset: -1 }))],
  [[regions, south], multiToSingle("region")],
  [
    [regions, shops],
    multiMapping({ day: { dimension: "day", mapping: timeWindow({ startOffset: -2, endOffset: -1 }) } }),
  ],
  [[regions, shops], multiMapping({ day: "day", region: { dimension: "shop", mapping: regionOfShop } })],
  [[shops, regions], multiMapping({ shop: { dimension: "region", mapping: lastPartition } })],
  [[shops, regions], multiMapping({})],
  [[shops, unpartitioned], allPartitions],
  [[shops, regions], lastPartition],
  [[regions, weekly({ start: "2026-11-01" })], multiToSingle("day")],
);
const anySides = fc.oneof(timeSides, keyedSides, dynamicSides, multiSides);

/** Some partition that exists, as a set; the lists are kept, for the definitions are few. */
const lists = new Map<string, readonly Partition[]>();
function single(definition: PartitionsDefinition, index: number): PartitionSet | undefined {
  const name = JSON.stringify(definition);
  const all = lists.get(name) ?? [...partitionsIn(definition, existing(definition, now))];
  lists.set(name, all);
  const partition = all[index % Math.max(1, all.length)];
  return partition && setOfPartitions(definition, [partition]);
}

test("a mapping and its inverse agree: one is made from another exactly when that is made into it", () => {
  fc.assert(
    fc.property(anySides, fc.nat(), fc.nat(), ([[upstream, downstream], mapping], m, n) => {
      const [above, below] = [single(upstream, m), single(downstream, n)];
      if (!above || !below) return;
      const needed = upstreamOf(mapping, { upstream, downstream, set: below, now }).set;
      const made = downstreamOf(mapping, { upstream, downstream, set: above, now });
      assert.equal(isEmptySet(intersect(needed, above)), isEmptySet(intersect(made, below)));
    }),
    { numRuns: 5_000, seed: 20261121 },
  );
});

test("a mapping of a set is the union of the mappings of its partitions", () => {
  fc.assert(
    fc.property(anySides, fc.array(fc.nat(), { maxLength: 6 }), ([[upstream, downstream], mapping], picks) => {
      const parts = picks.map((pick) => single(downstream, pick)).filter((set) => set !== undefined);
      const empty = setOfPartitions(downstream, []);
      const whole = upstreamOf(mapping, { upstream, downstream, set: parts.reduce(union, empty), now });
      const each = parts.map((set) => upstreamOf(mapping, { upstream, downstream, set, now }));
      const none = setOfPartitions(upstream, []);
      assert.deepEqual(plain(whole.set), plain(each.map(({ set }) => set).reduce(union, none)));
      assert.deepEqual(plain(whole.nonexistent), plain(each.map(({ nonexistent }) => nonexistent).reduce(union, none)));
    }),
    { numRuns: 1_000, seed: 20261121 },
  );
});

test("what is needed exists, and what does not exist is named apart", () => {
  fc.assert(
    fc.property(anySides, fc.nat(), ([[upstream, downstream], mapping], pick) => {
      const set = single(downstream, pick);
      if (!set) return;
      const { set: needed, nonexistent } = upstreamOf(mapping, { upstream, downstream, set, now });
      const available = existing(upstream, now);
      assert.deepEqual(plain(intersect(needed, available)), plain(needed));
      assert.ok(isEmptySet(intersect(nonexistent, available)));
    }),
    { numRuns: 1_000, seed: 20261121 },
  );
});

test("an hourly asset feeds the days of its zone, 25 hours where the clock is set back", () => {
  const hours = hourly({ start: "2026-10-01-00:00", timezone: "Europe/London" });
  const days = daily({ start: "2026-10-01", timezone: "Europe/London" });
  const set = setOfPartitions(days, [partitionOf(days, "2026-10-25")]);
  const { set: needed } = upstreamOf(identityMapping, { upstream: hours, downstream: days, set, now });
  assert.equal(countIn(hours, needed), 25);
  assert.equal(formatPartitions(hours, needed), "2026-10-25-00:00..2026-10-25-23:00");
});

test("an offset is cut where it leaves the upstream's time, and all else that is missing is said", () => {
  const dayOf = (n: number): string => Temporal.PlainDate.from("2026-11-01").add({ days: n }).toString();
  const below = daily({ start: "2026-10-01" });
  const offset = fc.integer({ min: -4, max: 4 });
  fc.assert(
    fc.property(fc.nat(9), fc.nat(9), fc.nat(19), offset, offset, (from, length, at, a, b) => {
      const [startOffset, endOffset] = a < b ? [a, b] : [b, a];
      const upstream = daily({ start: dayOf(from), end: dayOf(from + length) });
      const set = setOfPartitions(below, [partitionOf(below, dayOf(at))]);
      const found = upstreamOf(timeWindow({ startOffset, endOffset }), {
        upstream,
        downstream: below,
        set,
        now: later,
      });
      const wanted = Array.from({ length: endOffset - startOffset + 1 }, (_, n) => at + startOffset + n);
      const isThere = (day: number): boolean => day >= from && day < from + length;
      // Nothing is the first where there is none.
      const isCut = (day: number): boolean =>
        length > 0 &&
        ((startOffset < 0 && day < from && day < at) || (endOffset > 0 && day >= from + length && day > at));
      const keysOf = (of: PartitionSet): readonly string[] => Array.from(partitionsIn(below, of), ({ key }) => key);
      assert.deepEqual(keysOf(found.set), wanted.filter(isThere).map(dayOf));
      assert.deepEqual(keysOf(found.nonexistent), wanted.filter((day) => !isThere(day) && !isCut(day)).map(dayOf));
    }),
    { numRuns: 3_000, seed: 20261121 },
  );
});

test("a first partition needs no predecessor, but its own day must exist", () => {
  const [long, short] = [daily({ start: "2026-11-01" }), daily({ start: "2026-11-05" })];
  const ask = (upstream: PartitionsDefinition, key: string, mapping: PartitionMapping): readonly string[] => {
    const set = setOfPartitions(long, [partitionOf(long, key)]);
    const { set: needed, nonexistent } = upstreamOf(mapping, { upstream, downstream: long, set, now });
    return [formatPartitions(upstream, needed), formatPartitions(upstream, nonexistent)];
  };
  assert.deepEqual(ask(long, "2026-11-01", timeWindow({ startOffset: -1, endOffset: -1 })), ["", ""]);
  assert.deepEqual(ask(long, "2026-11-02", timeWindow({ startOffset: -1, endOffset: -1 })), ["2026-11-01", ""]);
  assert.deepEqual(ask(short, "2026-11-04", timeWindow({ startOffset: -1 })), ["", "2026-11-04"]);
  assert.deepEqual(ask(short, "2026-11-04", timeWindow({ startOffset: -1, allowNonexistent: true })), ["", ""]);
});

test("a reference table without partitions stands above all, and all stand above a table without partitions", () => {
  const days = daily({ start: "2026-11-01" });
  assert.equal(inferMapping(unpartitioned, days), allPartitions);
  assert.equal(inferMapping(days, unpartitioned), allPartitions);
  const only = setFromJson({ keys: [""] });
  const all = existing(days, now);
  assert.deepEqual(upstreamOf(allPartitions, { upstream: unpartitioned, downstream: days, set: all, now }).set, only);
  const { set } = upstreamOf(allPartitions, { upstream: days, downstream: unpartitioned, set: only, now });
  assert.deepEqual(plain(set), plain(all));
});

test("a mapping is inferred where there is one way only", () => {
  const [days, hours] = [daily({ start: "2026-11-01" }), hourly({ start: "2026-11-01-00:00" })];
  assert.equal(inferMapping(hours, days), identityMapping);
  assert.equal(inferMapping(south, fixed(["LA"])), identityMapping);
  assert.equal(inferMapping(south, north), undefined);
  assert.equal(inferMapping(days, south), undefined);
  assert.equal(inferMapping(days, daily({ start: "2026-11-01", timezone: "Africa/Lagos" })), undefined);
  const twins = ["Asia/Kolkata", "Asia/Calcutta"].map((zone) => daily({ start: "2026-11-01", timezone: zone }));
  assert.equal(inferMapping(twins[0]!, twins[1]!), identityMapping);
});

test("why a mapping cannot stand is said", () => {
  const days = daily({ start: "2026-11-01" });
  const cases: readonly (readonly [
    PartitionMapping,
    PartitionsDefinition,
    PartitionsDefinition,
    RegExp | undefined,
  ])[] = [
    [identityMapping, days, south, /upstream has partitions by time and downstream has fixed ones/],
    [timeWindow(), days, unpartitioned, /downstream has none/],
    [timeWindow({ startOffset: 0.5 }), days, days, /whole numbers, got 0.5 and 0/],
    [
      identityMapping,
      days,
      daily({ start: "2026-11-01", timezone: "Africa/Lagos" }),
      /upstream is in UTC and downstream in Africa\/Lagos/,
    ],
    [specific(["OGG"]), south, days, /upstream has no partition "OGG" \(did you mean "OG"\?\)/],
    [specific(["2026-10-31"]), days, south, /no partition "2026-10-31"/],
    [staticMapping({ KN: "KN" }), south, north, /upstream has no partition "KN"/],
    [staticMapping({ XX: "LA" }), south, north, /downstream has no partition "XX"/],
    [allPartitions, days, south, undefined],
  ];
  for (const [mapping, upstream, downstream, problem] of cases) {
    const found = checkMapping(mapping, upstream, downstream);
    if (problem) assert.match(found ?? "", problem);
    else assert.equal(found, undefined);
  }
  const set = existing(south, now);
  assert.throws(
    () => upstreamOf(identityMapping, { upstream: days, downstream: south, set, now }),
    (error) => error instanceof IrokoError && error.code === "PARTITION_MAPPING",
  );
});

test("of several dimensions, too, what is needed and does not exist is said", () => {
  const region = fixed(["LA", "AB"]);
  const above = multi({ region, day: daily({ start: "2026-11-10", timezone: "Africa/Lagos" }) });
  const below = multi({ region, day: daily({ start: "2026-11-01", timezone: "Africa/Lagos" }) });
  const set = setOfPartitions(below, [
    partitionOf(below, { region: "LA", day: "2026-11-09" }),
    partitionOf(below, { region: "AB", day: "2026-11-12" }),
  ]);
  const found = upstreamOf(identityMapping, { upstream: above, downstream: below, set, now });
  assert.deepEqual(
    [...partitionsIn(above, found.set)].map(({ key }) => key),
    ["region=AB,day=2026-11-12"],
  );
  assert.ok(found.nonexistent.kind === "multi");
  assert.equal(found.nonexistent.boxes.length, 1);
  const none = upstreamOf(identityMapping, { upstream: below, downstream: above, set: existing(above, now), now });
  assert.ok(isEmptySet(none.nonexistent));
});
