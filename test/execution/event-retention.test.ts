/** Old events go, and nobody misses them: not a run's page, not who asks why, not a reader that was away. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IrokoError } from "@iroko/core";
import { openClient } from "@iroko/core/client";
import { readEventDays, type Database } from "@iroko/core/engine";
import { startServer } from "@iroko/ui";
import { forgetEvents } from "../../packages/core/src/execution/forget-events.ts";
import { isPlaceKept, type EventCursor } from "../../packages/core/src/instance/events.ts";
import { plain } from "../support/plain.ts";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const module = `
  import { z } from "zod";
  import { asset, daily, define, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  const good = asset({ key: "good", partitions: days, schema, output: jsonLines("good"), materialize: () => [{ n: 1 }] });
  const again = asset({
    key: "again", partitions: days, schema, output: jsonLines("again"), retry: retryPolicy({ maxRetries: 1, baseSeconds: 0.01 }),
    materialize: () => { throw new Error("no luck"); },
  });
  export default define({ assets: [good, again] });
`;

const now = Temporal.Instant.from("2026-11-10T10:00:00Z");

async function types(db: Database): Promise<readonly string[]> {
  const { rows } = await db.query<{ type: string }>("select distinct type from iroko.event order by type");
  return rows.map(({ type }) => type);
}

async function last(db: Database): Promise<EventCursor> {
  const { rows } = await db.query<EventCursor>(
    "select xid::text as xid, id from iroko.event order by event.xid desc, event.id desc limit 1",
  );
  return rows[0]!;
}

const age = (db: Database, days: number): Promise<unknown> =>
  db.query("update iroko.event set at = at - make_interval(days => $1)", [days]);
const happen = (db: Database): Promise<unknown> =>
  db.query("insert into iroko.event (type, payload) values ('partitions_added', '{}')");

/** As often as it takes: no further than where a transaction is still open, of other databases too. */
async function forgetTo(db: Database, days: number, left: readonly string[]): Promise<void> {
  await waitFor(
    `${left.join(", ")} to be left`,
    async () => {
      await forgetEvents(db, days);
      return JSON.stringify(await types(db)) === JSON.stringify(left);
    },
    { seconds: 120 },
  );
}

/** Of a run: all that its page asks for. */
async function pageOf(instance: TestInstance, run: string): Promise<unknown> {
  const server = await startServer({ instance: { db: instance.db }, port: 0, now: () => now, checkAnswers: true });
  try {
    const { runs } = openClient({ url: server.url });
    return plain([
      await runs.get({ id: run }),
      await runs.groups({ id: run }),
      await runs.steps({ id: run }),
      await runs.failedChecks({ id: run }),
      await runs.materializations({ id: run }),
    ]);
  } finally {
    await server.close();
  }
}

test("events go with age, and a run's page, its failures and lost attempts stay as they were", async () => {
  await using instance = await testInstance({ "iroko.config.ts": module });
  const { db } = instance;
  await instance.deploy();
  const worker = await instance.startWorker();
  const submit = (days: string): Promise<string> =>
    instance.submit({ select: "*", partitions: { kind: "text", text: days } }, now);
  const run = await submit("2026-11-01..2026-11-05");
  await instance.ended(run);
  await worker.drain(0);
  const live = await submit("2026-11-06");
  const before = await pageOf(instance, run);
  await age(db, 100);
  await happen(db);
  await forgetEvents(db, 101);
  assert.ok((await types(db)).includes("materialization"), "none is that old");
  await forgetTo(db, 99, ["attempt_failed", "partitions_added", "run_submitted", "step_failed"]);
  const { rowCount } = await db.query("select from iroko.event where run = $1 and type = 'run_submitted'", [live]);
  assert.equal(rowCount, 1);
  assert.deepEqual(await pageOf(instance, run), before);
});

test("of a run that has not ended nothing goes", async () => {
  await using instance = await testInstance({ "iroko.config.ts": module });
  const { db } = instance;
  await instance.deploy();
  const run = await instance.submit({ select: "good", partitions: { kind: "text", text: "2026-11-01" } }, now);
  await db.query("insert into iroko.event (type, run) values ('materialization', $1), ('materialization', null)", [
    run,
  ]);
  await age(db, 400);
  await happen(db);
  await forgetEvents(db, 1);
  const { rows } = await db.query<{ run: string }>("select run from iroko.event where type = 'materialization'");
  assert.deepEqual(
    rows.map((row) => row.run),
    [run],
  );
});

test("whoever was somewhere among what has gone is told so, whatever older event has stayed", async () => {
  await using instance = await testInstance({ "iroko.config.ts": module });
  const { db } = instance;
  await db.query("insert into iroko.event (type, payload) values ('purged', '{}')");
  const early = await last(db);
  // More than a few batches, each transaction's number above those before it.
  for (let batch = 0; batch < 5; batch += 1)
    await db.query("insert into iroko.event (type) select 'materialization' from generate_series(1, 1500)");
  const late = await last(db);
  await age(db, 30);
  await happen(db);
  await forgetEvents(db, 31);
  assert.equal(await isPlaceKept(db, early), true);
  await forgetTo(db, 10, ["partitions_added", "purged"]);
  assert.equal(await isPlaceKept(db, early), false);
  assert.equal(await isPlaceKept(db, late), true, "nothing after it has gone");
});

test("a clock that is years ahead makes nothing old", async () => {
  await using instance = await testInstance({ "iroko.config.ts": module });
  const { db } = instance;
  for (let n = 0; n < 3; n += 1) await happen(db);
  await age(db, 5_000);
  await forgetEvents(db, 1);
  const { rowCount } = await db.query("select from iroko.event");
  assert.equal(rowCount, 3);
});

test("a worker lets go of them by itself, as long as its variable says", async () => {
  await using instance = await testInstance({ "iroko.config.ts": module });
  const { db } = instance;
  await instance.deploy();
  await happen(db);
  await age(db, 3);
  const old = await last(db);
  await db.query("insert into iroko.event (type) values ('observation')");
  await waitFor(
    "no transaction to be open from before",
    async () => {
      const { rows } = await db.query<{ over: boolean }>(
        "select $1::xid8 < pg_snapshot_xmin(pg_current_snapshot()) as over",
        [old.xid],
      );
      return rows[0]!.over;
    },
    { seconds: 120 },
  );
  await db.query("update iroko.duty set begun_at = begun_at - interval '2 hours'");
  const worker = await instance.startWorker({ eventDays: readEventDays("2") });
  try {
    await waitFor("the old one to go", async () => !(await types(db)).includes("partitions_added"), { seconds: 120 });
  } finally {
    await worker.drain(0);
  }
  for (const text of ["0", "-1", "soon", "40000"])
    assert.throws(
      () => readEventDays(text),
      (error) => error instanceof IrokoError && error.code === "RETENTION_INVALID",
    );
  assert.equal(readEventDays(undefined), 180);
});
