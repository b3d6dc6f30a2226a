/** Mappings by a user's function: what it may answer, what is made of the answers, and how its mistakes are told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  customMapping,
  daily,
  downstreamOf,
  dynamic,
  existing,
  fixed,
  formatPartitions,
  hourly,
  IrokoError,
  MappingQuestion,
  multi,
  partitionOf,
  partitionsIn,
  setOfPartitions,
  unpartitioned,
  upstreamOf,
  weekly,
  type MappingRelation,
  type Moment,
  type MomentWithKeys,
  type PartitionMapping,
  type PartitionsDefinition,
  type PartitionSet,
} from "@iroko/core";
import fc from "fast-check";
import { evaluateInBatches, evaluateMapping } from "../../packages/core/src/partitions/evaluate-mapping.ts";
import { joinRelations } from "../../packages/core/src/partitions/mapping-relation.ts";

const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
const hours = hourly({ start: "2026-11-01-00:00", timezone: "Africa/Lagos" });
const states = fixed(["LA", "OG", "KN", "AB"]);
const shops = dynamic("shops");
const byState = multi({ region: states, day: days });
const now: MomentWithKeys = {
  now: Temporal.Instant.from("2026-11-20T05:00:00Z"),
  dynamicKeys: new Map([["shops", ["ikeja", "yaba"]]]),
};

/** What the function's answers are for some downstream keys, as text. */
function upstreamText(
  mapping: PartitionMapping,
  upstream: PartitionsDefinition,
  downstream: PartitionsDefinition,
  ...keys: readonly string[]
): string {
  const set = setOfPartitions(
    downstream,
    keys.map((key) => partitionOf(downstream, key)),
  );
  return formatPartitions(upstream, upstreamOf(mapping, { upstream, downstream, set, now }).set);
}

const dayBefore = customMapping(days, ({ key }) => {
  const before = Temporal.PlainDate.from(key).subtract({ days: 1 }).toString();
  return before < "2026-11-01" ? [] : before;
});

test("a mapping function answers with a key, a range of keys, a window, a partition, several of them, or a set", () => {
  assert.equal(upstreamText(dayBefore, days, days, "2026-11-05", "2026-11-06"), "2026-11-04..2026-11-05");
  const range = customMapping(days, ({ key }) => ({ from: `${key}-00:00`, to: `${key}-05:00` }));
  assert.equal(upstreamText(range, hours, days, "2026-11-05"), "2026-11-05-00:00..2026-11-05-05:00");
  const window = customMapping(days, ({ window: { start, end } }) => ({ start: start.subtract({ hours: 2 }), end }));
  assert.equal(upstreamText(window, hours, days, "2026-11-05"), "2026-11-04-22:00..2026-11-05-23:00");
  const partition = customMapping(byState, ({ dimensions }) => dimensions.day);
  assert.equal(upstreamText(partition, days, byState, "region=LA,day=2026-11-05"), "2026-11-05");
  const several = customMapping(days, ({ key }) => [key, "2026-11-01", { from: "2026-11-08", to: "2026-11-09" }]);
  assert.equal(upstreamText(several, days, days, "2026-11-05"), "2026-11-01, 2026-11-05, 2026-11-08..2026-11-09");
  const south = customMapping(unpartitioned, () => ({ from: "LA", to: "KN" }) as const);
  assert.equal(upstreamText(south, states, unpartitioned, ""), "LA..KN");
  const set = customMapping(days, () => ({ kind: "keys", keys: ["OG", "AB"] }));
  assert.equal(upstreamText(set, states, days, "2026-11-05"), "OG, AB");
  const dimensions = customMapping(days, ({ key }) => ({ region: "LA", day: key }));
  assert.equal(upstreamText(dimensions, byState, days, "2026-11-05"), "region=LA,day=2026-11-05");
  const nothing = customMapping(days, () => []);
  assert.equal(upstreamText(nothing, states, days, "2026-11-05"), "");
});

test("what a function names and does not exist yet is told apart from what exists", () => {
  const ahead = customMapping(days, ({ key }) => [key, Temporal.PlainDate.from(key).add({ days: 2 }).toString()]);
  const set = setOfPartitions(days, [partitionOf(days, "2026-11-18")]);
  const found = upstreamOf(ahead, { upstream: days, downstream: days, set, now });
  assert.equal(formatPartitions(days, found.set), "2026-11-18");
  assert.equal(formatPartitions(days, found.nonexistent), "2026-11-20");
  const shop = customMapping(days, () => ["ikeja", "lekki"]);
  const keyed = upstreamOf(shop, { upstream: shops, downstream: days, set, now });
  assert.deepEqual(
    [keyed.set, keyed.nonexistent],
    [
      { kind: "keys", keys: ["ikeja"] },
      { kind: "keys", keys: ["lekki"] },
    ],
  );
});

test("a window reaches as far as the definition does", () => {
  const lastWeek = customMapping(days, ({ window: { start } }) => ({
    start: start.subtract({ hours: 7 * 24 }),
    end: start,
  }));
  assert.equal(upstreamText(lastWeek, days, days, "2026-11-01", "2026-11-03"), "2026-11-01..2026-11-02");
});

test("the inverse of a mapping function is found over the downstream partitions that exist", () => {
  const sides = { upstream: days, downstream: days, now };
  const set = setOfPartitions(
    days,
    ["2026-11-04", "2026-11-19"].map((key) => partitionOf(days, key)),
  );
  assert.equal(formatPartitions(days, downstreamOf(dayBefore, { ...sides, set })), "2026-11-05");
});

