/** What a server keeps of staleness: what it tells is what is found when everything is looked at anew, after any changes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openDatabase, openStandings, readState, refreshSummaries, type Database } from "@iroko/core/engine";
import fc from "fast-check";
import { assetGraph } from "../../packages/core/src/graph/asset-graph.ts";
import { joinOf, upstreamPartitions } from "../../packages/core/src/graph/joins.ts";
import { stalenessOf, strongDependencies } from "../../packages/core/src/graph/staleness.ts";
import { partitionColumns } from "../../packages/core/src/instance/columns.ts";
import { daily } from "../../packages/core/src/partitions/daily.ts";
import { dynamic } from "../../packages/core/src/partitions/dynamic.ts";
import { existing } from "../../packages/core/src/partitions/existing.ts";
import { fixed } from "../../packages/core/src/partitions/fixed.ts";
import { hourly } from "../../packages/core/src/partitions/hourly.ts";
import { timeWindow } from "../../packages/core/src/partitions/mapping.ts";
import type { MomentWithKeys } from "../../packages/core/src/partitions/moment.ts";
import { multi } from "../../packages/core/src/partitions/multi.ts";
import { partitionsIn, setOfPartitions } from "../../packages/core/src/partitions/partitions-in.ts";
import { buildSnapshot } from "../support/build-snapshot.ts";
import { createMigratedDatabase } from "../support/database.ts";
import { plain } from "../support/plain.ts";

const timezone = "Africa/Lagos";
const hours = hourly({ start: "2026-11-01-00:00", timezone });
const days = daily({ start: "2026-11-01", timezone });
const shops = dynamic("shops");
const codeVersion = "c1";
const snapshot = buildSnapshot({
  rates: { partitions: days, external: true },
  raw: { partitions: hours, codeVersion },
  day: { partitions: days, codeVersion, deps: ["raw", "rates"] },
  trend: { partitions: days, codeVersion, deps: [{ key: "day", mapping: timeWindow({ startOffset: -1 }) }] },
  newest: { partitions: days, codeVersion, deps: [{ key: "day", mapping: { kind: "last" } }] },
  crossed: { partitions: multi({ region: fixed(["KN", "LA"]), day: days }), codeVersion, deps: ["day"] },
  total: { codeVersion, deps: ["trend", "crossed"] },
  shop: { partitions: shops, codeVersion },
  shop_sum: { partitions: shops, codeVersion, deps: ["shop", "total"] },
  all_shops: { codeVersion, deps: ["shop_sum"] },
});
const graph = assetGraph(snapshot);
const keys = [...graph.assets.keys()];

type Change =
  | {
      readonly kind: "make" | "late";
      readonly asset: string;
      readonly from: number;
      readonly reads: "current" | "old" | "none";
    }
  | { readonly kind: "delete" | "recode"; readonly asset: string; readonly from: number }
  | { readonly kind: "look"; readonly at: string | undefined }
  | { readonly kind: "clock"; readonly hours: number }
  | { readonly kind: "open a shop" | "close a shop" | "refresh" | "truncate" | "commit" | "roll back" };

const asset = fc.constantFrom(...keys);
const from = fc.nat(50);
const make = fc.record({
  kind: fc.constantFrom("make" as const, "make" as const, "make" as const, "late" as const),
  asset,
  from,
  reads: fc.constantFrom("current" as const, "current" as const, "old" as const, "none" as const),
});
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: make },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("delete", "recode"), asset, from }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("look"), at: fc.option(asset, { nil: undefined }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clock"), hours: fc.nat(30) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("open a shop", "close a shop", "refresh", "refresh", "truncate", "commit", "roll back"),
    }),
  },
);

/** A few partitions of an asset are made, from what is current of what they read, from something else, or from nothing. */
async function makeSome(
  db: Pick<Database, "query">,
  { asset: key, from: first, reads }: Extract<Change, { kind: "make" | "late" }>,
  now: MomentWithKeys,
  version: string,
): Promise<void> {
  const { partitions } = graph.assets.get(key)!;
  const all = [...partitionsIn(partitions, existing(partitions, now))];
  for (const partition of all.slice(first % Math.max(all.length, 1)).slice(0, 3)) {
    const inputs: Record<string, Record<string, string>> = {};
    for (const dependency of reads === "none" ? [] : strongDependencies(graph, key)) {
      const join = joinOf(graph, partitions, dependency);
      const needed = upstreamPartitions(join, setOfPartitions(partitions, [partition]), now);
      const { rows } = await db.query<{ partition: string; version: string }>(
        "select partition, data_version as version from iroko.asset_partition where asset = $1 and partition = any ($2)",
        [dependency.asset, Array.from(partitionsIn(join.upstream, needed), ({ id }) => id)],
      );
      inputs[dependency.asset] = Object.fromEntries(
        rows.map((row) => [row.partition, reads === "old" ? "old" : row.version]),
      );
    }
    const { partition: name, window, rest } = partitionColumns(partition);
    await db.query(
      `insert into iroko.asset_partition (asset, partition, time_window, rest, last_status, version, data_version, code_version, made_at, inputs)
       values ($1, $2, $3, $4, 'succeeded', 1, $5, '${codeVersion}', clock_timestamp(), $6)
       on conflict (asset, partition) do update set version = asset_partition.version + 1, data_version = excluded.data_version,
          code_version = excluded.code_version, made_at = excluded.made_at, inputs = excluded.inputs`,
      [key, name, window, rest, version, JSON.stringify(inputs)],
    );
  }
}

