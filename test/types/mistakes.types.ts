/** What must not compile, and where it says so. `messages.test.ts` has what the author of such a program reads. */
import {
  asset,
  assetCheck,
  customMapping,
  dep,
  dynamic,
  env,
  job,
  multi,
  multiAsset,
  multiToSingle,
  output,
  resource,
  schedule,
} from "@iroko/core";
import { z } from "zod";
import { expectType } from "./expect-type.ts";
import { byDay, byHour, byState, days, relation, states, Transaction, unique, whole } from "./fixtures.ts";
import { landing, opened } from "./inference.types.ts";

// The test's own tool tells types apart.
// @ts-expect-error a number is no string
expectType<string>()(1);
// @ts-expect-error nor is any
expectType<string>()(JSON.parse("1"));

// Dependencies
asset({
  key: "a",
  deps: { byDay },
  materialize: (ctx) => {
    // @ts-expect-error there is no dependency of that name
    void ctx.deps.byHour;
  },
});
asset({
  key: "a",
  deps: {
    whole,
    // @ts-expect-error a key is no asset
    raw: "by_day",
  },
  materialize: () => {},
});
asset({
  key: "a",
  partitions: days,
  deps: {
    byDay,
    // @ts-expect-error a multi-asset is not one asset
    landing,
  },
  materialize: () => {},
});

// Partitions
asset({
  key: "a",
  partitions: days,
  deps: {
    byHour,
    // @ts-expect-error states and days have nothing in common
    byState,
  },
  materialize: () => {},
});
asset({
  key: "a",
  partitions: states,
  deps: {
    // @ts-expect-error days and states have nothing in common
    byDay,
    byState,
  },
  materialize: () => {},
});
asset({
  key: "a",
  partitions: days,
  deps: {
    // @ts-expect-error a timeWindow mapping joins windows of time
    before: dep(byState, { map: { kind: "timeWindow", startOffset: -1, endOffset: 0 } }),
  },
  materialize: () => {},
});
// @ts-expect-error there is no partition ZZ upstream
dep(byState, { map: { kind: "specific", keys: ["ZZ"] } });
// @ts-expect-error there is no partition ZZ upstream
dep(byState, { map: { kind: "static", upstreamByDownstream: { LA: ["ZZ"] } } });
asset({
  key: "a",
  partitions: states,
  deps: {
    // @ts-expect-error there is no partition ZZ downstream
    near: dep(byState, { map: { kind: "static", upstreamByDownstream: { ZZ: ["LA"] } } }),
  },
  materialize: () => {},
});
asset({
  key: "a",
  partitions: states,
  materialize: (ctx) => {
    // @ts-expect-error no such key
    if (ctx.partition.key === "ZZ") throw new Error();
    // @ts-expect-error a fixed partition may have no window
    void ctx.partition.window.start;
  },
});

// Mappings
const byShop = asset({ key: "by_shop", partitions: multi({ state: states, day: days }), materialize: () => {} });
asset({
  key: "a",
  partitions: days,
  deps: {
    one: dep(byShop, { map: multiToSingle("day") }),
    function: dep(byState, { map: customMapping(days, ({ window }) => (window.start === window.end ? "LA" : [])) }),
    made: dep(byDay, { map: customMapping(days, ({ key }) => key.slice(0, 10)) }),
    windows: dep(byHour, { map: customMapping(days, ({ window }) => window) }),
    dimensions: dep(byShop, { map: customMapping(days, ({ key }) => ({ state: "LA", day: key })) }),
    // @ts-expect-error there is no such dimension
    none: dep(byShop, { map: multiToSingle("month") }),
    // @ts-expect-error neither side has several dimensions
    flat: dep(byDay, { map: multiToSingle("day") }),
    // @ts-expect-error days have no keys of the user's own
    keyed: dep(byState, { map: { kind: "static", upstreamByDownstream: { LA: ["LA"] } } }),
    // @ts-expect-error there is no partition ZZ upstream
    wrong: dep(byState, { map: customMapping(days, () => "ZZ") }),
    // @ts-expect-error any text is no state
    any: dep(byState, { map: customMapping(days, ({ key }) => key.slice(0, 2)) }),
    // @ts-expect-error a word is no day
    word: dep(byDay, { map: customMapping(days, () => "monday") }),
    // @ts-expect-error the function was written for other partitions
    other: dep(byDay, { map: customMapping(states, () => []) }),
    // @ts-expect-error there is no such dimension
    dimension: dep(byShop, { map: customMapping(days, ({ key }) => ({ region: "LA", day: key })) }),
  },
  materialize: () => {},
});
customMapping(states, (partition) => {
  expectType<"LA" | "AB" | "KN">()(partition.key);
  // @ts-expect-error a fixed partition may have no window
  return partition.window.start ? [] : [];
});

