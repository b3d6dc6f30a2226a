import assert from "node:assert/strict";
import { test } from "node:test";
import {
  containsPartition,
  countIn,
  daily,
  dynamic,
  encodePartitionKey,
  equalSets,
  existing,
  fixed,
  formatPartitions,
  hourly,
  inferMapping,
  intersect,
  IrokoError,
  isEmptySet,
  multi,
  parsePartitions,
  partitionIdOf,
  partitionOf,
  partitionPath,
  partitionsIn,
  setFromJson,
  setOfPartitions,
  setToJson,
  subtract,
  union,
  weekly,
  type Moment,
  type PartitionSet,
} from "@iroko/core";

const now: Moment = {
  now: Temporal.Instant.from("2026-11-21T12:00:00Z"),
  dynamicKeys: new Map([["tenants", ["zoe", "abu", "a,b|c"]]]),
};
const days = daily({ start: "2026-11-18", timezone: "Africa/Lagos" });
const sales = multi({ region: fixed(["LA", "AB", "KN"]), day: days });
const all = existing(sales, now);

const keysOf = (set: PartitionSet): readonly string[] => Array.from(partitionsIn(sales, set), ({ key }) => key);
const parse = (text: string): PartitionSet => parsePartitions(sales, text, { now });
const refused = (code: string, hint: RegExp) => (error: unknown) =>
  error instanceof IrokoError && error.code === code && hint.test(`${error.message} ${error.hint ?? ""}`);

test("every combination is a partition, in the order of the dimensions", () => {
  assert.equal(countIn(sales, all), 9);
  assert.deepEqual(keysOf(all).slice(0, 4), [
    "region=LA,day=2026-11-18",
    "region=LA,day=2026-11-19",
    "region=LA,day=2026-11-20",
    "region=AB,day=2026-11-18",
  ]);
});

test("a partition has a key, an id that no reordering changes, a path, and what it is in each dimension", () => {
  const partition = partitionOf(sales, { region: "LA", day: "2026-11-20" });
  assert.equal(partition.key, "region=LA,day=2026-11-20");
  assert.equal(partition.id, "day=2026-11-19T23:00:00Z|region=LA");
  assert.equal(partitionIdOf(multi({ day: days, region: fixed(["LA"]) }), partition.key), partition.id);
  assert.equal(partitionPath(partition), "region=LA/day=2026-11-20");
  assert.equal(partition.dimensions?.["day"]?.window?.end.toString(), "2026-11-20T23:00:00Z");
  assert.deepEqual(partitionOf(sales, partition.id), partition);
  assert.deepEqual(partitionOf(sales, partition.key), partition);
  assert.deepEqual(partitionOf(sales, "day=2026-11-20,region=LA"), partition);
});

test("keys that hold separators go to text, ids and paths, and come back", () => {
  const awkward = ["a,b", "a|b", 'a"b', "a=b", "50%", "x..y", "../up", "and", "last:3", "100%2C", " edge "];
  const definition = multi({ first: fixed(awkward), second: fixed(awkward) });
  const paths = new Set<string>();
  for (const partition of partitionsIn(definition, existing(definition, now))) {
    assert.deepEqual(partitionOf(definition, partition.id), partition, partition.id);
    assert.deepEqual(partitionOf(definition, partition.key), partition, partition.key);
    const alone = setOfPartitions(definition, [partition]);
    assert.ok(
      equalSets(parsePartitions(definition, formatPartitions(definition, alone), { now }), alone),
      partition.key,
    );
    const path = partitionPath(partition);
    assert.equal(path.split("/").length, 2);
    paths.add(path);
  }
  assert.equal(paths.size, awkward.length ** 2);
  const single = multi({ only: fixed(awkward) });
  for (const partition of partitionsIn(single, existing(single, now))) {
    assert.deepEqual(partitionOf(single, partition.id), partition, partition.id);
    assert.deepEqual(partitionOf(single, partition.key), partition, partition.key);
  }
  assert.equal(partitionPath(partitionOf(days, "2026-11-20")), encodePartitionKey("2026-11-20"));
});

test("a text says what is wanted of each dimension", () => {
  assert.deepEqual(keysOf(parse("region=LA|KN,day=last:2")), [
    "region=LA,day=2026-11-19",
    "region=LA,day=2026-11-20",
    "region=KN,day=2026-11-19",
    "region=KN,day=2026-11-20",
  ]);
  assert.equal(countIn(sales, parse("day=2026-11-19..2026-11-20")), 6);
  assert.equal(countIn(sales, parse("region=LA..AB")), 6);
  assert.ok(equalSets(parse("all"), all));
});

test("texts combine with and, or, not, parentheses and what has happened", () => {
  const failed = parse("region=AB");
  const sets = { failed, missing: parse("day=2026-11-20") };
  const count = (text: string): number => countIn(sales, parsePartitions(sales, text, { now, sets }));
  assert.equal(count("failed and missing"), 1);
  assert.equal(count("failed or missing"), 5);
  assert.equal(count("not (failed or missing)"), 4);
  assert.equal(count("region=LA,missing"), 1);
  assert.equal(count("region=LA or region=KN and not missing"), 5);
  const lone = parsePartitions(days, "all and not (2026-11-18 or last:1)", { now });
  assert.equal(formatPartitions(days, lone), "2026-11-19");
});

