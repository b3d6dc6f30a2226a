/** What a definition gives is inferred: nothing here is annotated but what is expected. */
import {
  asset,
  assetCheck,
  byPartition,
  dep,
  dynamic,
  env,
  externalAsset,
  fixed,
  identityMapping,
  multi,
  multiToSingle,
  multiAsset,
  output,
  resource,
  timeWindow,
  type AnyAsset,
  type Asset,
  type DayKey,
  type Decimal,
  type HourKey,
  type IoManager,
  type KeyOf,
  type Relation,
  type RowOf,
  type TimePartitions,
  type TimeWindow,
  type Unpartitioned,
} from "@iroko/core";
import { z } from "zod";
import { expectType } from "./expect-type.ts";
import {
  byDay,
  byHour,
  byState,
  days,
  hours,
  note,
  relation,
  signal,
  states,
  Transaction,
  unique,
  whole,
} from "./fixtures.ts";

// Rows
expectType<{ id: string; amount: Decimal; at: Temporal.Instant; channel: "chip" | "contactless" | null }>()(
  {} as Transaction,
);
expectType<Asset<"by_day", Transaction, TimePartitions<"day", DayKey>, "relation">>()(byDay);
expectType<Asset<"signal", never, Unpartitioned, undefined>>()(signal);

// Dependencies, by what their IO managers give
export const reader = asset({
  key: "reader",
  partitions: days,
  deps: {
    byDay,
    byHour,
    whole,
    note,
    signal,
    states: dep(byState, { map: { kind: "all" } }),
    weak: dep(byDay, { weak: true }),
  },
  schema: z.object({ id: z.string() }),
  output: relation("reader"),
  checks: [unique("id")],
  materialize: async function* (ctx) {
    expectType<Relation<Transaction>>()(ctx.deps.byDay);
    expectType<Relation<Transaction>>()(ctx.deps.byHour);
    expectType<Relation<{ merchant: string }>>()(ctx.deps.whole);
    expectType<string>()(ctx.deps.note);
    expectType<undefined>()(ctx.deps.signal);
    expectType<Relation<Transaction>>()(ctx.deps.states);
    expectType<Relation<Transaction>>()(ctx.depsOf(ctx.partition).weak);
    expectType<DayKey>()(ctx.partition.key);
    expectType<TimeWindow>()(ctx.partition.window);
    expectType<Relation<{ id: string }> | undefined>()(ctx.previous(ctx.partition).self);
    expectType<undefined>()(ctx.config);
    for await (const row of ctx.deps.byDay.rows()) yield { id: row.id };
  },
});

// Keys, by the partitions
asset({ key: "a", partitions: hours, materialize: (ctx) => expectType<HourKey>()(ctx.partition.key) });
asset({ key: "a", partitions: states, materialize: (ctx) => expectType<"LA" | "AB" | "KN">()(ctx.partition.key) });
asset({ key: "a", materialize: (ctx) => expectType<"">()(ctx.partition.key) });

// Everything a function may give
asset({ key: "a", schema: Transaction, output: relation("a"), deps: { byDay }, materialize: (ctx) => ctx.deps.byDay });
asset({ key: "a", schema: Transaction, output: relation("a"), materialize: async () => new Set<Transaction>() });
asset({
  key: "a",
  schema: z.object({ n: z.int() }),
  output: relation("a"),
  materialize: () => ({ data: [{ n: 1 }], metadata: { rows: 1, note: "one" }, dataVersion: "1" }),
});
asset({
  key: "a",
  partitions: days,
  backfill: "range",
  schema: z.object({ day: z.string(), n: z.int() }),
  output: relation("a"),
  materialize: (_ctx) =>
    byPartition((partition) => [{ day: partition.key, n: partition.window.start.epochMilliseconds }]),
});
asset({
  key: "a",
  partitions: days,
  schema: z.object({ day: z.string() }),
  output: relation("a"),
  materialize: () => byPartition((partition) => [{ day: partition.key }]),
});
asset({ key: "a", backfill: { batches: 7 }, partitions: days, materialize: () => {} });

// Resources and config
const lake = resource({
  key: "lake",
  config: z.object({ path: z.string(), size: z.int().default(4), modes: z.array(z.enum(["r", "w"])).optional() }),
  open: async ({ path, size }, scope) => {
    expectType<string>()(path);
    expectType<number>()(size);
    expectType<AbortSignal>()(scope.signal);
    return { put: (name: string) => `${path}/${name}` };
  },
  close: (opened) => void opened.put("closed"),
});
export const opened = lake({ path: env("LAKE", { default: "lake" }), modes: ["r", env("MODE")] });
asset({
  key: "a",
  resources: { lake: opened },
  config: z.object({ limit: z.int().default(10), since: z.string().transform((value) => value.length) }),
  materialize: (ctx) => {
    expectType<{ put: (name: string) => string }>()(ctx.resources.lake);
    expectType<{ limit: number; since: number }>()(ctx.config);
  },
});

