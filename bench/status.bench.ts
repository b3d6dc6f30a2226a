/**
 * Status and staleness of an hourly asset with 1,000 to 1,000,000 made partitions and two dependants, hourly and daily, served
 * from Postgres: at rest, while 300 steps a second finish, and after late changes.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asset, assetGraph, countIn, daily, define, hourly, snapshotOf, stalenessOf } from "@iroko/core";
import {
  assetStatuses,
  migrate,
  openDatabase,
  readState,
  refreshSummaries,
  statusSets,
  type Database,
} from "@iroko/core/engine";
import { openEmbeddedPostgres } from "../packages/cli/src/embedded/open-embedded-postgres.ts";

const first = "1912-01-01";
const hours = hourly({ start: `${first}-00:00`, timezone: "UTC" });
const days = daily({ start: first, timezone: "UTC" });
const codeVersion = "1";
const made = { codeVersion, materialize: () => undefined };
const raw = asset({ key: "raw", partitions: hours, ...made });
const same = asset({ key: "same", partitions: hours, deps: { raw }, ...made });
const total = asset({ key: "total", partitions: days, deps: { raw }, ...made });
const snapshot = snapshotOf(define({ assets: [raw, same, total] }));
const keys = snapshot.assets.map(({ key }) => key);
const now = Temporal.Now.instant();

const folder = mkdtempSync(join(tmpdir(), "iroko-bench-"));
chmodSync(folder, 0o755); // as a project's folder is, so that root's server user can enter it
const postgres = await openEmbeddedPostgres({ home: join(folder, "home"), say: () => {} });

const sizes = process.argv.slice(2).map(Number);
for (const size of sizes.length > 0 ? sizes : [1_000, 100_000, 1_000_000]) await measure(size);
await postgres.close();
rmSync(folder, { recursive: true, force: true });

async function measure(size: number): Promise<void> {
  let db = openDatabase(postgres.databaseUrl);
  await db.pool.query("drop schema if exists iroko cascade");
  await migrate(db);
  await fill(db, size);
  const building = await seconds(() => refreshSummaries(db));
  await db.close();

  db = openDatabase(postgres.databaseUrl);
  const status = async (): Promise<void> => {
    const found = (await assetStatuses(db, ["raw"])).get("raw");
    if (countIn(hours, statusSets(hours, found).materialized) !== size) throw new Error("the status is wrong");
  };
  const cold = await seconds(status);
  const warm = await median(50, status);
  const busy = await whileFinishing(db, size, () => median(50, status));
  await refreshSummaries(db);
  const fresh = await median(3, () => staleness(db, 0));
  const late = Math.min(1_000, size / 10);
  await db.pool.query(
    `update iroko.asset_partition p set data_version = 'late', version = version + 1
       from (select partition from iroko.asset_partition where asset = 'raw' order by md5(partition) limit ${late}) changed
      where p.asset = 'raw' and p.partition = changed.partition`,
  );
  await refreshSummaries(db);
  const touched = await median(3, () => staleness(db, late));
  const rss = process.memoryUsage().rss / 2 ** 20;
  console.log(
    `${size.toLocaleString("en")} partitions: status ${ms(warm)} warm, ${ms(cold)} at a connection's first, ${ms(busy)} while 300 steps a second finish; ` +
      `staleness of all three ${ms(fresh)} fresh, ${ms(touched)} with ${late} late; ` +
      `the summary built anew in ${building.toFixed(1)} s; resident ${rss.toFixed(0)} MB`,
  );
  await db.close();
}

async function staleness(db: Database, late: number): Promise<void> {
  const found = stalenessOf(assetGraph(snapshot), await readState(db, snapshot, keys, now), now);
  if (countIn(hours, found.get("same")!.stale) !== late) throw new Error("the staleness is wrong");
}

/** Finishes steps as the engine does, as far as these tables go: a partition of each a transaction, refreshed every 5 s. */
async function whileFinishing<Result>(db: Database, size: number, work: () => Promise<Result>): Promise<Result> {
  let isOver = false;
  const started = performance.now();
  const finishing = (async () => {
    for (let step = 0; !isOver; step += 1) {
      await db.query(
        `update iroko.asset_partition set version = version + 1, rows = rows + 1, made_at = clock_timestamp()
          where asset = 'raw' and partition = to_char(('1912-01-01Z'::timestamptz + $1 * interval '1 hour') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`,
        [step % size],
      );
      if (step % 1_500 === 1_499) await refreshSummaries(db, ["raw"]);
      const early = started + (step * 1_000) / 300 - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    }
  })();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  try {
    return await work();
  } finally {
    isOver = true;
    await finishing;
  }
}

async function fill(db: Database, size: number): Promise<void> {
  const iso = (time: string): string => `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
  const rows = (key: string, span: string, count: number, inputs: string): string => `
    insert into iroko.asset_partition (asset, partition, time_window, last_status, last_at, version, write_seq, object_key, etag, sha256, rows, bytes,
                                       data_version, code_version, definition_hash, inputs, metadata, made_at, published_version)
    select '${key}', ${iso("t")}, tstzrange(t, t + interval '1 ${span}'), 'succeeded', now(), 1, n, '_v/${key}/' || n || '.parquet', md5(n::text),
           md5(n::text) || md5(n::text), 100, 5000, md5(n::text), '${codeVersion}', 'x', ${inputs}, '{"rows": 100}', now(), 1
      from (select n, '1912-01-01Z'::timestamptz + n * interval '1 ${span}' as t from generate_series(0, ${count - 1}) n) times`;
  await db.pool.query(rows("raw", "hour", size, "'{}'"));
  await db.pool.query(
    rows("same", "hour", size, `jsonb_build_object('raw', jsonb_build_object(${iso("t")}, md5(n::text)))`),
  );
  await db.pool.query(
    rows(
      "total",
      "day",
      Math.floor(size / 24),
      `jsonb_build_object('raw', (select jsonb_object_agg(${iso("(t + k * interval '1 hour')")}, md5((n * 24 + k)::text)) from generate_series(0, 23) k))`,
    ),
  );
  await db.pool.query("truncate iroko.asset_changed");
  await db.pool.query(
    "insert into iroko.asset (key, location, definition_hash) values ('raw', '', ''), ('same', '', ''), ('total', '', '')",
  );
  await db.pool.query("vacuum analyze iroko.asset_partition");
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

async function median(times: number, work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) taken.push(await seconds(work));
  return taken.toSorted((a, b) => a - b)[Math.floor(times / 2)]!;
}

function ms(value: number): string {
  return value < 0.01 ? `${(value * 1_000).toFixed(1)} ms` : `${Math.round(value * 1_000)} ms`;
}