test("a text that cannot be read says where, and what was expected", () => {
  assert.throws(
    () => parse("(region=LA"),
    refused("PARTITION_FORMAT", /at character 11, expected "\)" for the "\(" at 1/),
  );
  assert.throws(() => parse("region=LA and"), refused("PARTITION_FORMAT", /expected a partition/));
  assert.throws(() => parse("region=LA) or all"), refused("PARTITION_FORMAT", /at character 10, expected "and", "or"/));
  assert.throws(() => parse("LA"), refused("PARTITION_FORMAT", /does not say which dimension.*region=…/));
  assert.throws(() => parse("last:7"), refused("PARTITION_FORMAT", /does not say which dimension.*day=last:7/));
  assert.throws(() => parse("regoin=LA"), refused("PARTITION_FORMAT", /no dimension "regoin".*region/));
  assert.throws(() => parse("region=Lagos"), refused("PARTITION_NOT_FOUND", /Lagos/));
  assert.throws(() => parse("day=2026-11-22"), refused("PARTITION_FUTURE", /2026-11-22/));
  assert.throws(() => partitionOf(sales, "region=LA"), refused("PARTITION_FORMAT", /region=…,day=…/));
  assert.throws(() => partitionOf(sales, "region=LA,region=AB"), refused("PARTITION_FORMAT", /each dimension once/));
  assert.throws(() => partitionOf(days, { day: "2026-11-20" }), refused("PARTITION_FORMAT", /not a text/));
});

test("sets go to text and to JSON and come back", () => {
  const odd = subtract(all, parse("region=LA,day=2026-11-19 or region=KN"));
  const text = formatPartitions(sales, odd);
  assert.equal(text, "region=AB,day=2026-11-18..2026-11-20 or region=LA,day=2026-11-18|2026-11-20");
  assert.ok(equalSets(parse(text), odd));
  assert.ok(equalSets(setFromJson(JSON.parse(JSON.stringify(setToJson(odd)))), odd));
});

test("equal sets are equal boxes, however they came to be", () => {
  const byHand = union(
    parse("region=LA|AB,day=2026-11-18"),
    union(parse("region=AB,day=2026-11-19"), parse("region=LA,day=2026-11-19")),
  );
  assert.deepEqual(setToJson(byHand), setToJson(parse("region=LA|AB,day=2026-11-18..2026-11-19")));
  assert.ok(isEmptySet(subtract(byHand, all)));
  assert.ok(isEmptySet(intersect(byHand, parse("region=KN"))));
});

test("the holes of two years of days in 36 states are at most one box for each state", () => {
  const states = Array.from({ length: 36 }, (_, n) => `S${n}`);
  const wide = multi({ state: fixed(states), day: daily({ start: "2024-11-01" }) });
  const every = existing(wide, now);
  const holes = Array.from({ length: 500 }, (_, n) =>
    partitionOf(wide, {
      state: states[(n * 7) % 36]!,
      day: Temporal.PlainDate.from("2024-11-01")
        .add({ days: (n * 31) % 700 })
        .toString(),
    }),
  );
  const left = subtract(every, setOfPartitions(wide, holes));
  assert.equal(countIn(wide, left), countIn(wide, every) - 500);
  assert.ok(left.kind === "multi" && left.boxes.length <= 36);
  assert.ok(!containsPartition(left, holes[17]!));
});

test("dynamic keys come from the instance, with the time", () => {
  const tenants = dynamic("tenants");
  assert.equal(countIn(tenants, existing(tenants, now)), 3);
  assert.equal(formatPartitions(tenants, parsePartitions(tenants, "last:2", { now })), `"a,b|c", abu`);
  assert.equal(countIn(tenants, parsePartitions(tenants, "zoe..abu", { now })), 2);
  assert.throws(() => parsePartitions(tenants, "zo", { now }), refused("PARTITION_NOT_FOUND", /zoe/));
  assert.throws(() => partitionOf(tenants, ""), refused("PARTITION_FORMAT", /empty/));
  assert.throws(() => existing(tenants, now.now), refused("PARTITIONS_INVALID", /"tenants" are not looked up/));
  assert.ok(isEmptySet(existing(dynamic("others"), now)));
  assert.throws(() => dynamic("no spaces"), refused("PARTITIONS_INVALID", /no spaces/));
});

test("dimensions need names that can stand before =, and one partitioning each", () => {
  assert.throws(() => multi({}), refused("PARTITIONS_INVALID", /no dimension/));
  assert.throws(() => multi({ "a=b": days }), refused("PARTITIONS_INVALID", /a=b/));
  // @ts-expect-error -- a dimension has no dimensions
  assert.throws(() => multi({ inner: sales }), refused("PARTITIONS_INVALID", /"inner"/));
});

test("where one mapping is obvious it need not be told", () => {
  assert.deepEqual(inferMapping(sales, days), { kind: "multiToSingle", dimension: "day" });
  assert.deepEqual(inferMapping(sales, weekly({ start: "2026-11-01", timezone: "Africa/Lagos" })), {
    kind: "multiToSingle",
    dimension: "day",
  });
  assert.equal(inferMapping(sales, fixed(["elsewhere"])), undefined);
  assert.equal(inferMapping(multi({ made: days, sold: days }), days), undefined);
  const hours = hourly({ start: "2026-11-18-00:00", timezone: "Africa/Lagos" });
  assert.deepEqual(inferMapping(multi({ day: hours, region: fixed(["LA", "AB", "KN"]) }), sales), { kind: "identity" });
  assert.equal(inferMapping(multi({ date: days, region: fixed(["LA"]) }), sales), undefined);
});
