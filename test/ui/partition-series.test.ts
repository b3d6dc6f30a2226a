/** Numbers over partitions, as they are drawn: where a line breaks, what has a line of its own, and what is left of five thousand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  daily,
  existing,
  fixed,
  hourly,
  multi,
  partitionsIn,
  type Metadata,
  type PartitionsDefinition,
  type SnapshotAsset,
} from "@iroko/core";
import type { AssetSeries } from "@iroko/core/client";
import { linePath } from "../../packages/ui/page/src/pages/asset/series.ts";
import { partitionSeries, thinned } from "../../packages/ui/src/model/partition-series.ts";

const now = Temporal.Instant.from("2026-11-09T10:00:00Z");
const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });

interface Told {
  readonly rows?: number;
  readonly metadata?: Metadata;
}

/** Of the partitions that exist and of which something is told. */
function seriesOf(definition: PartitionsDefinition, tell: (key: string, at: number) => Told | undefined): AssetSeries {
  const records = [...partitionsIn(definition, existing(definition, now))].flatMap(({ id, key }, at) => {
    const told = tell(key, at);
    return told === undefined
      ? []
      : [{ partition: id, rows: told.rows ?? 0, bytes: 1, metadata: told.metadata ?? null }];
  });
  const asset: Pick<SnapshotAsset, "key" | "partitions"> = { key: "a", partitions: definition };
  return partitionSeries(asset, records.toReversed());
}

const box = { width: 100, height: 10 };
const pathsOf = ({ series }: AssetSeries): readonly string[] =>
  series.flatMap((each) => each.lines.map((line) => linePath(each, line, box)));

test("a line breaks where a partition is missing, and one between two gaps is a dot", () => {
  const told = seriesOf(days, (key, at) => (/0[36]$/.test(key) || key.endsWith("04") ? undefined : { rows: at }));
  assert.deepEqual([told.partitions, told.first, told.last], [5, "2026-11-01", "2026-11-08"]);
  assert.deepEqual(pathsOf(told), ["M0.0 10.0L14.3 8.6M57.1 4.3h0M85.7 1.4L100.0 0.0"]);
});

test("days that are left out by definition are no gap", () => {
  const workdays = daily({ start: "2026-11-01", timezone: "Africa/Lagos", exclusions: ["2026-11-03"] });
  assert.equal(pathsOf(seriesOf(workdays, (_, at) => ({ rows: at })))[0]!.match(/M/g)!.length, 1);
});

test("a number that a partition does not tell breaks its line, and its unit is that of its type", () => {
  const { series } = seriesOf(days, (_, at) => ({
    metadata: {
      late: { type: "int", value: at },
      took: { type: "duration", value: at === 2 ? 60 : 1 },
      ...(at === 4 ? {} : { held: { type: "bytes", value: at * 1024 } }),
      same: { type: "int", value: at },
      never: { type: "int", value: 3 },
      note: { type: "text", value: String(at) },
    },
  }));
  assert.deepEqual(Object.fromEntries(series.map(({ name, unit }) => [name, unit])), {
    late: "count",
    took: "seconds",
    held: "bytes",
  });
  const took = series.find(({ name }) => name === "took")!;
  assert.deepEqual(
    [took.most, took.latest],
    [
      { value: 60, key: "2026-11-03" },
      { value: 1, key: "2026-11-08" },
    ],
  );
  const held = series.find(({ name }) => name === "held")!;
  assert.equal(linePath(held, held.lines[0]!, box).match(/M/g)!.length, 2);
});

test("of two dimensions each key has a line of its own, along the same time", () => {
  const cube = multi({ shop: fixed(["Kano", "Lagos"]), day: days });
  const told = seriesOf(cube, (key, at) => (key === "shop=Kano,day=2026-11-04" ? undefined : { rows: at }));
  const [rows] = told.series;
  assert.deepEqual(
    rows!.lines.map(({ of, points }) => [of, points.length, points.filter(([, , joined]) => !joined).length]),
    [
      ["Kano", 7, 2],
      ["Lagos", 8, 1],
    ],
  );
  assert.deepEqual([rows!.lines[1]!.points[0]![0], rows!.lines[1]!.points.at(-1)![0]], [0, 1]);
  assert.equal(rows!.linesLeft, 0);
  const many = multi({ shop: fixed(Array.from({ length: 9 }, (_, n) => `s${n}`)), day: days });
  assert.equal(seriesOf(many, (_, at) => ({ rows: at })).series[0]!.linesLeft, 3);
});

test("keys without an order are dots, and one partition alone is not drawn", () => {
  const shops = fixed(["a", "b", "c"]);
  assert.deepEqual(pathsOf(seriesOf(shops, (_, at) => ({ rows: at }))), ["M0.0 10.0h0M50.0 5.0h0M100.0 0.0h0"]);
  assert.deepEqual(seriesOf(days, (_, at) => (at === 0 ? { rows: 5 } : undefined)).series, []);
  assert.deepEqual(
    seriesOf(days, () => undefined),
    { partitions: 0, first: null, last: null, series: [] },
  );
});

test("five thousand points become two hundred, the extremes and the gaps among them", () => {
  const hours = hourly({ start: "2026-04-01-00:00", timezone: "Africa/Lagos" });
  const { series, partitions } = seriesOf(hours, (_, at) =>
    at === 2_000 ? undefined : { rows: at === 777 ? 99_999 : at === 3_333 ? -5 : at % 100 },
  );
  assert.ok(partitions > 5_000);
  const [{ lines, least, most }] = series as [AssetSeries["series"][number]];
  const { points } = lines[0]!;
  assert.ok(points.length <= 200, `${points.length} points`);
  const values = points.map(([, value]) => value);
  assert.deepEqual([Math.max(...values), Math.min(...values)], [99_999, -5]);
  assert.deepEqual([most.value, least.value], [99_999, -5]);
  assert.equal(points.filter(([, , joined]) => !joined).length, 2, "the first, and that after the gap");
  assert.deepEqual(thinned([[0.123456, 1, false]]), [[0.1235, 1, false]]);
});
