/**
 * The interleavings that the design warns of, each made to happen: an event that commits late, two claims on one pool, a
 * publisher that sleeps while a newer version is made. Chunks of a long plan against the ends of its steps are in
 * test/execution/expansion.test.ts, everything at random in test/execution/interleavings.test.ts.
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { listPartitions, setPool } from "@iroko/core/engine";
import { appendEvents, readEvents, type EventCursor } from "../../packages/core/src/instance/events.ts";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import { ownPostgres } from "../support/own-postgres.ts";
import { spawnWorker } from "../support/spawn-worker.ts";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { assertAtRest } from "./invariants.ts";

const timeout = 300_000;
const patient = { seconds: 90, everyMilliseconds: 50 };
const skipWithoutProc = existsSync("/proc/self/stat") ? false : "it needs /proc to see that a process is frozen";

const definitions = `
  import { readFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, define } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const generation = () => [{ generation: readFileSync(new URL("generation", import.meta.url), "utf8") }];
  const body = { schema: z.object({ generation: z.string() }), materialize: generation };
  export const table = asset({ key: "table", ...body, output: jsonLines("table") });
  export const one = asset({ key: "one", ...body, pools: ["narrow"], output: jsonLines("one") });
  export const two = asset({ key: "two", ...body, pools: ["narrow"], output: jsonLines("two") });
  export default define({ assets: [table, one, two] });
`;

const submit = (instance: TestInstance, select: string): Promise<string> =>
  instance.submit({ select, partitions: { kind: "unspecified" } });

test("an event that commits late is read, and nothing after it before", { timeout }, async () => {
  await using instance = await testInstance({ "iroko.config.ts": definitions });
  const { db } = instance;
  const read: number[] = [];
  let cursor: EventCursor = { xid: "0", id: 0 };
  const readOn = async (): Promise<void> => {
    const { events, cursor: next } = await readEvents(db, cursor, 100);
    read.push(...events.map(({ payload }) => (payload as { n: number }).n));
    cursor = next;
  };
  const event = (n: number) => [{ type: "worker_lost" as const, payload: { n } }];
  await db.transaction(async (late) => {
    await appendEvents(late, event(1));
    await appendEvents(db, event(2));
    await readOn();
    assert.deepEqual(read, [], "the second waits for the first");
  });
  await waitFor(
    "both to be read",
    async () => {
      await readOn(); // whatever else the server runs may hold them back for a moment
      return read.length >= 2;
    },
    patient,
  );
  assert.deepEqual(read, [1, 2]);
});

test(
  "two claims on a pool of one: the second waits for the first, and finds it full",
  { timeout, skip: skipWithoutProc },
  async () => {
    // Of its own: a claim that sleeps keeps every reader of events on the server waiting.
    await using postgres = await ownPostgres();
    const { database } = postgres;
    await using instance = await testInstance({ "iroko.config.ts": definitions, generation: "1" }, { database });
    const { snapshot } = await instance.deploy();
    await setPool(instance.db, "narrow", 1);
    await instance.db.query(`
    create table seen (running bigint);
    create function see() returns trigger language plpgsql as $$ begin
      insert into seen select count(*) from iroko.step where status = 'running' and 'narrow' = any (pools); return null; end $$;
    create trigger see after update of status on iroko.step for each statement execute function see()`);
    // Longer than any wait here: it is asleep in its claim, not dead.
    const first = spawnWorker(instance, 300, { IROKO_FAILPOINT: "claim.locked=freeze" });
    try {
      const runs = [await submit(instance, "one")];
      await waitFor("the first to sleep in its claim", () => isFrozen(first), patient);
      runs.push(await submit(instance, "two"));
      // As if both had been let in at once: the pool's row alone stands between them.
      await instance.db.query("update iroko.step set admitted = true where name = 'two'");
      await instance.startWorker({ slots: 1, ttlSeconds: 30 });
      await waitFor("the second to wait for the pool", () => waitsForALock(instance), patient);
      first.kill("SIGCONT");
      for (const run of runs) assert.equal((await instance.ended(run, 60)).status, "succeeded");
      const { rows } = await instance.db.query<{ most: number }>("select max(running) as most from seen");
      assert.equal(rows[0]?.most, 1);
      await assertAtRest(instance.db, instance.store, snapshot);
    } finally {
      first.kill("SIGKILL");
    }
  },
);

for (const kind of ["a local store", "MinIO"] as const) {
  const skip = skipWithoutProc || (kind === "MinIO" && skipWithoutMinio);
  test(
    `a publisher that sleeps while a newer version is made changes nothing when it wakes, on ${kind}`,
    { timeout, skip },
    async () => {
      await using server = kind === "MinIO" ? await startMinio() : undefined;
      if (server) Object.assign(process.env, server.env);
      const store = server && { store: `s3://${server.bucket}/asleep` };
      await using instance = await testInstance({ "iroko.config.ts": definitions, generation: "1" }, store);
      const { snapshot } = await instance.deploy();
      const asleep = spawnWorker(instance, 4, {
        IROKO_FAILPOINT: "publish.read=freeze",
        ...(store && { TEST_STORE: store.store }),
      });
      try {
        const run = await submit(instance, "table");
        await waitFor("it to sleep before it publishes", () => isFrozen(asleep), patient);
        await instance.startWorker({ slots: 1, ttlSeconds: 30 });
        await instance.ended(run, 60);
        await instance.project.write("generation", "2");
        await instance.ended(await submit(instance, "table"), 60);
        const shown = async (): Promise<string> =>
          Buffer.from(await instance.store.readRange("table.jsonl", 0, 1000)).toString();
        assert.equal(await shown(), '{"generation":"2"}\n');
        const exit = once(asleep, "exit");
        asleep.kill("SIGCONT");
        assert.deepEqual(await exit, [3, null]);
        assert.equal(await shown(), '{"generation":"2"}\n');
        const [partition] = await listPartitions(instance.db, "table", { limit: 1 });
        assert.deepEqual([partition?.version, partition?.publishedVersion], [2, 2]);
        await assertAtRest(instance.db, instance.store, snapshot);
      } finally {
        asleep.kill("SIGKILL");
      }
    },
  );
}

function isFrozen({ pid }: ChildProcess): boolean {
  return /^\d+ \(.*\) T/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

async function waitsForALock({ db }: TestInstance): Promise<boolean> {
  const { rows } = await db.query(
    "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and application_name like 'iroko worker %'",
  );
  return rows.length > 0;
}
