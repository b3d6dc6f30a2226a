import assert from "node:assert/strict";
import { test } from "node:test";
import {
  containsPartition,
  countIn,
  daily,
  emptySetOf,
  equalSets,
  fixed,
  fromMultirange,
  intersect,
  isEmptySet,
  multi,
  multiSet,
  partitionOf,
  partitionsIn,
  setFromJson,
  setOfPartitions,
  setToJson,
  subtract,
  toMultirange,
  union,
  unpartitioned,
  type Box,
  type DimensionSet,
  type PartitionsDefinition,
  type PartitionSet,
} from "@iroko/core";
import fc from "fast-check";

const days = daily({ start: "2026-10-20", timezone: "Europe/London" });
const states = fixed(["LA", "AB", "KN", "OG", "RI", "é", "constructor_", "has own"]);

const fewDays = daily({ start: "2026-10-24", timezone: "Europe/London", exclusions: ["0 0 * * 1"] });
const dayKeys = ["2026-10-24", "2026-10-25", "2026-10-27"];
const regions = fixed(["LA", "AB", "KN"]);
const sales = multi({ region: regions, day: fewDays });
const [sold, shipped] = [fewDays, daily({ start: "2026-10-24" })];
const orders = multi({ sold, region: fixed(["LA", "AB"]), shipped });
const across = (...lists: readonly (readonly string[])[]): readonly string[] =>
  lists.reduce((keys, list) => keys.flatMap((key) => list.map((one) => (key === "" ? one : `${key},${one}`))), [""]);
const named = (name: string, keys: readonly string[]): readonly string[] => keys.map((key) => `${name}=${key}`);

/** A universe small enough to enumerate, across a change of the clock. */
const universes: readonly (readonly [PartitionsDefinition, readonly string[]])[] = [
  [days, Array.from({ length: 12 }, (_, n) => `2026-10-${20 + n}`)],
  [states, states.keys],
  [fewDays, dayKeys],
  [sales, across(named("region", regions.keys), named("day", dayKeys))],
  [
    orders,
    across(named("sold", dayKeys), named("region", ["LA", "AB"]), named("shipped", ["2026-10-25", "2026-10-26"])),
  ],
];
const universe = fc.constantFrom(...universes);
const universeAndLists = universe.chain(([definition, keys]) =>
  fc.tuple(fc.constant(definition), fc.subarray([...keys]), fc.subarray([...keys])),
);

const setOf = (definition: PartitionsDefinition, keys: readonly string[]): PartitionSet =>
  setOfPartitions(
    definition,
    keys.map((key) => partitionOf(definition, key)),
  );
const keysOf = (definition: PartitionsDefinition, set: PartitionSet): string[] =>
  [...partitionsIn(definition, set)].map(({ key }) => key);

test("sets behave as the lists that they stand for", () => {
  fc.assert(
    fc.property(universeAndLists, ([definition, a, b]) => {
      const [setA, setB] = [setOf(definition, a), setOf(definition, b)];
      const inA = new Set(a);
      const inB = new Set(b);
      const all = universes.find(([candidate]) => candidate === definition)![1];
      const expected = (wanted: (key: string) => boolean): readonly string[] => all.filter(wanted);
      const sums = {
        union: [union(setA, setB), expected((key) => inA.has(key) || inB.has(key))],
        intersection: [intersect(setA, setB), expected((key) => inA.has(key) && inB.has(key))],
        difference: [subtract(setA, setB), expected((key) => inA.has(key) && !inB.has(key))],
      } as const;
      for (const [name, [set, keys]] of Object.entries(sums)) {
        assert.deepEqual(keysOf(definition, set), keys, name);
        assert.equal(countIn(definition, set), keys.length, name);
        assert.equal(isEmptySet(set), keys.length === 0, name);
        // One way to write a set: that which the same partitions give, whatever the sums that led there.
        assert.deepEqual(setToJson(set), setToJson(setOf(definition, keys)), name);
      }
      for (const key of all) assert.equal(containsPartition(setA, partitionOf(definition, key)), inA.has(key));
      assert.equal(equalSets(setA, setB), a.join() === b.join());
    }),
    { numRuns: 3_000, seed: 20261121 },
  );
});

test("sets of several dimensions obey the laws of sets", () => {
  const [definition, keys] = universes.at(-1)!;
  const subset = fc.subarray([...keys]).map((chosen) => setOf(definition, chosen));
  fc.assert(
    fc.property(subset, subset, subset, (a, b, c) => {
      const same = (left: PartitionSet, right: PartitionSet): void =>
        assert.deepEqual(setToJson(left), setToJson(right));
      same(union(a, b), union(b, a));
      same(intersect(a, b), intersect(b, a));
      same(union(a, union(b, c)), union(union(a, b), c));
      same(intersect(a, union(b, c)), union(intersect(a, b), intersect(a, c)));
      same(subtract(a, union(b, c)), intersect(subtract(a, b), subtract(a, c)));
      same(union(subtract(a, b), intersect(a, b)), a);
      same(union(a, a), a);
    }),
    { numRuns: 1_000, seed: 20261121 },
  );
});