// Rows
asset({
  key: "a",
  schema: Transaction,
  output: relation("a"),
  // @ts-expect-error a row of another shape
  materialize: () => [{ id: 1 }],
});
asset({
  key: "a",
  schema: Transaction,
  output: relation("a"),
  deps: { whole },
  // @ts-expect-error a relation of another shape
  materialize: (ctx) => ctx.deps.whole,
});
asset({
  key: "a",
  schema: Transaction,
  output: relation("a"),
  // @ts-expect-error a decimal is no float
  materialize: () => [{ id: "1", amount: 1.5, at: Temporal.Instant.fromEpochMilliseconds(0), channel: null }],
});
asset({
  key: "a",
  // @ts-expect-error nothing is stored, so nothing can be given
  materialize: () => [{ id: 1 }],
});

// Checks
asset({
  key: "a",
  schema: Transaction,
  output: relation("a"),
  // @ts-expect-error there is no such column
  checks: [unique("id"), unique("nope")],
  materialize: () => [],
});
output({
  key: "a",
  schema: Transaction,
  output: relation("a"),
  // @ts-expect-error there is no such column
  checks: [unique("id", "nope")],
});

// Resources and config
asset({
  key: "a",
  resources: { lake: opened },
  materialize: (ctx) => {
    // @ts-expect-error there is no resource of that name
    void ctx.resources.buffer;
    // @ts-expect-error the resource has no such method
    ctx.resources.lake.get("x");
  },
});
asset({
  key: "a",
  resources: {
    // @ts-expect-error not a resource
    lake: { put: () => {} },
  },
  materialize: () => {},
});
const lake = resource({ key: "lake", config: z.object({ path: z.string(), size: z.int() }), open: ({ path }) => path });
asset({
  key: "a",
  resources: {
    // @ts-expect-error a factory is not the resource: it wants its configuration
    lake,
  },
  materialize: () => {},
});
// @ts-expect-error size is missing
lake({ path: "x" });
// @ts-expect-error the environment holds texts
lake({ path: env("LAKE"), size: env("SIZE") });
asset({
  key: "a",
  config: z.object({ limit: z.int() }),
  materialize: (ctx) => {
    // @ts-expect-error no such setting
    void ctx.config.limits;
  },
});

// Several outputs
const outputs = { raw: output({ key: "raw", schema: Transaction, output: relation("raw") }) };
multiAsset({
  outputs,
  // @ts-expect-error raw is missing
  materialize: () => ({}),
});
multiAsset({
  outputs,
  // @ts-expect-error raw has other rows
  materialize: () => ({ raw: [{ id: 1 }] }),
});
// @ts-expect-error no such output
void landing.cleaned;

// The rest
assetCheck({
  asset: byHour,
  name: "c",
  deps: {
    // @ts-expect-error the other dependency cannot be joined
    byState,
  },
  run: () => ({ passed: true }),
});
asset({
  key: "a",
  // @ts-expect-error not a way to cut steps
  backfill: "weekly",
  materialize: () => {},
});
// @ts-expect-error a job selects assets, not names of them
job({ key: "a", select: ["by_day"] });
// @ts-expect-error not a way to catch up
schedule({ key: "a", job: "a", cron: "0 2 * * *", catchUp: "all" });

// Several dimensions, and keys that the instance holds
const sales = multi({ region: states, day: days });
asset({
  key: "a",
  partitions: sales,
  materialize: (ctx) => {
    // @ts-expect-error there is no dimension of that name
    void ctx.partition.dimensions.month;
    // @ts-expect-error a region has no window
    void ctx.partition.dimensions.region.window.start;
  },
});
asset({
  key: "a",
  partitions: dynamic("tenants"),
  deps: {
    // @ts-expect-error a day is no tenant
    byDay,
  },
  materialize: () => {},
});
// @ts-expect-error a dimension has no dimensions
multi({ sales });
