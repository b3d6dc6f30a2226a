/** What a server keeps of a run's lines: what it tells is what the steps say, whoever changes them, and when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assetGraph, daily, define, fixed, asset, multi, snapshotOf } from "@iroko/core";
import { openDatabase, runPieces, type Database } from "@iroko/core/engine";
import fc from "fast-check";
import type { Catalog } from "../../packages/ui/src/model/catalog.ts";
import { openRunGroups } from "../../packages/ui/src/model/run-groups.ts";
import { createMigratedDatabase } from "../support/database.ts";
import { plain } from "../support/plain.ts";

const run = "019aa000-0000-7000-8000-000000000001";
/** Some pieces, and a part of one. */
const steps = 2_600;

const made = { codeVersion: "1", materialize: (): undefined => undefined };
const days = daily({ start: "2020-01-01", timezone: "UTC" });
const cities = fixed(Array.from({ length: 300 }, (_, n) => `city ${n}`));
const snapshot = snapshotOf(
  define({
    assets: [
      asset({ key: "days", partitions: days, ...made }),
      asset({ key: "cities", partitions: cities, ...made }),
      asset({ key: "crossed", partitions: multi({ city: cities, day: days }), ...made }),
    ],
  }),
);
const location = { name: "x", version: 1, snapshot, graph: assetGraph(snapshot), registeredAt: Temporal.Now.instant() };
const catalog: Catalog = {
  locations: [location],
  assets: new Map(snapshot.assets.map((each) => [each.key, { location, asset: each }])),
  timezone: "UTC",
};

type Change =
  | { readonly kind: "set"; readonly from: number; readonly count: number; readonly to: string }
  | { readonly kind: "hold" | "purge"; readonly from: number; readonly count: number }
  | { readonly kind: "look" | "expand" | "open" | "commit" | "roll back" };

const from = fc.nat(steps);
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("set" as const),
      from,
      count: fc.nat(40),
      to: fc.constantFrom("running", "succeeded", "failed", "ready", "blocked"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("hold", "purge"), from, count: fc.nat(40) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom("look", "look", "expand", "open", "commit", "roll back") }),
  },
);

const set = (first: number, count: number, to: string): string =>
  `update iroko.step set status = '${to}', worker = ${to === "running" ? "gen_random_uuid()" : "null"}, deferred_reason = null,
          error = ${to === "failed" ? "'{}'" : "null"}, started_at = clock_timestamp(), ended_at = ${["succeeded", "failed"].includes(to) ? "clock_timestamp()" : "null"}
    where run = '${run}' and n between ${first} and ${first + count}`;

/** Every seventh is a gate; of the others, each makes one of three assets. */
const insert = (first: number, count: number): string => `
  insert into iroko.step (run, n, kind, name, assets, location, definition_hash, windows, keys, boxes, reason, status)
  select '${run}', n, case when n % 7 = 6 then 'gate' when n % 11 = 5 then 'check' else 'materialize' end, key, array[key], 'x', 'x',
         case when n % 7 <> 6 and key = 'days' then tstzmultirange(tstzrange(day, day + interval '1 day')) end,
         case when n % 7 <> 6 and key = 'cities' then array['city ' || n % 300] end,
         case when n % 7 <> 6 and key = 'crossed' then jsonb_build_array(jsonb_build_object('city', jsonb_build_object('keys', jsonb_build_array('city ' || n % 2)),
              'day', jsonb_build_object('windows', jsonb_build_array(jsonb_build_array(${iso("day")}, ${iso("day + interval '1 day'")}))))) end, 'x', 'blocked'
    from generate_series(${first}, ${first + count - 1}) n,
         lateral (select case when n % 100 = 99 then 'crossed' when n % 3 = 0 then 'cities' else 'days' end as key, '2020-01-01Z'::timestamptz + n / 2 * interval '1 day' as day) what`;

