/** Every commit is looked at once more: what a store has lost is put back, or made anew, and the event log says so. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  builtFiles,
  gatedStore,
  instanceFacts,
  listEvents,
  listPartitions,
  listRuns,
  openGate,
  verifyCommits,
  type VerifyContext,
} from "@iroko/core/engine";
import { minioOfFile, skipWithoutMinio } from "../support/minio.ts";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const minio = minioOfFile();

/** `doubled` reads `numbers`; the file "ran" has a line for each day that was computed. */
const definitions = `
  import { appendFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "UTC" });
  const schema = z.object({ n: z.int() });
  const tell = (name) => appendFileSync(new URL("ran", import.meta.url), name + "\\n");
  export const numbers = asset({ key: "numbers", partitions: days, schema, output: jsonLines("numbers"),
    materialize: (ctx) => { tell("numbers " + ctx.partition.key); return [{ n: 1 }]; } });
  export const doubled = asset({ key: "doubled", partitions: days, schema, output: jsonLines("doubled"), deps: { numbers },
    async materialize(ctx) {
      tell("doubled " + ctx.partition.key);
      const rows = [];
      for await (const row of ctx.deps.numbers.rows()) rows.push({ n: 2 * row.n });
      return rows;
    } });
  export default define({ assets: [numbers, doubled] });
`;

interface Made {
  readonly instance: TestInstance;
  /** Looks at all commits, as if so many minutes had passed; 11. */
  readonly verify: (minutes?: number) => Promise<void>;
  /** How commits were repaired or lost, in order. */
  readonly told: () => Promise<readonly unknown[]>;
  readonly due: () => Promise<number>;
}

/** Both assets of one day are made, by a worker that is gone since. */
async function made(instance: TestInstance): Promise<Made> {
  const { snapshot } = await instance.deploy();
  const worker = await instance.startWorker({ slots: 1 });
  const partitions = { kind: "text" as const, text: "2026-11-01" };
  await instance.ended(await instance.submit({ select: "*", partitions }), 60);
  await worker.drain(0);
  const { db } = instance;
  const { id, incarnation } = await instanceFacts(db);
  const context: VerifyContext = {
    db,
    snapshot,
    incarnation,
    location: "test",
    store: gatedStore(instance.store, openGate, () => Promise.resolve()),
    built: await builtFiles(join(instance.project.folder, "work", id)),
    scratch: join(instance.project.folder, "scratch"),
  };
  return {
    instance,
    verify: (minutes = 11) =>
      verifyCommits(context, new AbortController().signal, Temporal.Now.instant().add({ minutes })),
    async told() {
      const events = await listEvents(db, {}, { limit: 100 });
      return events
        .filter(({ type }) => type === "version_repaired" || type === "version_lost")
        .map(({ type, asset, payload }) => [type, asset, (payload as { how?: unknown }).how])
        .toReversed();
    },
    async due() {
      const { rows } = await db.query<{ n: number }>(
        "select count(*) as n from iroko.asset_partition where verify_after is not null",
      );
      return rows[0]?.n ?? 0;
    },
  };
}

const pointerOf = async (instance: TestInstance, asset: string) => {
  const [pointer] = await listPartitions(instance.db, asset, { limit: 1 });
  assert.ok(pointer?.objectKey);
  return { ...pointer, objectKey: pointer.objectKey };
};

/** The pointer's object is there with its ETag, and the stable path shows it. */
async function isWhole(instance: TestInstance, asset: string, text: string): Promise<void> {
  const { objectKey, etag, version, publishedVersion } = await pointerOf(instance, asset);
  assert.equal((await instance.store.head(objectKey))?.etag, etag);
  assert.equal(publishedVersion, version);
  for (const key of [objectKey, `${asset}/2026-11-01.jsonl`])
    assert.equal(Buffer.from(await instance.store.readRange(key, 0, 100)).toString(), text, key);
}

