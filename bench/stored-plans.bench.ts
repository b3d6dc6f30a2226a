/**
 * Plans that are kept and applied: what a plan rests on among a million made partitions, and a report over 10,000 assets.
 *
 * On a PostgreSQL of the tests' own, in memory speed (no fsync). Medians of the rounds given, 5 by default.
 */
import { assetGraph, hourly, planRun, type AssetState, type PlanRequest } from "@iroko/core";
import { openDatabase, readPlanReport, type Database } from "@iroko/core/engine";
import { refreshSummaries } from "../packages/core/src/instance/asset-summaries.ts";
import { fingerprints } from "../packages/core/src/instance/plans.ts";
import { planBasis } from "../packages/core/src/planning/plan-basis.ts";
import { buildSnapshot, type AssetSketch } from "../test/support/build-snapshot.ts";
import { createMigratedDatabase } from "../test/support/database.ts";

const rounds = Number(process.argv[2] ?? 5);
const million = 1_000_000;
const now = Temporal.Instant.from("2026-11-21T12:00:00Z");
const start = now.subtract({ hours: million }).toZonedDateTimeISO("UTC").toPlainDateTime();
const hours = hourly({ start: `${start.toPlainDate().toString()}-${start.toPlainTime().toString().slice(0, 5)}` });

await using database = await createMigratedDatabase();
const db = openDatabase(database.url);
try {
  await millionPartitions();
  await tenThousand();
} finally {
  await db.close();
}

async function millionPartitions(): Promise<void> {
  await fill(db, ["raw"], million);
  const snapshot = buildSnapshot({ raw: { partitions: hours }, cleaned: { partitions: hours, deps: ["raw"] } });
  const graph = assetGraph(snapshot);
  const state = { assets: new Map<string, AssetState>() };
  const plan = (request: PlanRequest) => planRun({ snapshot, request, state, now });
  const raw = plan({ select: "raw", partitions: { kind: "text", text: "all" } });
  const few = plan({ select: "raw", partitions: { kind: "text", text: "last:24" } });
  await time("fingerprint of 1,000,000 made partitions", () => fingerprints(db, planBasis(graph, raw, now)));
  await time("fingerprint of the last 24 of them", () => fingerprints(db, planBasis(graph, few, now)));
  await time("report on a plan of all of them", () =>
    readPlanReport(db, {
      plan: raw,
      snapshot,
      request: { select: "raw", partitions: { kind: "unspecified" } },
      now,
      store: "remote",
    }),
  );
}

async function tenThousand(): Promise<void> {
  const keys = Array.from({ length: 10_000 }, (_, n) => `asset_${n}`);
  await fill(db, keys, 30);
  const sketches = keys.map((key, n): [string, AssetSketch] => [
    key,
    { partitions: hours, deps: n % 10 === 0 ? [] : [keys[n - 1]!] },
  ]);
  const snapshot = buildSnapshot(Object.fromEntries(sketches));
  const request: PlanRequest = { select: "*", partitions: { kind: "text", text: "last:1" } };
  const plan = planRun({ snapshot, request, state: { assets: new Map() }, now });
  const graph = assetGraph(snapshot);
  await time("fingerprint of a plan over 10,000 assets", () => fingerprints(db, planBasis(graph, plan, now)));
  await time("report on a plan over 10,000 assets", () =>
    readPlanReport(db, { plan, snapshot, request, now, store: "remote" }),
  );
}

/** The last so many hours of each asset, made. */
async function fill(on: Database, assets: readonly string[], partitions: number): Promise<void> {
  await on.query("alter table iroko.asset_partition disable trigger user");
  await on.query(
    `insert into iroko.asset_partition (asset, partition, time_window, last_status, last_at, version, write_seq, rows, bytes, data_version, made_at)
     select asset, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), tstzrange(at, at + interval '1 hour'), 'succeeded', now(), 1, n, 100, 1000, md5(n::text), now()
       from unnest($1::text[]) as asset, generate_series(1, $2) as n, lateral (select $3::timestamptz - n * interval '1 hour' as at) w`,
    [assets, partitions, now.toString()],
  );
  await on.query("analyze iroko.asset_partition");
  // As workers do every few seconds; what the summary is behind in is read from the partitions themselves, for longer.
  await refreshSummaries(on, assets);
}

async function time(name: string, work: () => Promise<unknown>): Promise<void> {
  const taken: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = performance.now();
    await work();
    taken.push(performance.now() - before);
  }
  const median = taken.toSorted((a, b) => a - b)[rounds >> 1]!;
  console.log(`${name.padEnd(45)} ${median.toFixed(0).padStart(6)} ms`);
}
