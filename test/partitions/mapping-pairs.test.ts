/** Every kind of mapping between every pair of kinds of partitions: it is refused with a reason, or it works both ways. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  allPartitions,
  asset,
  checkMapping,
  cronPartitions,
  customMapping,
  daily,
  define,
  dep,
  downstreamOf,
  dynamic,
  existing,
  fixed,
  hourly,
  identityMapping,
  inferMapping,
  IrokoError,
  isEmptySet,
  lastPartition,
  monthly,
  multi,
  multiMapping,
  multiToSingle,
  specific,
  staticMapping,
  subtract,
  timeWindow,
  unpartitioned,
  upstreamOf,
  weekly,
  type AnyAsset,
  type Moment,
  type PartitionMapping,
  type PartitionsDefinition,
} from "@iroko/core";

const zone = { timezone: "Africa/Lagos" };
const days = daily({ start: "2026-11-01", ...zone });
const states = fixed(["LA", "OG"]);
const definitions: Readonly<Record<string, PartitionsDefinition>> = {
  hours: hourly({ start: "2026-11-01-00:00", ...zone }),
  days,
  weeks: weekly({ start: "2026-11-01", ...zone }),
  months: monthly({ start: "2026-10-01", ...zone }),
  mornings: cronPartitions({ start: "2026-11-01-00:00", cron: "0 6 * * 1-5", ...zone }),
  abroad: daily({ start: "2026-11-01", timezone: "Europe/London" }),
  states,
  shops: dynamic("shops"),
  byState: multi({ region: states, day: days }),
  byShop: multi({ shop: dynamic("shops"), hour: hourly({ start: "2026-11-01-00:00", ...zone }) }),
  fromTo: multi({ from: states, to: states }),
  none: unpartitioned,
};
const mappings: Readonly<Record<string, PartitionMapping>> = {
  identity: identityMapping,
  all: allPartitions,
  last: lastPartition,
  specific: specific(["LA"]),
  static: staticMapping({ LA: "OG" }),
  timeWindow: timeWindow({ startOffset: -2 }),
  multiToDay: multiToSingle("day"),
  multiToOne: { kind: "multiToSingle" },
  multiToState: multiToSingle("region", allPartitions),
  multi: multiMapping({ day: { dimension: "day", mapping: timeWindow({ startOffset: -1 }) }, region: "region" }),
  multiToWhole: multiMapping({ region: "region" }),
};
const now: Moment = {
  now: Temporal.Instant.from("2026-11-20T05:00:00Z"),
  dynamicKeys: new Map([["shops", ["ikeja", "LA"]]]),
};

test("every mapping between every pair of partitions is refused with a reason, or maps everything there is both ways", () => {
  let refused = 0;
  for (const [above, upstream] of Object.entries(definitions)) {
    for (const [below, downstream] of Object.entries(definitions)) {
      for (const [kind, mapping] of Object.entries(mappings)) {
        const name = `${kind} from ${above} to ${below}`;
        const because = checkMapping(mapping, upstream, downstream);
        const both = (): void => {
          const set = existing(downstream, now);
          const found = upstreamOf(mapping, { upstream, downstream, set, now });
          assert.ok(isEmptySet(subtract(found.set, existing(upstream, now))), name);
          const made = downstreamOf(mapping, { upstream, downstream, set: existing(upstream, now), now });
          assert.ok(isEmptySet(subtract(made, set)), name);
        };
        if (because === undefined) assert.doesNotThrow(both, name);
        else {
          refused += 1;
          assert.match(because, /^[a-z].*[^.]$/s, name);
        }
      }
      const inferred = inferMapping(upstream, downstream);
      if (inferred) assert.equal(checkMapping(inferred, upstream, downstream), undefined, `${above} to ${below}`);
    }
  }
  assert.ok(refused > 500);
});

test("windows of any length join without being told, and a single dimension does with the one that is like it", () => {
  const inferred = (above: string, below: string) => inferMapping(definitions[above]!, definitions[below]!);
  for (const above of ["hours", "days", "weeks", "months", "mornings"]) {
    for (const below of ["hours", "days", "weeks", "months", "mornings"]) {
      assert.equal(inferred(above, below), identityMapping, `${above} to ${below}`);
    }
  }
  assert.deepEqual(
    [inferred("byState", "days"), inferred("days", "byState")],
    [multiToSingle("day"), multiToSingle("day")],
  );
  assert.deepEqual(
    [inferred("byState", "states"), inferred("shops", "byShop")],
    [multiToSingle("region"), multiToSingle("shop")],
  );
  assert.deepEqual(inferred("hours", "byState"), multiToSingle("day"));
  assert.equal(inferred("byState", "byState"), identityMapping);
});

test("what could be meant is listed where nothing is obvious", () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["fromTo", "states", /it could be multiToSingle\("from"\) or multiToSingle\("to"\)/],
    ["states", "fromTo", /it could be multiToSingle\("from"\) or multiToSingle\("to"\)/],
    ["byState", "byShop", /dimensions "region" and "day", downstream "shop" and "hour": multiMapping\(\{ … \}\)/],
    ["abroad", "days", /upstream is in Europe\/London and downstream in Africa\/Lagos/],
    ["states", "days", /it could be allPartitions, lastPartition or specific/],
    ["states", "shops", /it could be identityMapping/],
    ["fromTo", "weeks", /none of the dimensions "from" and "to" goes with the other side/],
  ];
  for (const [above, below, says] of cases) {
    const raw = asset({ key: "raw", partitions: definitions[above]!, materialize: () => {} });
    const made = asset({ key: "made", partitions: definitions[below]!, deps: { raw }, materialize: () => {} });
    assert.throws(
      () => define({ assets: [raw, made] }),
      (error) => error instanceof IrokoError && says.test(error.message),
      `${above} to ${below}`,
    );
  }
});

test("a mapping function stands between whole partitions of the definition it was written for", () => {
  const raw = asset({ key: "raw", partitions: days, materialize: () => {} });
  const whole = asset({ key: "whole", materialize: () => {} });
  const other = daily({ start: "2026-11-02", ...zone });
  const problems = (make: () => unknown): string => {
    try {
      make();
    } catch (error) {
      return String(error);
    }
    return "";
  };
  const below = (map: PartitionMapping, upstream: AnyAsset, partitions: PartitionsDefinition) =>
    problems(() =>
      define({
        assets: [
          raw,
          whole,
          asset({ key: "made", partitions, deps: { raw: dep(upstream, { map }) }, materialize: () => {} }),
        ],
      }),
    );
  assert.equal(
    below(
      customMapping(days, ({ key }) => key),
      raw,
      days,
    ),
    "",
  );
  assert.match(
    below(
      customMapping(other, ({ key }) => key),
      raw,
      days,
    ),
    /written for other partitions than those downstream/,
  );
  assert.match(
    below(
      customMapping(days, () => ""),
      whole,
      days,
    ),
    /upstream has one partition only/,
  );
  const nested = multiToSingle(
    "day",
    customMapping(days, ({ key }) => key),
  );
  assert.match(below(nested, raw, multi({ region: states, day: days })), /a function maps whole partitions/);
});
