/**
 * An instance as large as they get, by real rows: 10,000 assets in layers with hubs, one of them with 100,000 hours, and a
 * run of 50,000 steps over three. Their rows are those that steps would have left.
 */
import { asset, assetGraph, daily, define, hourly, snapshotOf, type AnyAsset, type Snapshot } from "@iroko/core";
import { refreshSummaries, registerLocation, type Database } from "@iroko/core/engine";

export const sizes = { assets: 10_000, hours: 100_000, steps: 50_000 } as const;
/** 100,000 hours after the first of `hours`, in Lagos. */
export const now = Temporal.Instant.from("2026-11-21T23:00:00Z");
export const run = "019aa000-0000-7000-8000-000000000001";
/** What the run makes; the failure that is in it. */
export const made = ["hours", "hours_clean", "hours_sum"] as const;
export const failedStep = 49_990;

const layers = 40;
const dailyLayers = 10;
const firstHour = now.subtract({ hours: sizes.hours });
const [codeVersion, materialize] = ["1", (): undefined => undefined];

/** Everything is there that the tables would hold; nothing runs. */
export async function fillAtScale(db: Database): Promise<void> {
  const snapshot = snapshotOf(define({ assets: graph() }));
  await db.transaction((tx) => registerLocation(tx, "scale", snapshot));
  await fillPartitions(db, snapshot);
  await fillRun(db);
  await refreshSummaries(db);
  await db.query("analyze");
}

/** Layers of 250; each asset reads one to three of the layer above, and every twentieth a hub. */
function graph(): readonly AnyAsset[] {
  const timezone = "Africa/Lagos";
  const hours = hourly({ start: localHour(firstHour, timezone), timezone });
  const days = daily({ start: "2026-11-01", timezone });
  const [first, second, third] = made;
  const raw = asset({ key: first, group: "hours", partitions: hours, codeVersion, materialize });
  const clean = asset({ key: second, group: "hours", partitions: hours, deps: { raw }, codeVersion, materialize });
  const sum = asset({ key: third, group: "hours", partitions: hours, deps: { clean }, codeVersion, materialize });
  const all: AnyAsset[] = [raw, clean, sum];
  const perLayer = Math.ceil((sizes.assets - all.length) / layers);
  let hubs: readonly AnyAsset[] = [];
  let above: readonly AnyAsset[] = [];
  for (let layer = 0; layer < layers; layer += 1) {
    const here: AnyAsset[] = [];
    for (let n = 0; n < perLayer && all.length + here.length < sizes.assets; n += 1) {
      const reads = new Set(
        above.length === 0
          ? []
          : [n, n * 7 + 3, n * 13 + 5].slice(0, 1 + (n % 3)).map((at) => above[at % above.length]!),
      );
      if (n % 20 === 19 && layer > 0) reads.add(hubs[n % hubs.length]!);
      const deps = Object.fromEntries(Array.from(reads, (each, at) => [`d${at}`, each]));
      const partitions = layer < dailyLayers ? { partitions: days } : {};
      here.push(
        asset({
          key: `layer_${layer}_${n}`,
          group: `group_${n % 25}`,
          deps: layer === 0 ? {} : deps,
          ...partitions,
          codeVersion,
          materialize,
        }),
      );
    }
    if (layer % dailyLayers === 0) hubs = here.slice(0, 10);
    all.push(...here);
    above = here;
  }
  return all;
}

