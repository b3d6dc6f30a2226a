/**
 * Planning at scale: a backfill over a million hourly partitions with a thousand holes and two dependants, and a plan over
 * 10,000 assets.
 *
 * The state comes as Postgres gives it, a tstzmultirange as text. `plan-scale 5 expand` times the expansion to steps too,
 * with the longest it kept anybody else waiting.
 */
import {
  assetGraph,
  daily,
  emptySetOf,
  existing,
  expandPlan,
  fromMultirange,
  hourly,
  planFromJson,
  planRun,
  planToJson,
  setFromJson,
  subtract,
  toMultirange,
  weekly,
  type AssetState,
  type PartitionsDefinition,
  type Plan,
  type PlanRequest,
} from "@iroko/core";
import { heading, measurer } from "./measure.ts";
import { buildSnapshot, type AssetSketch } from "../test/support/build-snapshot.ts";

const rounds = Number(process.argv[2] ?? 5);
const withExpansion = process.argv.includes("expand");
const million = 1_000_000;
const timezone = "Africa/Lagos";
const now = Temporal.Instant.from("2026-11-21T12:00:00Z");
const local = now
  .subtract({ hours: million + 12 })
  .toZonedDateTimeISO(timezone)
  .toPlainDateTime()
  .toString({ smallestUnit: "minute" });
const hours = hourly({ start: `${local.slice(0, 10)}-00:00`, timezone });
const days = daily({ start: local.slice(0, 10), timezone });

// A linear congruential generator: the same holes in every run.
let seed = 42;
const random = (below: number): number => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) % below;

const exists = existing(hours, now);
const holes = setFromJson({
  windows: Array.from({ length: 1000 }, () => {
    const at = now.subtract({ hours: 48 + random(million - 96) });
    return [at.toString(), at.add({ hours: 1 }).toString()] as const;
  }),
});
const withHoles = toMultirange(subtract(exists, holes));

const pipeline = buildSnapshot({
  clicks: { partitions: hours },
  sessions: { partitions: hours, deps: ["clicks"] },
  revenue: { partitions: days, deps: ["sessions"] },
});

/** All but the holes is missing: the plan has a million partitions in a thousand ranges. */
const backfill = (): Plan => {
  const made = subtract(existing(hours, now), fromMultirange(withHoles));
  return plan(pipeline, { select: "*", partitions: { kind: "missing" } }, { clicks: made, sessions: made });
};

console.log(heading("ms", 76));
const measure = measurer(rounds, 76);
measure("the set of missing ones, of a million hours with 1,000 holes", () =>
  subtract(existing(hours, now), fromMultirange(withHoles)),
);
const before = process.memoryUsage.rss();
measure("the plan of a backfill over them, an hourly and a daily one below", backfill);
const planned = backfill();
console.log(`  ${planned.stepCount.toLocaleString("en")} steps; memory grew by ${grownBy(before)} MB`);
const json = JSON.stringify(planToJson(planned));
measure(`the same kept as JSON and read back (${Math.round(json.length / 1024)} KiB)`, () =>
  planFromJson(JSON.parse(JSON.stringify(planToJson(planned)))),
);
measure("its first 5,000 steps", () => {
  for (const chunk of expandPlan(assetGraph(pipeline), planned, now)) if (chunk) return;
});
if (withExpansion) expandAll(planned);

const definitions = [
  ...Array.from({ length: 60 }, (_, n) => daily({ start: `2026-${month(n)}-01`, timezone, hourOffset: n % 24 })),
  ...Array.from({ length: 24 }, (_, n) => hourly({ start: `2026-11-01-${String(n).padStart(2, "0")}:00`, timezone })),
  ...Array.from({ length: 16 }, (_, n) => weekly({ start: `2026-0${1 + (n % 9)}-01`, timezone, hourOffset: n })),
];
measure("snapshot of 10,000 assets to graph", () => assetGraph(manyAssets()));
const many = manyAssets();
const asked: PlanRequest = { select: "*", partitions: { kind: "missing" } };
measure("a plan over 10,000 assets, 100 partitions definitions, of what is missing", () => plan(many, asked, {}));
const wide = plan(many, asked, {});
console.log(`  ${wide.stepCount.toLocaleString("en")} steps of ${wide.assets.length.toLocaleString("en")} assets`);
if (withExpansion) expandAll(wide);

/** Chains of ten in each definition, a fan-out to a hundred, a fan-in from a thousand. */
function manyAssets(): ReturnType<typeof buildSnapshot> {
  const sketches: Record<string, AssetSketch> = {};
  for (let n = 0; n < 9_000; n += 1) {
    const partitions = definitions[Math.floor(n / 10) % definitions.length]!;
    sketches[`chain_${n}`] = { partitions, ...(n % 10 === 0 ? {} : { deps: [`chain_${n - 1}`] }) };
  }
  for (let n = 0; n < 900; n += 1)
    sketches[`fan_out_${n}`] = { partitions: definitions[0]!, deps: [`day_${Math.floor(n / 100)}`] };
  for (let n = 0; n < 90; n += 1) sketches[`day_${n}`] = { partitions: definitions[0]! };
  for (let n = 0; n < 10; n += 1) {
    sketches[`fan_in_${n}`] = { deps: Array.from({ length: 900 }, (_, at) => `chain_${10 * at + n}`) };
  }
  return buildSnapshot(sketches);
}

function month(n: number): string {
  return String(1 + (n % 11)).padStart(2, "0");
}

function plan(
  snapshot: ReturnType<typeof buildSnapshot>,
  request: PlanRequest,
  made: Readonly<Record<string, AssetState["materialized"]>>,
): Plan {
  const stateOf = (definition: PartitionsDefinition, key: string): AssetState => {
    const none = emptySetOf(definition);
    return { materialized: made[key] ?? none, failed: none, inProgress: none, origins: [], changes: new Map() };
  };
  const assets = new Map(snapshot.assets.map(({ key, partitions }) => [key, stateOf(partitions, key)]));
  return planRun({ snapshot, request, state: { assets }, now });
}

function expandAll(whole: Plan): void {
  const graph = assetGraph(whole === planned ? pipeline : many);
  const rss = process.memoryUsage.rss();
  const from = performance.now();
  let [steps, edges, longest, last, peak] = [0, 0, 0, from, rss];
  for (const chunk of expandPlan(graph, whole, now)) {
    const at = performance.now();
    longest = Math.max(longest, at - last);
    last = at;
    steps += chunk?.steps.length ?? 0;
    edges += chunk?.edges.length ?? 0;
    if (chunk) peak = Math.max(peak, process.memoryUsage.rss());
  }
  const seconds = (performance.now() - from) / 1000;
  console.log(
    `  expanded: ${steps.toLocaleString("en")} steps and ${edges.toLocaleString("en")} arrows in ${seconds.toFixed(1)} s, ` +
      `${Math.round(steps / seconds).toLocaleString("en")} steps a second; longest without a pause ${longest.toFixed(0)} ms; memory grew by ${Math.round((peak - rss) / 2 ** 20)} MB`,
  );
}

function grownBy(from: number): number {
  return Math.round((process.memoryUsage.rss() - from) / 2 ** 20);
}