// Several outputs
export const landing = multiAsset({
  outputs: {
    raw: output({ key: "raw", schema: Transaction, output: relation("raw"), checks: [unique("id", "at")] }),
    bad: output({ key: "bad", schema: z.object({ reason: z.string() }), output: relation("bad"), optional: true }),
    log: output({ key: "log" }),
  },
  partitions: days,
  materialize: (ctx) => {
    expectType<Relation<Transaction> | undefined>()(ctx.previous(ctx.partition).raw);
    expectType<ReadonlySet<"raw" | "bad" | "log">>()(ctx.selectedOutputs);
    return { raw: [], log: undefined };
  },
  metrics: (ctx) => {
    expectType<"raw" | "bad" | "log">()(ctx.output);
    return { rows: 1 };
  },
});
expectType<Asset<"raw", Transaction, TimePartitions<"day", DayKey>, "relation">>()(landing.raw);
expectType<Asset<"bad", { reason: string }, TimePartitions<"day", DayKey>, "relation">>()(landing.bad);
asset({
  key: "a",
  partitions: days,
  deps: { raw: landing.raw },
  materialize: (ctx) => expectType<Relation<Transaction>>()(ctx.deps.raw),
});

// External assets, which may compare with what depends on them
export const source = externalAsset({
  key: "source",
  partitions: days,
  resources: { lake: opened },
  compares: (): Readonly<Record<string, AnyAsset>> => ({ made: made }),
  observe: (ctx) =>
    ctx.partitions.map((partition) => ({
      partition,
      dataVersion: ctx.resources.lake.put(partition.key),
      metadata: { n: 1 },
    })),
});
export const made = asset({ key: "made", partitions: days, deps: { source }, materialize: () => {} });

// Mappings
asset({
  key: "a",
  partitions: days,
  deps: { before: dep(byDay, { map: { kind: "timeWindow", startOffset: -3, endOffset: -1 } }) },
  materialize: () => {},
});
asset({
  key: "a",
  partitions: days,
  deps: { lagos: dep(byState, { map: { kind: "specific", keys: ["LA"] } }) },
  materialize: () => {},
});
asset({
  key: "a",
  partitions: states,
  deps: { near: dep(byState, { map: { kind: "static", upstreamByDownstream: { LA: ["LA", "AB"], KN: ["KN"] } } }) },
  materialize: () => {},
});
asset({ key: "a", deps: { byDay, byState }, materialize: () => {} });

// Checks over several assets
export const agrees = assetCheck({
  asset: byDay,
  name: "agrees",
  deps: { whole },
  run: async (ctx) => {
    expectType<Relation<Transaction>>()(ctx.deps.self);
    expectType<Relation<{ merchant: string }>>()(ctx.deps.whole);
    expectType<DayKey>()(ctx.partition.key);
    return { passed: (await ctx.deps.self.count()) > 0 };
  },
});

// Wrappers keep the types of what they wrap
export function daySummary<const Key extends string, S extends z.ZodObject>(options: {
  readonly key: Key;
  readonly schema: S;
  readonly output: IoManager<"relation">;
}): Asset<Key, RowOf<S>, typeof days, "relation"> {
  return asset({ ...options, partitions: days, materialize: () => [] });
}
expectType<Asset<"wrapped", { n: number }, TimePartitions<"day", DayKey>, "relation">>()(
  daySummary({ key: "wrapped", schema: z.object({ n: z.int() }), output: relation("wrapped") }),
);

// Several dimensions, and keys that the instance holds
const sales = multi({ region: fixed(["LA", "AB"]), day: days, tenant: dynamic("tenants") });
expectType<{ readonly region: "LA" | "AB"; readonly day: DayKey; readonly tenant: string }>()(
  {} as KeyOf<typeof sales>,
);
export const byRegion = asset({
  key: "by_region",
  partitions: sales,
  deps: { byDay, before: dep(byDay, { map: multiToSingle("day", timeWindow({ startOffset: -1 })) }), byState },
  schema: z.object({ id: z.string() }),
  output: relation("by_region"),
  materialize: (ctx) => {
    expectType<string>()(ctx.partition.key);
    expectType<"LA" | "AB">()(ctx.partition.dimensions.region.key);
    expectType<TimeWindow>()(ctx.partition.dimensions.day.window);
    return [{ id: ctx.partition.dimensions.tenant.key }];
  },
});
export const byDayAgain = asset({
  key: "by_day_again",
  partitions: days,
  deps: { byRegion, day: dep(byRegion, { map: multiToSingle("day") }), same: dep(byDay, { map: identityMapping }) },
  schema: z.object({ id: z.string() }),
  output: relation("by_day_again"),
  materialize: (ctx) => [{ id: ctx.partition.key }],
});
export const byTenant = asset({
  key: "by_tenant",
  partitions: dynamic("tenants"),
  deps: { byState: dep(byState, { map: { kind: "identity" } }), byRegion },
  schema: z.object({ id: z.string() }),
  output: relation("by_tenant"),
  materialize: (ctx) => [{ id: ctx.partition.key }],
});
