import assert from "node:assert/strict";
import { test } from "node:test";
import {
  daily,
  equalSets,
  existing,
  fixed,
  formatPartitions,
  hourly,
  IrokoError,
  parsePartitions,
  partitionOf,
  partitionsIn,
  setFromJson,
  setOfPartitions,
  setWordsIn,
  unpartitioned,
  weekly,
  type PartitionsDefinition,
} from "@iroko/core";
import fc from "fast-check";

const now = Temporal.Instant.from("2026-11-21T05:00:00Z");
const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
const hours = hourly({ start: "2026-10-20-00:00", timezone: "Europe/London" });
const states = fixed(["LA", "AB", "KN", "OG", "Lagos, Island", "a..b", "all"]);

const read = (definition: PartitionsDefinition, text: string, at = now): string =>
  formatPartitions(definition, parsePartitions(definition, text, { now: at }));

test("keys, ranges, lists, the last few and all are read, and written as ranges", () => {
  const cases: readonly (readonly [PartitionsDefinition, string, string])[] = [
    [days, "2026-11-02", "2026-11-02"],
    [days, "2026-11-01..2026-11-07", "2026-11-01..2026-11-07"],
    [days, "2026-11-09, 2026-11-01..2026-11-03,2026-11-02..2026-11-04", "2026-11-01..2026-11-04, 2026-11-09"],
    [days, "last:3", "2026-11-18..2026-11-20"],
    [days, "last:1000", "2026-11-01..2026-11-20"],
    [days, "all", "2026-11-01..2026-11-20"],
    [hours, "2026-10-25-00:00..2026-10-25-01:00+0000", "2026-10-25-00:00..2026-10-25-01:00+0000"],
    [states, "KN,LA", "LA, KN"],
    [states, "LA..OG", "LA..OG"],
    [states, "last:2", "a..b, all"],
    [states, "KN,Lagos, Island,LA", "LA, KN, Lagos, Island"],
    [states, "a..b", "a..b"],
    [states, "all", "all"], // a key, here
    [unpartitioned, "all", ""],
    [unpartitioned, "last:1", ""],
  ];
  for (const [definition, text, expected] of cases) assert.equal(read(definition, text), expected, text);
});

test("what is missing, failed or stale is what the caller says", () => {
  const missing = setOfPartitions(days, [partitionOf(days, "2026-11-05"), partitionOf(days, "2026-11-06")]);
  const sets = { missing };
  const found = parsePartitions(days, "missing,2026-11-09", { now, sets });
  assert.equal(formatPartitions(days, found), "2026-11-05..2026-11-06, 2026-11-09");
  assert.deepEqual(setWordsIn("missing, 2026-11-09,stale"), ["missing", "stale"]);
  assert.throws(() => parsePartitions(days, "failed", { now, sets }), { code: "PARTITION_NOT_FOUND" });
});

