/**
 * Definitions at scale: 10,000 assets, from `define()` to the snapshot and back, as a graph, and selected from.
 *
 * In layers of a hundred, each reading up to three of the layer above, partitioned by day but for one in ten, in 50 groups;
 * five columns, one check, a storage path each. Making the handles is measured apart: that is what loading the modules does.
 */
import {
  asset,
  assetGraph,
  daily,
  define,
  readSnapshot,
  selectAssets,
  snapshotOf,
  type AnyAsset,
  type Definitions,
  type IoManager,
} from "@iroko/core";
import { unique } from "@iroko/assets";
import { z } from "zod";
import { heading, measurer } from "./measure.ts";

const count = Number(process.argv[2] ?? 10_000);
const rounds = Number(process.argv[3] ?? 9);
const before = process.memoryUsage().rss;

const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
const schema = z.object({
  id: z.string(),
  amount: z.number().min(0),
  channel: z.enum(["chip", "swipe"]),
  state: z.string().nullable(),
  n: z.int(),
});
const never = (): Promise<never> => Promise.reject(new Error("this benchmark runs nothing"));
const file = (path: string): IoManager<"relation"> => ({
  kind: "file",
  path,
  extension: "",
  stage: never,
  load: never,
});

const width = 100;

function makeAssets(): AnyAsset[] {
  const made: AnyAsset[] = [];
  for (let n = 0; n < count; n += 1) {
    const layer = Math.floor(n / width);
    const above = layer === 0 ? [] : [0, 1, 7].map((step) => (layer - 1) * width + ((n + step) % width));
    made.push(
      asset({
        key: `group_${n % 50}/asset_${n}`,
        group: `group_${n % 50}`,
        owners: ["team:data"],
        tags: { tier: String(n % 3) },
        ...(n % 10 === 0 ? {} : { partitions: days }),
        deps: Object.fromEntries(above.map((at, dep) => [`up_${dep}`, made[at]!])),
        schema,
        output: file(`tables/asset_${n}`),
        checks: [unique("id")],
        materialize: () => [],
      }),
    );
  }
  return made;
}

console.log(heading(`${count.toLocaleString("en")} assets, ms`, 48));
const measure = measurer(rounds, 48);
const assets = measure("making the handles", makeAssets);
const definitions: Definitions = measure("define()", () => define({ assets }));
const snapshot = measure("the snapshot with its hash", () => snapshotOf(definitions));
measure("define() and snapshot", () => snapshotOf(define({ assets })));
const json = JSON.stringify(snapshot);
const parsed: unknown = measure(`JSON.parse of its ${(json.length / 2 ** 20).toFixed(1)} MiB`, () => JSON.parse(json));
measure("read back and checked", () => readSnapshot(parsed));
const graph = measure("the graph", () => assetGraph(snapshot));
const last = `group_${(count - 1) % 50}/asset_${count - 1}`;
for (const text of [
  `key:"${last}"`,
  `+key:"${last}"`,
  `2+key:"group_0/asset_5000"+`,
  "*asset_99*",
  'group:group_7 and not tag:tier="1"',
  "sinks(*)",
  "+group:group_7 and column:amount",
  "roots(not group:group_7)",
])
  measure(`select ${text} (${selectAssets(graph, text).length})`, () => selectAssets(graph, text));
measure("all mistakes of as many broken assets", () => {
  const broken = assets.map((_, n) =>
    asset({ key: `bad key ${n % (count / 2)}`, deps: { self: assets[n]! }, materialize: () => {} }),
  );
  try {
    define({ assets: broken });
  } catch {
    return;
  }
  throw new Error("nothing was wrong");
});
console.log(`memory: ${Math.round(process.memoryUsage().rss / 2 ** 20)} MB, ${Math.round(before / 2 ** 20)} MB before`);
