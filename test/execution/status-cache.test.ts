/** What a server keeps of how assets stand: what it tells is what the database says, whoever changes it, and when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assetStatuses, openDatabase, openStatusCache, refreshSummaries, type Database } from "@iroko/core/engine";
import fc from "fast-check";
import { createMigratedDatabase } from "../support/database.ts";
import { plain } from "../support/plain.ts";

const assets = ["a", "b", "c"] as const;
const hours = 40;

type Change =
  | { readonly kind: "make" | "fail" | "delete"; readonly asset: string; readonly from: number; readonly count: number }
  | { readonly kind: "start" | "end"; readonly asset: string; readonly from: number }
  | { readonly kind: "look" | "refresh" | "truncate" | "forget" | "restart" | "open" | "commit" | "roll back" };

const asset = fc.constantFrom(...assets);
const from = fc.nat(hours);
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom("make", "fail", "delete"), asset, from, count: fc.nat(5) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("start", "end"), asset, from }) },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "look",
        "look",
        "look",
        "refresh",
        "refresh",
        "truncate",
        "forget",
        "restart",
        "open",
        "commit",
        "roll back",
      ),
    }),
  },
);

const time = (n: string): string => `'2026-11-01Z'::timestamptz + (${n}) * interval '1 hour'`;
const name = (n: string): string => `to_char((${time(n)}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;

function statementOf(change: Change): string | undefined {
  switch (change.kind) {
    case "make":
    case "fail":
      return `insert into iroko.asset_partition (asset, partition, time_window, last_status, version, data_version, made_at, rows)
              select '${change.asset}', ${name("n")}, tstzrange(${time("n")}, ${time("n + 1")}), ${
                change.kind === "make"
                  ? "'succeeded', 1, 'v', clock_timestamp(), 7"
                  : "'failed', null, null, null, null"
              } from generate_series(${change.from}, ${change.from + change.count}) n order by 2
              on conflict (asset, partition) do update set last_status = excluded.last_status,
                 version = coalesce(asset_partition.version + 1, excluded.version), made_at = coalesce(excluded.made_at, asset_partition.made_at),
                 data_version = coalesce(asset_partition.data_version, excluded.data_version)`;
    case "delete":
      return `delete from iroko.asset_partition where asset = '${change.asset}'
                 and lower(time_window) between ${time(`${change.from}`)} and ${time(`${change.from + change.count}`)}`;
    case "start":
      return `with running as (
                insert into iroko.step (run, n, kind, name, assets, location, definition_hash, windows, reason, status, worker)
                select '019aa000-0000-7000-8000-000000000001', coalesce(max(n) + 1, 0), 'materialize', 'x', '{x}', 'x', 'x', '{}', 'x', 'running', gen_random_uuid()
                  from iroko.step returning id)
              update iroko.asset_partition set busy_step = running.id from running where asset = '${change.asset}' and partition = ${name(`${change.from}`)}`;
    case "end":
      return "update iroko.step set status = 'succeeded', worker = null, ended_at = clock_timestamp() where status = 'running'";
    case "truncate":
      return "truncate iroko.asset_summary, iroko.asset_changed";
    case "forget":
      return "delete from iroko.asset_summary where asset = 'a'";
    default:
      return undefined;
  }
}

/** Without the order in which stretches were read. */
async function told(read: Promise<Awaited<ReturnType<typeof assetStatuses>>>): Promise<unknown> {
  const sorted = Array.from(await read, ([key, { stretches, ...row }]) => [
    key,
    { ...row, stretches: stretches.map((each) => JSON.stringify(each)).toSorted() },
  ]);
  return plain(Object.fromEntries(sorted));
}

async function inOneStatement(db: Database): Promise<unknown> {
  return told(assetStatuses(db, assets));
}

test("two servers, one of them now and then started anew, tell what is in the database after any changes, late commits too", async () => {
  await using database = await createMigratedDatabase();
  const db = openDatabase(database.url);
  try {
    await db.query(`insert into iroko.location (name, version, hash, snapshot) values ('x', 1, 'x', '{}')`);
    await db.query(
      `insert into iroko.run (id, location, snapshot_version, status, trigger, selection, partitions, plan, as_of, planned, expanded, plan_version)
       values ('019aa000-0000-7000-8000-000000000001', 'x', 1, 'running', 'cli', '', '', '{}', now(), 0, 0, 1)`,
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 5, maxLength: 25 }), async (changes) => {
        await db.query("truncate iroko.asset_partition, iroko.asset_summary, iroko.asset_changed, iroko.asset_summed");
        const lasting = openStatusCache(db);
        let restarted = openStatusCache(db);
        const late = await db.session();
        let isOpen = false;
        try {
          for (const [place, each] of changes.entries()) {
            if (each.kind === "refresh") await refreshSummaries(db);
            else if (each.kind === "restart") restarted = openStatusCache(db);
            else if (each.kind === "open" && !isOpen) {
              // What it writes has a number below those of all that come and commit before it.
              await late.query("begin");
              await late.query(statementOf({ kind: "make", asset: "b", from: 100 + place, count: 0 })!);
              isOpen = true;
            } else if ((each.kind === "commit" || each.kind === "roll back") && isOpen) {
              await late.query(each.kind === "commit" ? "commit" : "rollback");
              isOpen = false;
            } else if (each.kind === "truncate" && isOpen)
              continue; // it would wait for the other
            else if (statementOf(each) !== undefined) await db.pool.query(statementOf(each)!);
            // Mostly several things happen between two looks: a change, and the end of its note.
            if (each.kind !== "look" && place < changes.length - 1) continue;
            const fresh = await inOneStatement(db);
            assert.deepEqual(await told(lasting(assets)), fresh, `after ${JSON.stringify(each)}`);
            assert.deepEqual(await told(restarted(assets)), fresh, `started anew, after ${JSON.stringify(each)}`);
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

test("whoever asks after a commit is told of it, while others ask and commit at the same time", async () => {
  await using database = await createMigratedDatabase();
  const db = openDatabase(database.url, { connections: 10 });
  try {
    const statuses = openStatusCache(db);
    let isWorking = true;
    const refreshing = (async () => {
      while (isWorking) await refreshSummaries(db);
    })();
    await Promise.all(
      Array.from({ length: 4 }, async (_, writer) => {
        for (let n = 1; n <= 30; n += 1) {
          await db.pool.query(statementOf({ kind: "make", asset: `w${writer}`, from: n, count: 0 })!);
          const row = (await statuses([`w${writer}`])).get(`w${writer}`);
          assert.equal(row?.rows, 7 * n);
        }
      }),
    ).finally(() => (isWorking = false));
    await refreshing;
  } finally {
    await db.close();
  }
});

test("a look when nothing has changed reads nothing again: what it tells are the same rows", async () => {
  await using database = await createMigratedDatabase();
  const db = openDatabase(database.url);
  try {
    for (const each of ["a", "b"]) await db.pool.query(statementOf({ kind: "make", asset: each, from: 0, count: 3 })!);
    const statuses = openStatusCache(db);
    const before = await statuses(assets);
    await db.pool.query(statementOf({ kind: "make", asset: "b", from: 9, count: 0 })!);
    const after = await statuses(assets);
    assert.equal(after.get("a"), before.get("a"));
    assert.notEqual(after.get("b"), before.get("b"));
    assert.equal(after.has("c"), false);
  } finally {
    await db.close();
  }
});