test("without the function's code, an answer that is missing is a question, and one that is known is used", () => {
  const mapping: PartitionMapping = { kind: "custom", hash: "h", subject: 'asset "a", deps.b' };
  const set = existing(days, now);
  const ask = (moment: Moment) => upstreamOf(mapping, { upstream: days, downstream: days, set, now: moment });
  const question = catching(() => ask(now));
  assert.ok(question instanceof MappingQuestion && question.mapping.hash === "h");
  const relation = evaluateMapping({ ...mapping, ...codeOf(dayBefore) }, { upstream: days, downstream: days, set });
  const knowing: Moment = { ...now, mappings: new Map([["h", relation]]) };
  assert.equal(formatPartitions(days, ask(knowing).set), "2026-11-01..2026-11-18");
  // A day later there is one more to ask about, and only that.
  const later: Moment = { ...knowing, now: Temporal.Instant.from("2026-11-21T05:00:00Z") };
  const next = catching(() => downstreamOf(mapping, { upstream: days, downstream: days, set, now: later }));
  assert.ok(next instanceof MappingQuestion);
  assert.equal(formatPartitions(days, next.set), "2026-11-20");
});

test("a function that throws, or answers with what is no partition, is told with key, dependency and answer", () => {
  const mistakes: readonly (readonly [PartitionMapping, PartitionsDefinition, RegExp])[] = [
    [
      customMapping(days, ({ key }) => {
        throw new RangeError(`no rate on ${key}`);
      }),
      states,
      /^The mapping function of .* threw RangeError: no rate on 2026-11-05 for the partition "2026-11-05"\.$/,
    ],
    [customMapping(days, () => "XX"), states, /gave "XX" for the partition "2026-11-05"\. There is no partition "XX"/],
    [customMapping(days, () => "2026-10-31"), days, /gave "2026-10-31" .* There is no partition "2026-10-31"/],
    [customMapping(days, () => undefined as never), days, /gave nothing for/],
    [customMapping(days, (async () => "LA") as never), states, /gave a promise/],
    [customMapping(days, () => ({ start: 1, end: 2 }) as never), days, /gave \{"start":1,"end":2\}/],
    [customMapping(days, () => ({ region: "LA" })), byState, /does not name each dimension once/],
    [customMapping(days, () => ({ kind: "keys", keys: ["LA"] })), days, /That is no partition/],
  ];
  for (const [mapping, upstream, message] of mistakes) {
    const error = catching(() => upstreamText(mapping, upstream, days, "2026-11-05"));
    assert.ok(error instanceof IrokoError, String(error));
    assert.equal(error.code, "MAPPING_FAILED");
    assert.match(error.message, message);
    assert.equal(error.details?.["partition"], "2026-11-05");
    assert.match(String((error.cause as Error).stack), /custom-mapping\.test\.ts/);
  }
});

test("a relation asked for in parts is the function itself, both ways", () => {
  const weeks = weekly({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const sides: readonly (readonly [PartitionsDefinition, PartitionsDefinition])[] = [
    [days, days],
    [states, days],
    [days, states],
    [byState, days],
    [days, byState],
    [weeks, byState],
    [states, unpartitioned],
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...sides),
      fc.nat(),
      fc.integer({ min: 1, max: 7 }),
      ([upstream, downstream], seed, size) => {
        const above = [...partitionsIn(upstream, existing(upstream, now))];
        const picked = new Map<string, readonly string[]>();
        const pick = (key: string): readonly string[] => {
          const known = picked.get(key);
          if (known) return known;
          const h = [...key].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, seed % 1_000);
          const ids = above.filter((_, n) => (h + n * 7) % 5 === 0 || n === h % above.length).map(({ id }) => id);
          picked.set(key, ids);
          return ids;
        };
        const mapping = customMapping(downstream, (partition) => pick(partition.key));
        const all = existing(downstream, now);
        let relation: MappingRelation | undefined;
        for (const part of evaluateInBatches(mapping, { upstream, downstream, set: all }, size)) {
          relation = joinRelations(relation, part);
        }
        const { code: _, ...bare } = mapping;
        const moment: Moment = {
          ...now,
          mappings: new Map([[mapping.hash, relation!]]),
        };
        for (const partition of partitionsIn(downstream, all)) {
          const set = setOfPartitions(downstream, [partition]);
          const found: PartitionSet = upstreamOf(bare, { upstream, downstream, set, now: moment }).set;
          assert.deepEqual(
            Array.from(partitionsIn(upstream, found), ({ id }) => id as string),
            above.map(({ id }) => id as string).filter((id) => pick(partition.key).includes(id)),
          );
        }
        for (const partition of above) {
          const set = setOfPartitions(upstream, [partition]);
          const found: PartitionSet = downstreamOf(bare, { upstream, downstream, set, now: moment });
          assert.deepEqual(
            Array.from(partitionsIn(downstream, found), ({ id }) => id as string),
            Array.from(partitionsIn(downstream, all))
              .filter(({ key }) => pick(key).includes(partition.id))
              .map(({ id }) => id as string),
          );
        }
      },
    ),
    { numRuns: 60, seed: 7 },
  );
});

test("equal answers are kept together", () => {
  const hourly10k = hourly({ start: "2025-01-01-00:00", timezone: "Africa/Lagos" });
  const mapping = customMapping(hourly10k, ({ key }) => (key.slice(5, 7) === "01" ? "LA" : "KN"));
  const set = existing(hourly10k, now);
  const { images } = evaluateMapping(mapping, { upstream: states, downstream: hourly10k, set });
  assert.equal(images.length, 2);
  assert.ok(JSON.stringify(images).length < 300);
});

function codeOf(mapping: PartitionMapping): object {
  return mapping.kind === "custom" ? { code: mapping.code } : {};
}

function catching(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("it did not throw");
}