function iso(time: string): string {
  return `to_char((${time}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
}

/** How many there are by name, kind and status, counted without pieces. */
async function counted(db: Database): Promise<unknown> {
  const { rows } = await db.query<{ name: string }>(
    `select name, kind, case when status = 'ready' and deferred_reason is not null then 'held' else status end as status,
            count(*)::integer as steps, min(n) as first
       from iroko.step where run = $1 and kind <> 'gate' group by 1, 2, 3 order by 1, 2, 3`,
    [run],
  );
  return rows;
}

test("a server that has looked before tells of a run what one tells that has not, after any changes, late commits too", async () => {
  await using database = await createMigratedDatabase();
  const db = openDatabase(database.url);
  try {
    await db.query(`insert into iroko.location (name, version, hash, snapshot) values ('x', 1, 'x', '{}')`);
    await db.query(
      `insert into iroko.run (id, location, snapshot_version, status, trigger, selection, partitions, plan, as_of, planned, expanded, plan_version)
       values ($1, 'x', 1, 'running', 'cli', '', '', '{}', now(), 0, 0, 1)`,
      [run],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 4, maxLength: 12 }), async (changes) => {
        await db.pool.query("truncate iroko.step cascade");
        await db.pool.query(insert(0, steps));
        let inserted = steps;
        const lasting = openRunGroups(db);
        await lasting(catalog, run);
        const late = await db.session();
        let isOpen = false;
        try {
          for (const [place, each] of changes.entries()) {
            if (each.kind === "set" && !isOpen) await db.pool.query(set(each.from, each.count, each.to));
            else if (each.kind === "hold" && !isOpen)
              await db.pool.query(
                `update iroko.step set deferred_reason = 'x' where run = '${run}' and status = 'ready' and n between ${each.from} and ${each.from + each.count}`,
              );
            else if (each.kind === "purge" && !isOpen)
              await db.pool.query(
                `update iroko.step set inputs = null where n between ${each.from} and ${each.from + each.count}`,
              );
            else if (each.kind === "expand") {
              await db.pool.query(insert(inserted, 30));
              inserted += 30;
            } else if (each.kind === "open" && !isOpen) {
              // What it writes has a number below those of all that come and commit before it.
              await late.query("begin");
              await late.query(set(place * 100, 10, "succeeded"));
              isOpen = true;
            } else if ((each.kind === "commit" || each.kind === "roll back") && isOpen) {
              await late.query(each.kind === "commit" ? "commit" : "rollback");
              isOpen = false;
            }
            if (each.kind !== "look" && place < changes.length - 1) continue;
            const told = await lasting(catalog, run);
            assert.deepEqual(
              plain(told),
              plain(await openRunGroups(db)(catalog, run)),
              `after ${JSON.stringify(each)}`,
            );
            const lines = told.flatMap(({ name, kind, states }) =>
              states.map(({ status, steps: many, first }) => ({ name, kind, status, steps: many, first })),
            );
            assert.deepEqual(
              lines.toSorted((a, b) =>
                JSON.stringify([a.name, a.kind, a.status]) < JSON.stringify([b.name, b.kind, b.status]) ? -1 : 1,
              ),
              await counted(db),
            );
          }
        } finally {
          await late.end();
        }
      }),
      { numRuns: 12, examples: [[["open", "expand", "look", "commit", "look"].map((kind) => ({ kind }) as Change)]] },
    );
  } finally {
    await db.close();
  }
});

test("a look groups again only those pieces of a run in which a step has changed", { timeout: 60_000 }, async () => {
  await using database = await createMigratedDatabase();
  const db = openDatabase(database.url);
  try {
    await db.query(`insert into iroko.location (name, version, hash, snapshot) values ('x', 1, 'x', '{}')`);
    await db.query(
      `insert into iroko.run (id, location, snapshot_version, status, trigger, selection, partitions, plan, as_of, planned, expanded, plan_version)
       values ($1, 'x', 1, 'running', 'cli', '', '', '{}', now(), 0, 0, 1)`,
      [run],
    );
    await db.query(insert(0, steps));
    // What others write on this server, in databases of their own, is under way too when a snapshot is taken.
    let { at } = await runPieces(db, run);
    while ((await runPieces(db, run, at)).pieces.size > 0) ({ at } = await runPieces(db, run));
    await db.query(set(1_500, 0, "succeeded"));
    assert.deepEqual([...(await runPieces(db, run, at)).pieces.keys()], [1]);
  } finally {
    await db.close();
  }
});