let prefixes = 0;
for (const { name, store, skip } of [
  { name: "a folder", store: () => undefined, skip: false },
  { name: "MinIO", store: () => `s3://${minio.server.bucket}/verify-${(prefixes += 1)}`, skip: skipWithoutMinio },
]) {
  const on = (sentence: string, body: (made: Made) => Promise<void>): void =>
    void test(`${name}: ${sentence}`, { skip, timeout: 120_000 }, async () => {
      const address = store();
      await using instance = await testInstance(
        { "iroko.config.ts": definitions, ran: "" },
        address === undefined ? {} : { store: address },
      );
      await body(await made(instance));
    });

  on(
    "what is whole is looked at once, after its time, and nothing is said",
    async ({ verify, told, due, instance }) => {
      assert.equal(await due(), 2);
      await verify();
      assert.equal(await due(), 0);
      assert.deepEqual(await told(), []);
      await isWhole(instance, "doubled", '{"n":2}\n');
    },
  );

  on("a stable object that is gone, or not ours, is published again", async ({ verify, told, due, instance }) => {
    await instance.store.delete("numbers/2026-11-01.jsonl");
    await instance.store.delete("doubled/2026-11-01.jsonl");
    const { objectKey } = await pointerOf(instance, "numbers");
    await instance.store.publish(objectKey, "doubled/2026-11-01.jsonl", { incarnation: 1, version: 99 });
    await verify();
    await isWhole(instance, "numbers", '{"n":1}\n');
    await isWhole(instance, "doubled", '{"n":2}\n');
    const inAnyOrder = (events: readonly unknown[]) => new Set(events.map((event) => JSON.stringify(event)));
    const wanted = [
      ["version_repaired", "doubled", ["a newer object, which no pointer speaks of, was replaced"]],
      ["version_repaired", "doubled", ["published again"]],
      ["version_repaired", "numbers", ["published again"]],
    ];
    assert.deepEqual(inAnyOrder(await told()), inAnyOrder(wanted));
    assert.equal(await due(), 0);
  });

  on("a staged object that is gone is put back, and nothing is computed", async ({ verify, told, due, instance }) => {
    const { objectKey } = await pointerOf(instance, "numbers");
    await instance.store.delete(objectKey);
    // Two workers at once: each commit is in the hands of one.
    await Promise.all([verify(), verify()]);
    await isWhole(instance, "numbers", '{"n":1}\n');
    const from = instance.store.kind === "local" ? "the stable object" : "the built file";
    assert.deepEqual(await told(), [["version_repaired", "numbers", [`staged again from ${from}`]]]);
    assert.equal(await due(), 0);
    assert.deepEqual((await readFile(instance.project.file("ran"), "utf8")).split("\n").length, 3);
  });

  on("a staged object that is another one is replaced by the right bytes", async ({ verify, told, instance }) => {
    const { objectKey } = await pointerOf(instance, "numbers");
    const other = await pointerOf(instance, "doubled");
    await instance.db.query("delete from iroko.built");
    await instance.store.delete(objectKey);
    await instance.store.download(other.objectKey, instance.project.file("other"));
    const bytes = await readFile(instance.project.file("other"));
    await instance.store.stage(objectKey, {
      path: instance.project.file("other"),
      bytes: bytes.length,
      sha256: other.sha256 ?? "",
    });
    await verify();
    await isWhole(instance, "numbers", '{"n":1}\n');
    assert.deepEqual(await told(), [["version_repaired", "numbers", ["staged again from the stable object"]]]);
  });

  on("what is lost everywhere is made by a run, upstream first", async ({ verify, told, due, instance }) => {
    await instance.db.query("delete from iroko.built");
    for (const asset of ["numbers", "doubled"]) {
      await instance.store.delete((await pointerOf(instance, asset)).objectKey);
      await instance.store.delete(`${asset}/2026-11-01.jsonl`);
    }
    await verify();
    assert.deepEqual(await told(), [["version_lost", "numbers", undefined]]);
    const runs = await listRuns(instance.db, { limit: 10 });
    assert.deepEqual(
      runs.map(({ trigger }) => trigger),
      ["verify", "cli"],
    );
    await instance.startWorker({ slots: 1 });
    await instance.ended(runs[0]!.id, 60);
    await isWhole(instance, "numbers", '{"n":1}\n');
    // The rest, now that what it reads is there.
    await verify();
    const [second] = await listRuns(instance.db, { limit: 1 });
    await instance.ended(second!.id, 60);
    await isWhole(instance, "doubled", '{"n":2}\n');
    assert.equal(await due(), 1, "what was made just now is to be looked at, too");
    await verify();
    assert.equal(await due(), 0);
  });
}

test(
  "a lost version whose file is kept on another machine waits for that, not for ever",
  { skip: skipWithoutMinio, timeout: 120_000 },
  async () => {
    await using instance = await testInstance(
      { "iroko.config.ts": definitions, ran: "" },
      { store: `s3://${minio.server.bucket}/elsewhere` },
    );
    const { verify, told, due } = await made(instance);
    await instance.db.query("update iroko.built set machine = 'another'");
    await instance.store.delete((await pointerOf(instance, "numbers")).objectKey);
    await instance.store.delete("numbers/2026-11-01.jsonl");
    await verify();
    assert.equal(await due(), 1);
    assert.deepEqual(await told(), []);
    await verify(60);
    assert.deepEqual(await told(), [["version_lost", "numbers", undefined]]);
  },
);

test(
  "files are kept until their commit has been verified, and no longer",
  { skip: skipWithoutMinio, timeout: 120_000 },
  async () => {
    await using instance = await testInstance(
      { "iroko.config.ts": definitions, ran: "" },
      { store: `s3://${minio.server.bucket}/kept` },
    );
    const { verify } = await made(instance);
    const { rows } = await instance.db.query<{ file: string }>("select file from iroko.built");
    assert.equal(rows.length, 2);
    assert.ok(rows.every(({ file }) => existsSync(file)));
    await verify();
    await instance.startWorker({ slots: 1 });
    await waitFor(
      "the files to be removed",
      async () =>
        rows.every(({ file }) => !existsSync(file)) &&
        (await instance.db.query("select from iroko.built")).rowCount === 0,
      { seconds: 60, everyMilliseconds: 100 },
    );
  },
);