test("what bad text gets: a code, what is wrong, and the next move", () => {
  const cases: readonly (readonly [PartitionsDefinition, string, string, RegExp, RegExp])[] = [
    [days, "yesterday", "PARTITION_FORMAT", /"yesterday" is not written as "%Y-%m-%d"/, /like "2026-11-01"/],
    [days, "2026-11-31", "PARTITION_FORMAT", /"2026-11-31"/, /like/],
    [days, "2026-10-30", "PARTITION_NOT_FOUND", /"2026-10-30"/, /Did you mean "2026-11-01"/],
    [
      days,
      "2026-11-21",
      "PARTITION_OPEN",
      /"2026-11-21" is still open: it closes 2026-11-22 00:00 \(Africa\/Lagos\)/,
      /last .* "2026-11-20"/,
    ],
    [
      days,
      "2026-11-23",
      "PARTITION_FUTURE",
      /"2026-11-23" lies in the future: its window begins 2026-11-23 00:00/,
      /last/,
    ],
    [days, "2026-11-20..2026-11-25", "PARTITION_FUTURE", /"2026-11-25"/, /"2026-11-20"/],
    [
      days,
      "2026-11-07..2026-11-01",
      "PARTITION_RANGE",
      /starts at "2026-11-07", after its end "2026-11-01"/,
      /"2026-11-01..2026-11-07"/,
    ],
    [days, "last:0", "PARTITION_FORMAT", /"last:0"/, /last:7/],
    [days, "last:week", "PARTITION_FORMAT", /"last:week"/, /last:7/],
    [days, "", "PARTITION_FORMAT", /""/, /like/],
    [days, "2026-11-01..2026-11-02..2026-11-03", "PARTITION_FORMAT", /"2026-11-01..2026-11-02..2026-11-03"/, /like/],
    [hours, "2026-10-25-01:00+0100", "PARTITION_NOT_FOUND", /01:00\+0100/, /Did you mean "2026-10-25-01:00"/],
    [states, "LAX", "PARTITION_NOT_FOUND", /"LAX"/, /Did you mean "LA"/],
    [states, "OG..LA", "PARTITION_RANGE", /order of the definition/, /"LA..OG"/],
    [states, "../../etc/passwd", "PARTITION_NOT_FOUND", /"\.\.\/\.\.\/etc\/passwd"/, /LA/],
    [states, "'; drop table iroko.run; --", "PARTITION_NOT_FOUND", /drop table/, /LA/],
    [unpartitioned, "2026-11-01", "PARTITION_NOT_FOUND", /there are no partitions/, /Leave the partition out/],
    [weekly({ start: "2026-11-01" }), "2026-11-04", "PARTITION_NOT_FOUND", /"2026-11-04"/, /Did you mean "2026-11-01"/],
  ];
  for (const [definition, text, code, message, hint] of cases) {
    assert.throws(
      () => read(definition, text),
      (error) => {
        assert.ok(error instanceof IrokoError, text);
        assert.equal(error.code, code, text);
        assert.match(error.message, message);
        assert.match(error.hint ?? "", hint);
        return true;
      },
    );
  }
});

test("a partition opens and closes as the offset of its definition says", () => {
  const early = daily({ start: "2026-11-01", endOffset: 1 });
  const late = daily({ start: "2026-11-01", endOffset: -1 });
  assert.equal(read(early, "2026-11-21"), "2026-11-21");
  assert.throws(() => read(early, "2026-11-22"), { code: "PARTITION_FUTURE" });
  assert.throws(() => read(late, "2026-11-20"), /closes 2026-11-22 00:00 \(UTC\)/);
});

test("before the first window has ended nothing exists, and that is said", () => {
  const first = Temporal.Instant.from("2026-11-01T12:00:00Z");
  assert.equal(read(days, "all", first), "");
  assert.equal(read(days, "last:3", first), "");
  assert.throws(() => read(days, "2026-11-01", first), {
    code: "PARTITION_OPEN",
    hint: "None of its partitions exists yet.",
  });
});

test("what is written is read back", () => {
  const key = fc.stringMatching(/^[A-Za-z0-9 _-]{1,6}$/).filter((text) => text === text.trim());
  const definitions = fc.oneof(
    fc.constantFrom<PartitionsDefinition>(days, hours),
    fc.uniqueArray(key, { minLength: 1, maxLength: 12 }).map((keys): PartitionsDefinition => fixed(keys)),
  );
  fc.assert(
    fc.property(definitions, fc.infiniteStream(fc.boolean()), (definition, choice) => {
      const chosen = [...partitionsIn(definition, existing(definition, now))].filter(() => choice.next().value);
      fc.pre(chosen.length > 0);
      const set = setOfPartitions(definition, chosen);
      assert.ok(equalSets(parsePartitions(definition, formatPartitions(definition, set), { now }), set));
    }),
  );
});

test("whatever is typed is read or refused, and nothing else", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(days, hours, states, unpartitioned),
      fc.string({ unit: "binary" }),
      (definition, text) => {
        try {
          parsePartitions(definition, text, { now });
        } catch (error) {
          assert.ok(error instanceof IrokoError && error.code.startsWith("PARTITION_"), String(error));
        }
      },
    ),
    { numRuns: 1_000, seed: 20261121 },
  );
});

test("windows outside a definition can be named, for the errors that are about them", () => {
  const before = setFromJson({ windows: [["2026-10-28T23:00:00Z", "2026-10-31T23:00:00Z"]] });
  assert.equal(formatPartitions(days, before), "2026-10-29..2026-10-31");
});