test("what a server tells of staleness is what a look at everything finds, whatever has happened since it last looked", async () => {
  await using database = await createMigratedDatabase();
  const db = openDatabase(database.url);
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 8, maxLength: 30 }), async (changes) => {
        await db.pool.query(
          "truncate iroko.asset_partition, iroko.asset_summary, iroko.asset_changed, iroko.asset_summed",
        );
        let now: MomentWithKeys = {
          now: Temporal.Instant.from("2026-11-03T03:30:00Z"),
          dynamicKeys: new Map([["shops", ["a", "b"]]]),
          keysRevision: 0,
        };
        const { causes, staleness } = openStandings(db);
        for (const key of keys) await makeSome(db, { kind: "make", asset: key, from: 0, reads: "current" }, now, "0");
        await staleness(snapshot, keys, now);
        const late = await db.session();
        let isOpen = false;
        try {
          for (const [place, each] of changes.entries()) {
            const shopKeys = now.dynamicKeys.get("shops")!;
            const withShops = (some: readonly string[]): MomentWithKeys => ({
              ...now,
              dynamicKeys: new Map([["shops", some]]),
            });
            if (each.kind === "make" && !isOpen) await makeSome(db, each, now, `${place}`);
            else if (each.kind === "late" && !isOpen) {
              // It commits after others that began later.
              await late.query("begin");
              await makeSome(late, each, now, `${place}`);
              isOpen = true;
            } else if ((each.kind === "commit" || each.kind === "roll back") && isOpen) {
              await late.query(each.kind === "commit" ? "commit" : "rollback");
              isOpen = false;
            } else if (each.kind === "delete" && !isOpen)
              await db.pool.query(
                `delete from iroko.asset_partition where asset = $1 and hashtext(partition) % 5 = $2 % 5`,
                [each.asset, each.from],
              );
            else if (each.kind === "recode" && !isOpen)
              await db.pool.query(
                `update iroko.asset_partition set code_version = 'c0' where asset = $1 and hashtext(partition) % 5 = $2 % 5`,
                [each.asset, each.from],
              );
            else if (each.kind === "clock") now = { ...now, now: now.now.add({ hours: each.hours }) };
            else if (each.kind === "open a shop") now = withShops([...shopKeys, `shop ${place}`]);
            else if (each.kind === "close a shop") now = withShops(shopKeys.slice(1));
            else if (each.kind === "refresh") await refreshSummaries(db);
            else if (each.kind === "truncate" && !isOpen)
              await db.pool.query("truncate iroko.asset_summary, iroko.asset_changed");
            if (each.kind !== "look" && place < changes.length - 1) continue;
            const fresh = stalenessOf(graph, await readState(db, snapshot, keys, now), now);
            // Of one asset, then of all: what was found for the one is used for the others.
            const one = each.kind === "look" ? each.at : undefined;
            if (one !== undefined) {
              const { stale, causes: why } = fresh.get(one)!;
              assert.deepEqual(told((await causes(snapshot, [one], now)).get(one)), told({ stale, causes: why }), one);
              assert.deepEqual(told((await staleness(snapshot, [one], now)).get(one)), told(fresh.get(one)), one);
              if (place < changes.length - 1) continue;
            }
            const found = await staleness(snapshot, keys, now);
            for (const key of keys)
              assert.deepEqual(told(found.get(key)), told(fresh.get(key)), `${key}, after ${JSON.stringify(each)}`);
          }
        } finally {
          await late.end();
        }
      }),
      { numRuns: 40 },
    );
  } finally {
    await db.close();
  }
});

/** `trouble` is what it keeps besides. */
function told(standing: object | undefined): unknown {
  const { trouble: _trouble, ...rest } = standing as { readonly trouble?: unknown };
  return plain(rest);
}

test("a look after one asset has changed judges that one and what reads it, and no other", async () => {
  await using database = await createMigratedDatabase();
  const db = openDatabase(database.url);
  try {
    const now: MomentWithKeys = {
      now: Temporal.Instant.from("2026-11-03T03:30:00Z"),
      dynamicKeys: new Map([["shops", ["a"]]]),
      keysRevision: 0,
    };
    const { causes } = openStandings(db);
    for (const key of keys) await makeSome(db, { kind: "make", asset: key, from: 0, reads: "current" }, now, "0");
    const before = await causes(snapshot, keys, now);
    await makeSome(db, { kind: "make", asset: "trend", from: 0, reads: "current" }, now, "1");
    const after = await causes(snapshot, keys, now);
    assert.deepEqual(
      keys.filter((key) => after.get(key) !== before.get(key)),
      ["trend", "total"],
    );
    const later = { ...now, now: now.now.add({ hours: 1 }) };
    const anHourOn = await causes(snapshot, keys, later);
    assert.deepEqual(
      keys.filter((key) => anHourOn.get(key) !== after.get(key)),
      ["raw", "day"],
    );
  } finally {
    await db.close();
  }
});