test("boxes that overlap, in any order, are one set", () => {
  const days = (from: number, until: number): DimensionSet =>
    setFromJson({ windows: [[day(from), day(until)]] }) as DimensionSet;
  const day = (n: number): string =>
    Temporal.Instant.from("2026-10-24T00:00Z")
      .add({ hours: 24 * n })
      .toString();
  const box = fc
    .tuple(fc.subarray([..."abcd"]), fc.nat(5), fc.nat(5))
    .map(([keys, from, length]): Box => ({ key: { kind: "keys", keys }, day: days(from, from + length) }));
  fc.assert(
    fc.property(fc.array(box, { maxLength: 8 }), (boxes) => {
      const cells = (of: readonly Box[]): readonly string[] =>
        [..."abcd"].flatMap((key) =>
          Array.from({ length: 10 }, (_, n) => n).flatMap((n) =>
            of.some((one) => isIn(one["key"]!, key) && !isEmptySet(intersect(one["day"]!, days(n, n + 1))))
              ? [`${key}${n}`]
              : [],
          ),
        );
      const set = multiSet(boxes);
      assert.deepEqual(cells(set.boxes), cells(boxes));
      assert.deepEqual(setToJson(multiSet(boxes.toReversed())), setToJson(set));
      // Put together by hand, not by our functions: read as any other.
      assert.ok(equalSets({ kind: "multi", boxes: [...set.boxes].toReversed() }, set));
    }),
    { numRuns: 1_000, seed: 20261121 },
  );
});

const isIn = (set: DimensionSet, key: string): boolean => set.kind === "keys" && set.keys.includes(key);

test("a set survives JSON, and a set of time Postgres's multirange", () => {
  fc.assert(
    fc.property(universeAndLists, ([definition, keys]) => {
      const set = setOf(definition, keys);
      const json: unknown = JSON.parse(JSON.stringify(setToJson(set)));
      assert.deepEqual(json, setToJson(set));
      assert.ok(equalSets(setFromJson(setToJson(set)), set));
      if (set.kind === "time") assert.ok(equalSets(fromMultirange(toMultirange(set)), set));
    }),
  );
});

test("a multirange is read as Postgres prints it", () => {
  const printed =
    '{["2026-10-31 23:00:00+00","2026-11-01 23:00:00+00"),["2026-11-05 23:00:00+00","2026-11-07 23:00:00.5+00")}';
  assert.deepEqual(setToJson(fromMultirange(printed)), {
    windows: [
      ["2026-10-31T23:00:00Z", "2026-11-01T23:00:00Z"],
      ["2026-11-05T23:00:00Z", "2026-11-07T23:00:00.5Z"],
    ],
  });
  assert.equal(toMultirange(fromMultirange(printed)).slice(0, 44), "{[2026-10-31T23:00:00Z,2026-11-01T23:00:00Z)");
  assert.ok(
    equalSets(
      fromMultirange('{["2026-11-01 00:00:00+01","2026-11-01 05:30:00+05:30")}'),
      fromMultirange("{[2026-10-31T23:00:00Z,2026-11-01T00:00:00Z)}"),
    ),
  );
  assert.ok(isEmptySet(fromMultirange("{}")));
});

test("a multirange that is none of ours is refused", () => {
  for (const text of [
    "",
    "[2026-10-31T23:00:00Z,2026-11-01T23:00:00Z)",
    "{(2026-10-31T23:00:00Z,2026-11-01T23:00:00Z)}",
    "{[,)}",
    "{x}",
  ]) {
    assert.throws(() => fromMultirange(text), TypeError, text);
  }
});

test("an unpartitioned asset has one partition, whose key is empty", () => {
  const [only, ...more] = partitionsIn(unpartitioned, setFromJson({ keys: [""] }));
  assert.deepEqual([only, more], [{ id: "", key: "" }, []]);
  assert.deepEqual(emptySetOf(unpartitioned), { kind: "keys", keys: [] });
});

test("fixed partitions are listed in the order of their definition", () => {
  assert.deepEqual(keysOf(states, setOf(states, ["OG", "AB", "LA"])), ["LA", "AB", "OG"]);
});

test("sets of unlike definitions do not meet", () => {
  const refused = { code: "PARTITION_SET", hint: /same one/ };
  assert.throws(() => union(emptySetOf(days), emptySetOf(states)), refused);
  assert.throws(() => countIn(days, emptySetOf(states)), refused);
  assert.throws(() => countIn(sales, setOf(days, ["2026-10-24"])), refused);
  assert.throws(
    () =>
      intersect(
        setOf(sales, ["region=LA,day=2026-10-24"]),
        setOf(orders, ["sold=2026-10-24,region=LA,shipped=2026-10-25"]),
      ),
    refused,
  );
});
