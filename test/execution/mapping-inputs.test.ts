/** What a function finds in `ctx.deps` by each kind of mapping, with real files; the last one through Postgres. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  allPartitions,
  asset,
  customMapping,
  daily,
  dep,
  fixed,
  hourly,
  IrokoError,
  lastPartition,
  materialize,
  multi,
  multiMapping,
  multiToSingle,
  multiAsset,
  output,
  byPartition,
  specific,
  staticMapping,
  timeWindow,
  type AnyAsset,
  type Mapped,
  type PartitionsDefinition,
} from "@iroko/core";
import { z } from "zod";
import { jsonLines } from "../support/json-lines.ts";

const zone = { timezone: "Africa/Lagos" };
const days = daily({ start: "2026-11-01", ...zone });
const hours = hourly({ start: "2026-11-01-00:00", ...zone });
const states = fixed(["LA", "OG", "KN"]);
const regions = fixed(["south", "north"]);
const byState = multi({ region: states, day: days });
const schema = z.object({ key: z.string() });
const now = Temporal.Instant.from("2026-11-04T12:00:00Z");

const made = <P extends PartitionsDefinition>(key: string, partitions: P) =>
  asset({ key, partitions, schema, output: jsonLines(key), materialize: (ctx) => [{ key: ctx.partition.key }] });
const [daysOf, hoursOf, statesOf, both] = [
  made("days", days),
  made("hours", hours),
  made("states", states),
  made("both", byState),
];

/** The keys of the upstream partitions that a partition is made from, by a mapping. */
async function read(map: Mapped | AnyAsset, partitions: PartitionsDefinition, partition: string) {
  const below = asset({
    key: "below",
    partitions,
    schema,
    output: jsonLines("below"),
    deps: { upstream: map },
    materialize: (ctx) => (ctx.deps as { upstream: { rows(): AsyncIterable<{ key: string }> } }).upstream.rows(),
  });
  const inputs = { upstream: byPartition(({ key }) => [{ key }]) };
  await using result = await materialize([below], { partition, now, inputs });
  return (await result.rows(below, partition)).map(({ key }) => key).toSorted();
}

test("each kind of mapping reads the files of just the partitions that it names", async () => {
  const by = (upstream: AnyAsset, map: unknown): Mapped => dep(upstream, { map: map as never });
  assert.deepEqual(await read(daysOf, days, "2026-11-02"), ["2026-11-02"]);
  assert.equal((await read(hoursOf, days, "2026-11-02")).length, 24);
  assert.deepEqual(await read(daysOf, hours, "2026-11-02-05:00"), ["2026-11-02"]);
  assert.deepEqual(await read(by(daysOf, timeWindow({ startOffset: -2, endOffset: -1 })), days, "2026-11-03"), [
    "2026-11-01",
    "2026-11-02",
  ]);
  assert.deepEqual(await read(by(daysOf, timeWindow({ startOffset: -2 })), days, "2026-11-01"), ["2026-11-01"]);
  assert.deepEqual(await read(by(statesOf, allPartitions), days, "2026-11-02"), ["KN", "LA", "OG"]);
  assert.deepEqual(await read(by(daysOf, lastPartition), states, "LA"), ["2026-11-03"]);
  assert.deepEqual(await read(by(statesOf, specific(["OG"])), days, "2026-11-02"), ["OG"]);
  const table = staticMapping({ south: ["LA", "OG"], north: "KN" });
  assert.deepEqual(await read(by(statesOf, table), regions, "south"), ["LA", "OG"]);
  assert.deepEqual(await read(by(both, multiToSingle("day")), days, "2026-11-02"), [
    "region=KN,day=2026-11-02",
    "region=LA,day=2026-11-02",
    "region=OG,day=2026-11-02",
  ]);
  assert.deepEqual(await read(statesOf, byState, "region=LA,day=2026-11-02"), ["LA"]);
  const yesterday = multiMapping({
    day: { dimension: "day", mapping: timeWindow({ startOffset: -1, endOffset: -1 }) },
    region: "region",
  });
  assert.deepEqual(await read(by(both, yesterday), byState, "region=LA,day=2026-11-02"), ["region=LA,day=2026-11-01"]);
  const workday = customMapping(days, ({ key }) => (key === "2026-11-02" ? [key, "2026-11-01"] : []));
  assert.deepEqual(await read(by(daysOf, workday), days, "2026-11-02"), ["2026-11-01", "2026-11-02"]);
});

test("an upstream partition that does not exist is an error, and never left out without a word", async () => {
  const ahead = customMapping(days, ({ key }) => Temporal.PlainDate.from(key).add({ days: 2 }).toString());
  const isCut = (error: unknown): boolean =>
    error instanceof IrokoError &&
    error.code === "PLAN_INPUT_MISSING" &&
    /days@2026-11-05, which does not exist/.test(error.message);
  await assert.rejects(read(dep(daysOf, { map: ahead }), days, "2026-11-03"), isCut);
  const late = made("late", daily({ start: "2026-11-03", ...zone }));
  await assert.rejects(read(late, days, "2026-11-02"), /late@2026-11-02, which does not exist|does not exist/);
});

test("all means what there is, one at least; what an upstream has left out is missed by every other mapping", async () => {
  const split = multiAsset({
    outputs: { odd: output({ key: "odd", schema, output: jsonLines("odd"), optional: true }) },
    partitions: days,
    backfill: "range",
    materialize: () => ({
      odd: byPartition((partition) =>
        Number(partition.key.slice(-2)) % 2 === 0 ? undefined : [{ key: partition.key }],
      ) as never,
    }),
  });
  const each = asset({
    key: "each",
    partitions: days,
    schema,
    output: jsonLines("each"),
    deps: { odd: split.odd },
    materialize: (ctx) => ctx.deps.odd.rows(),
  });
  const total = asset({
    key: "total",
    schema,
    output: jsonLines("total"),
    deps: { odd: split.odd },
    materialize: (ctx) => ctx.deps.odd.rows(),
  });
  await using result = await materialize([split, each, total], {
    partitions: ["2026-11-01", "2026-11-02", "2026-11-03"],
    now,
  });
  const of = (name: string) =>
    result.materializations.filter(({ asset: key }) => key === name).map(({ partition }) => partition);
  assert.deepEqual(of("each"), ["2026-11-01", "2026-11-03"]);
  assert.deepEqual(
    (await result.rows(total)).map(({ key }) => key),
    ["2026-11-01", "2026-11-03"],
  );
});