const iso = (time: string): string => `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;

/** What an asset's partitions have read: of each above it the same partition, and all days where it has none itself. */
async function fillPartitions(db: Database, snapshot: Snapshot): Promise<void> {
  const isHour = `n = ${sizes.hours - 10} and key = '${made[0]}'`;
  const fill = (partition: string, window: string, read: string, rest: string): Promise<unknown> =>
    db.query(
      `insert into iroko.asset_partition (asset, partition, time_window, last_status, last_run, last_at, last_error, version, write_seq, object_key,
              rows, bytes, data_version, code_version, definition_hash, inputs, metadata, made_at, made_by_run, published_version)
       select key, ${partition}, ${window}, case when ${isHour} then 'failed' else 'succeeded' end, $3, $4,
              case when ${isHour} then '{"code": "STEP_FAILED", "message": "no amount"}'::jsonb end, 1, 1, 'v',
              100, 5000, 'v', '${codeVersion}', 'x', (select coalesce(jsonb_object_agg(up, ${read}), '{}') from unnest(string_to_array(ups, ' ')) up), '{}', $4, $3, 1
         from unnest($1::text[], $2::text[]) asset (key, ups), ${rest}`,
      [keys, ups, run, now.toString()],
    );
  const { upstream, assets } = assetGraph(snapshot);
  const keys = [...assets.keys()];
  const ups = keys.map((key) => upstream.get(key)!.join(" "));
  const layer = "substring(key from '^layer_([0-9]+)_')::integer";
  const itself = (partition: string): string => `jsonb_build_object(${partition}, 'v')`;
  // One hour in a thousand is missing; one of the last was made, and has failed since.
  await fill(
    iso("t"),
    "tstzrange(t, t + interval '1 hour')",
    itself(iso("t")),
    `generate_series(0, ${sizes.hours - 1}) n, lateral (select '${firstHour.toString()}'::timestamptz + n * interval '1 hour' as t) times
      where n % 1000 <> 999 and (key = '${made[0]}' or (key = any ('{${made.join(",")}}') and n >= ${sizes.hours - 20_000}))`,
  );
  const days = "generate_series('2026-10-31T23:00Z'::timestamptz, '2026-11-17T23:00Z', interval '1 day')";
  await fill(
    iso("t"),
    "tstzrange(t, t + interval '1 day')",
    itself(iso("t")),
    `(select 0 as n) once, ${days} t where ${layer} < ${dailyLayers}`,
  );
  await fill(
    "''",
    "null",
    `case when ${layer} = ${dailyLayers} then (select jsonb_object_agg(${iso("t")}, 'v') from ${days} t) else ${itself("''")} end`,
    `(select 0 as n) once where ${layer} >= ${dailyLayers} and ${layer} < ${layers - 1}`,
  );
}

/** The last hours of three assets, one step an hour and asset; of the third some are still to do. */
async function fillRun(db: Database): Promise<void> {
  const began = now.subtract({ hours: 3 }).toString();
  await db.query(
    `insert into iroko.run (id, location, snapshot_version, status, trigger, selection, partitions, plan, as_of, planned, expanded, plan_version, succeeded, failed, created_at, started_at)
     values ('${run}', 'scale', 1, 'running', 'cli', 'group:hours', 'last:16667', '{}', $1, ${sizes.steps}, ${sizes.steps}, 1, ${sizes.steps - 101}, 1, $1, $1)`,
    [began],
  );
  await db.query(
    `insert into iroko.step (run, n, kind, name, assets, location, definition_hash, windows, reason, status, waiting_on, attempt, error, ready_at, started_at, ended_at)
     select '${run}', n, 'materialize', key, array[key], 'scale', 'x', tstzmultirange(tstzrange(t, t + interval '1 hour')), 'asked for by name', status,
            0, case when status = 'ready' then 0 else 1 end, case when status = 'failed' then '{"code": "STEP_FAILED", "message": "no amount"}'::jsonb end,
            $1::timestamptz, case when status <> 'ready' then $1::timestamptz + n * interval '0.2 seconds' end, case when status <> 'ready' then $1::timestamptz + (n + 1) * interval '0.2 seconds' end
       from generate_series(0, ${sizes.steps - 1}) n,
            lateral (select (array['${made.join("', '")}'])[n / ${Math.ceil(sizes.steps / 3)} + 1] as key,
                            $2::timestamptz - (${Math.ceil(sizes.steps / 3)} - n % ${Math.ceil(sizes.steps / 3)}) * interval '1 hour' as t,
                            case when n = ${failedStep} then 'failed' when n >= ${sizes.steps - 110} and n < ${sizes.steps - 10} then 'ready' else 'succeeded' end as status) step`,
    [began, now.toString()],
  );
  await db.query(
    `insert into iroko.log (step, attempt, seq, stream, at, body)
     select s.id, 1, g.n, 'stdout', $1, repeat('a line of what it printed ' || g.n || chr(10), 20) from iroko.step s, generate_series(1, 500) g (n) where s.run = '${run}' and s.n = ${failedStep}`,
    [began],
  );
}

function localHour(at: Temporal.Instant, timezone: string): string {
  const { hour } = at.toZonedDateTimeISO(timezone);
  return `${at.toZonedDateTimeISO(timezone).toPlainDate().toString()}-${String(hour).padStart(2, "0")}:00`;
}

export interface PageCall {
  readonly page: string;
  readonly path: string;
  /** On the wire, compressed, at most. */
  readonly bytes: number;
  readonly statements: number;
}

/** What each page asks for, of the largest that it can be asked for. */
export const pageCalls: readonly PageCall[] = [
  { page: "all", path: "/session", bytes: 1_000, statements: 0 },
  { page: "home", path: "/home", bytes: 4_000, statements: 12 },
  { page: "home", path: "/home/stale", bytes: 4_000, statements: 6 },
  { page: "lineage", path: "/lineage", bytes: 1_000, statements: 4 },
  { page: "lineage", path: "/lineage?whole=true", bytes: 120_000, statements: 3 },
  { page: "lineage", path: "/lineage?select=status:failed", bytes: 1_000, statements: 8 },
  { page: "lineage", path: "/lineage?select=status:fresh", bytes: 120_000, statements: 10 },
  { page: "asset", path: "/assets/hours", bytes: 4_000, statements: 3 },
  { page: "asset", path: "/assets/hours/grid", bytes: 40_000, statements: 6 },
  { page: "asset", path: "/assets/hours/grid?within=2026-11-18-00:00..2026-11-19-23:00", bytes: 2_000, statements: 6 },
  { page: "asset", path: "/assets/hours_clean/grid", bytes: 40_000, statements: 6 },
  { page: "asset", path: "/assets/hours/partitions?limit=50", bytes: 6_000, statements: 2 },
  { page: "asset", path: "/assets/hours_clean/staleness", bytes: 4_000, statements: 4 },
  { page: "asset", path: "/assets/hours_clean/outlook", bytes: 1_000, statements: 8 },
  { page: "asset", path: "/assets/hours_clean/explain", bytes: 4_000, statements: 15 },
  { page: "asset", path: "/assets/hours/series", bytes: 60_000, statements: 4 },
  { page: "asset", path: "/assets/hours/events", bytes: 4_000, statements: 3 },
  { page: "asset", path: "/assets/hours/checks", bytes: 1_000, statements: 3 },
  { page: "asset", path: "/assets/hours/versions?partition=2026-11-18-00:00", bytes: 2_000, statements: 3 },
  { page: "asset", path: "/assets/layer_20_7/columns", bytes: 2_000, statements: 3 },
  { page: "launchpad", path: "/configs?select=*", bytes: 1_000, statements: 3 },
  { page: "runs", path: "/runs", bytes: 4_000, statements: 1 },
  { page: "runs", path: "/runs?asset=hours", bytes: 4_000, statements: 3 },
  { page: "run", path: `/runs/${run}`, bytes: 2_000, statements: 2 },
  { page: "run", path: `/runs/${run}/groups`, bytes: 4_000, statements: 3 },
  { page: "run", path: `/runs/${run}/steps`, bytes: 12_000, statements: 3 },
  { page: "run", path: `/runs/${run}/steps?after=30000`, bytes: 12_000, statements: 3 },
  { page: "run", path: `/runs/${run}/steps?status=ready`, bytes: 12_000, statements: 3 },
  { page: "run", path: `/runs/${run}/steps/${failedStep}`, bytes: 2_000, statements: 3 },
  { page: "run", path: `/runs/${run}/attempts`, bytes: 1_000, statements: 3 },
  { page: "run", path: `/runs/${run}/logs?step=${failedStep}&attempt=1&limit=1000`, bytes: 60_000, statements: 2 },
  { page: "schedules", path: "/schedules", bytes: 1_000, statements: 4 },
  { page: "instance", path: "/instance", bytes: 4_000, statements: 2 },
  ...["health", "queues", "pools", "store", "database", "locations", "users", "tokens", "audit"].map((each) => ({
    page: "instance",
    path: `/${each}`,
    bytes: 4_000,
    statements: 4,
  })),
];
