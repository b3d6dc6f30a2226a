import assert from "node:assert/strict";
import { test } from "node:test";
import { assetGraph } from "../../packages/core/src/graph/asset-graph.ts";
import { stalenessOf, versionsNeededFor, type AssetStaleness } from "../../packages/core/src/graph/staleness.ts";
import { daily } from "../../packages/core/src/partitions/daily.ts";
import { existing } from "../../packages/core/src/partitions/existing.ts";
import { formatPartitions } from "../../packages/core/src/partitions/format-partitions.ts";
import type { PartitionId } from "../../packages/core/src/partitions/partitions-definition.ts";
import { partitionsIn } from "../../packages/core/src/partitions/partitions-in.ts";
import { buildSnapshot } from "../support/build-snapshot.ts";
import { versionState, type CurrentVersion } from "../support/version-state.ts";

const now = Temporal.Instant.from("2026-11-08T01:00:00Z");
const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
const everyDay = [...partitionsIn(days, existing(days, now))];
const second = everyDay[1]!.id;

const snapshot = buildSnapshot({
  buffer: { external: true, partitions: days },
  raw: { partitions: days, deps: ["buffer"], schemaHash: "s1" },
  cleaned: {
    partitions: days,
    deps: ["raw", { key: "rates", weak: true }],
  },
  rates: { partitions: days },
  revenue: { partitions: days, deps: ["cleaned"] },
});

const graph = assetGraph(snapshot);

type Versions = Readonly<Record<string, (id: PartitionId) => CurrentVersion | undefined>>;

const settled: Versions = {
  buffer: (id) => ({ dataVersion: `b ${id}`, inputs: {} }),
  raw: (id) => ({ dataVersion: `r ${id}`, codeVersion: "", schemaHash: "s1", inputs: { buffer: { [id]: `b ${id}` } } }),
  rates: (id) => ({ dataVersion: `x ${id}`, codeVersion: "", inputs: {} }),
  cleaned: (id) => ({ dataVersion: `c ${id}`, codeVersion: "", inputs: { raw: { [id]: `r ${id}` } } }),
  revenue: (id) => ({ dataVersion: `v ${id}`, codeVersion: "", inputs: { cleaned: { [id]: `c ${id}` } } }),
};

test("what was made from what is current is fresh", () => {
  assert.deepEqual(told(settled), {});
});

test("an observation with another data version makes exactly its days stale; what is below is behind", () => {
  const late: Versions = {
    ...settled,
    buffer: (id) => ({ dataVersion: id === second ? "late" : `b ${id}`, inputs: {} }),
  };
  assert.deepEqual(told(late), {
    raw: { stale: "2026-11-02", reasons: ["buffer changed"] },
    cleaned: { behind: "2026-11-02" },
    revenue: { behind: "2026-11-02" },
  });
});

test("where nothing is observed nothing is known, and nothing is stale", () => {
  assert.deepEqual(told({ ...settled, buffer: () => undefined }), {});
});

test("what was made before the first observation is stale after it", () => {
  const unobserved: Versions = { ...settled, raw: (id) => ({ ...settled["raw"]!(id)!, inputs: {} }) };
  assert.equal(told(unobserved)["raw"]?.stale, "2026-11-01..2026-11-07");
});

test("a weak dependency that changed makes nothing stale", () => {
  assert.deepEqual(told({ ...settled, rates: () => ({ dataVersion: "new", codeVersion: "", inputs: {} }) }), {});
});

test("an upstream that was made again with the same data leaves what is below fresh", () => {
  const remade: Versions = {
    ...settled,
    raw: (id) => ({ ...settled["raw"]!(id)!, inputs: { buffer: { [id]: `b ${id}` } } }),
  };
  assert.deepEqual(told(remade), {});
});

test("another schema makes stale", () => {
  const before: Versions = { ...settled, raw: (id) => ({ ...settled["raw"]!(id)!, schemaHash: "s0" }) };
  assert.deepEqual(told(before)["raw"], { stale: "2026-11-01..2026-11-07", reasons: ["its schema changed"] });
});

test("partitions that the definition no longer has are neither stale nor in the way", () => {
  const made = madeOf({ ...settled, buffer: () => ({ dataVersion: "new", inputs: {} }) });
  made.get("raw")!.set("2025-12-31T23:00:00Z" as PartitionId, { dataVersion: "x", inputs: {} });
  const { stale } = stalenessOf(graph, versionState(graph, made, now), now).get("raw")!;
  assert.equal(formatPartitions(days, stale), "2026-11-01..2026-11-07");
});

test("it takes the versions of an asset and of what it reads to judge it, not those of weak dependencies", () => {
  assert.deepEqual([...versionsNeededFor(graph, ["cleaned"])], ["cleaned", "raw"]);
});

/** What is not plainly fresh. */
function told(versions: Versions): Record<string, { stale?: string; reasons?: string[]; behind?: string }> {
  const staleness = stalenessOf(graph, versionState(graph, madeOf(versions), now), now);
  const entries = Array.from(
    staleness,
    ([key, { stale, causes, behind }]) => [key, worth(stale, causes, behind)] as const,
  );
  return Object.fromEntries(entries.filter(([, found]) => Object.keys(found).length > 0));
}

function worth(stale: AssetStaleness["stale"], causes: AssetStaleness["causes"], behind: AssetStaleness["behind"]) {
  const reasons = causes.map(({ reason }) => reason);
  return {
    ...(causes.length === 0 ? {} : { stale: formatPartitions(days, stale), reasons }),
    ...(formatPartitions(days, behind) === "" ? {} : { behind: formatPartitions(days, behind) }),
  };
}

function madeOf(versions: Versions): Map<string, Map<PartitionId, CurrentVersion>> {
  return new Map(
    Object.entries(versions).map(([key, versionOf]) => {
      const current = everyDay.flatMap(({ id }) => {
        const version = versionOf(id);
        return version ? [[id, version] as const] : [];
      });
      return [key, new Map(current)];
    }),
  );
}
