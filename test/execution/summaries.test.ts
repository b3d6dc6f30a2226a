/** Summaries of stretches of partitions: what they say is what a recount says, at every moment, whatever happens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openDatabase, refreshSummaries, type Database } from "@iroko/core/engine";
import { statusStretches } from "../../packages/core/src/instance/asset-summaries.ts";
import { migratedDatabase } from "../support/database.ts";
import { withClient } from "../support/test-server.ts";

const database = await migratedDatabase();

/** Makes partitions [from, from + count) of an asset, each an hour; of so many regions where it has several dimensions. */
function make(asset: string, from: number, count: number, status: "made" | "failed" = "made", regions = 1): string {
  const hour = `to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
  const [name, rest] = regions === 1 ? [hour, "null"] : [`'day=' || ${hour} || '|region=' || r`, "'region=' || r"];
  const values =
    status === "made"
      ? `'succeeded', 1, 'v' || n, clock_timestamp(), n, 10, 'c1', jsonb_build_object('raw', jsonb_build_object('x', '1'))`
      : "'failed', null, null, null, null, null, null, null";
  return `
    insert into iroko.asset_partition (asset, partition, time_window, rest, last_status, version, data_version, made_at, rows, bytes, code_version, inputs)
    select '${asset}', ${name}, tstzrange(t, t + interval '1 hour'), ${rest}, ${values}
      from (select n, '2020-01-01Z'::timestamptz + n * interval '1 hour' as t from generate_series(${from}, ${from + count - 1}) n) times,
           generate_series(1, ${regions}) r
     order by 1, 2
    on conflict (asset, partition) do update
       set last_status = excluded.last_status, version = coalesce(excluded.version, asset_partition.version), rows = excluded.rows,
           data_version = coalesce(excluded.data_version, asset_partition.data_version), made_at = clock_timestamp()`;
}

interface Count {
  readonly made: string | null;
  readonly failed: string | null;
  readonly rows: number;
}

/** Said and recounted in one transaction that sees one state. */
async function compare(db: Database, asset: string): Promise<readonly [said: unknown, counted: unknown]> {
  return db.transaction(async (tx) => {
    await tx.query("set transaction isolation level repeatable read");
    const said = (await statusStretches(tx, [asset])).map(({ rest, madeWindows, failedWindows, rows }) => ({
      rest,
      made: madeWindows,
      failed: failedWindows,
      rows,
    }));
    const { rows: counted } = await tx.query<Count & { rest: string | null }>(
      `select rest, range_agg(time_window) filter (where version is not null) as made,
              range_agg(time_window) filter (where last_status = 'failed') as failed, coalesce(sum(rows), 0)::bigint as rows
         from iroko.asset_partition where asset = $1 group by rest order by rest`,
      [asset],
    );
    const byRest = (a: { rest: string | null }, b: { rest: string | null }): number =>
      (a.rest ?? "") < (b.rest ?? "") ? -1 : 1;
    return [said.toSorted(byRest), [...counted].toSorted(byRest)];
  });
}

async function assertRight(db: Database, asset: string): Promise<void> {
  const [said, counted] = await compare(db, asset);
  assert.deepEqual(said, counted);
}

test("a summary says what a recount says: before it is made, behind, refreshed, after deletions and once it is lost", async () => {
  const db = openDatabase(database.url);
  try {
    for (const regions of [1, 3]) {
      const asset = `hourly${regions}`;
      await db.pool.query(make(asset, 0, 5_000, "made", regions));
      await assertRight(db, asset);
      await refreshSummaries(db, [asset]);
      await assertRight(db, asset);
      const { rows } = await db.query<{ stretches: number }>(
        "select count(*)::integer as stretches from iroko.asset_summary where asset = $1",
        [asset],
      );
      assert.ok(rows[0]!.stretches >= 3, "it was cut into stretches");
      await db.pool.query(make(asset, 2_500, 10, "failed", regions));
      await db.pool.query(make(asset, 5_100, 3_000, "made", regions));
      await db.pool.query(make(asset, -50, 20, "made", regions));
      await assertRight(db, asset);
      await refreshSummaries(db);
      await assertRight(db, asset);
      await db.query("delete from iroko.asset_partition where asset = $1 and rows between 1000 and 4000", [asset]);
      await assertRight(db, asset);
      await refreshSummaries(db);
      await assertRight(db, asset);
      const left = await db.query("select from iroko.asset_changed");
      assert.equal(left.rowCount, 0, "nothing is left to do");
      await db.query("truncate iroko.asset_summary, iroko.asset_changed");
      await assertRight(db, asset);
      await refreshSummaries(db);
      await assertRight(db, asset);
    }
  } finally {
    await db.close();
  }
});

test("who looks while steps finish, fail and are deleted, and refreshers come and die, never sees a wrong count", async () => {
  const db = openDatabase(database.url, { connections: 12 });
  try {
    await db.pool.query(make("busy", 0, 4_000));
    await refreshSummaries(db, ["busy"]);
    const work = Array.from({ length: 4 }, async (_, worker) => {
      for (let round = 0; round < 40; round += 1) {
        const from = (worker * 997 + round * 131) % 4_500;
        await db.transaction((tx) =>
          tx.query(make("busy", from, 1 + (round % 7), round % 5 === 0 ? "failed" : "made")),
        );
        if (round % 9 === 0)
          await db.transaction((tx) =>
            tx.query("delete from iroko.asset_partition where asset = 'busy' and rows = $1", [from]),
          );
      }
    });
    let isWorking = true;
    const refreshing = (async () => {
      while (isWorking) await refreshSummaries(db, ["busy"]).catch(() => {}); // killed
    })();
    const dying = (async () => {
      while (isWorking) {
        // A refresher whose process is killed: its backend goes, and its transaction with it.
        await withClient(database.url, async (client) => {
          const { rows } = await client.query<{ pid: number }>(
            `select pid from pg_locks where locktype = 'advisory' and granted
                and objid::bigint = (hashtext('iroko.asset_summary')::bigint & 4294967295)
                and database = (select oid from pg_database where datname = current_database())`,
          );
          for (const { pid } of rows) await client.query("select pg_terminate_backend($1)", [pid]);
        }).catch(() => {});
      }
    })();
    const looking = (async () => {
      let looks = 0;
      for (; isWorking; looks += 1) await assertRight(db, "busy");
      return looks;
    })();
    await Promise.all(work).finally(() => (isWorking = false));
    assert.ok((await looking) > 3, "it was looked at meanwhile");
    await Promise.allSettled([refreshing, dying]);
    await assertRight(db, "busy");
    await refreshSummaries(db);
    await assertRight(db, "busy");
  } finally {
    await db.close();
  }
});
