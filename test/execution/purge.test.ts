/** What is purged is nowhere any more: a word that was planted everywhere is looked for everywhere. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { objectCache } from "@iroko/assets";
import {
  listEvents,
  listPartitions,
  listVersions,
  explainAsset,
  purgedAt,
  readMoment,
  purgePartitions,
  type Purged,
  type Store,
} from "@iroko/core/engine";
import { partitionOf, setOfPartitions } from "@iroko/core";
import { tidier } from "../../packages/core/src/execution/tidy.ts";
import { deletePurged } from "../../packages/core/src/execution/purge.ts";
import { versionedInstance, type VersionedInstance } from "../support/make-versions.ts";
import { minioOfFile, skipWithoutMinio } from "../support/minio.ts";
import { waitFor } from "../support/wait-for.ts";

const minio = minioOfFile();

/** The word of a day, in its rows, its metadata, its check's sample, its log and its errors. */
const definitions = `
  import { check } from "./odd-check.ts";
  const schema2 = z.object({ n: z.int(), name: sensitive(z.string()) });
  const word = (key) => "canary-" + key;
  const people = asset({ key: "people", partitions: days, schema: schema2, output: jsonLines("people"), checks: [check],
    retry: retryPolicy({ maxRetries: 0 }),
    async materialize(ctx) {
      const name = word(ctx.partition.key);
      console.log("made", name);
      if (said() === 14) { console.error("dying with", name); process.kill(process.pid, "SIGKILL"); await new Promise(() => {}); }
      if (said() === 13) throw new Error("cannot read " + name);
      return { data: [{ n: said(), name }], metadata: { seen: name } };
    } });
  const copied = asset({ key: "copied", partitions: days, schema, output: jsonLines("copied"), deps: { people },
    async materialize(ctx) { for await (const row of ctx.deps.people.rows()) console.log("read", row.name); return [{ n: 1 }]; } });
  export default define({ assets: [people, copied] });
`;
const oddCheck = `
  export const check = { name: "odd", kind: "odd", severity: "warn", blocking: false, columns: [], history: 0,
    run: async ({ partition }) => ({ passed: false, violations: 1, message: "canary-" + partition.key, sample: [{ name: "canary-" + partition.key }] }) };
`;

async function setup(store?: string): Promise<VersionedInstance> {
  return await versionedInstance(definitions, store === undefined ? {} : { store }, { "odd-check.ts": oddCheck });
}

async function purge(
  instance: VersionedInstance,
  keys: readonly string[],
  options?: { readonly dryRun?: boolean; readonly reason?: string },
): Promise<Purged> {
  const { snapshot } = await instance.deploy();
  const asset = snapshot.assets.find(({ key }) => key === "people")!;
  const set = setOfPartitions(
    asset.partitions,
    keys.map((key) => partitionOf(asset.partitions, key)),
  );
  return await purgePartitions(instance.db, instance.store, { ...asset, storage: asset.storage! }, set, options);
}

/** Where a word still is: tables by name, objects by key, cached files. */
async function placesOf(instance: VersionedInstance, word: string): Promise<readonly string[]> {
  const { db, store, project } = instance;
  const places: string[] = [];
  const { rows: tables } = await db.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'iroko' order by 1",
  );
  for (const { name } of tables) {
    const { rowCount } = await db.query(`select from iroko.${name} t where t::text like '%' || $1 || '%' limit 1`, [
      word,
    ]);
    if (rowCount === 1) places.push(`table ${name}`);
  }
  for (const key of await keysIn(store)) {
    const text = Buffer.from(await store.readRange(key, 0, 10_000)).toString();
    if (text.includes(word)) places.push(`object ${key.split("/")[0]}`);
  }
  for (const folder of ["cache", "work"]) {
    const entries = await readdir(join(project.folder, folder), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const text = await readFile(join(entry.parentPath, entry.name), "utf8").catch(() => "");
      if (text.includes(word)) places.push(`file in ${folder}`);
    }
  }
  return [...new Set(places)];
}

async function keysIn(store: Store): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list("")) keys.push(key);
  return keys.toSorted();
}

for (const kind of ["local", "MinIO"] as const) {
  test(
    `${kind}: nothing of a purged partition is left, its neighbour has lost nothing`,
    { skip: kind === "MinIO" && skipWithoutMinio },
    async () => {
      await using instance = await setup(kind === "MinIO" ? `s3://${minio.server.bucket}/purge` : undefined);
      const { db, project, store } = instance;
      for (const n of [1, 2]) await instance.make(n, "*", "2026-11-01..2026-11-02");
      await assert.rejects(instance.make(13, "people", "2026-11-01"), /failed/);
      await assert.rejects(instance.make(14, "people", "2026-11-01"), /failed/);
      const before = await placesOf(instance, "canary-2026-11-01");
      for (const place of ["asset_partition", "asset_version", "check_result", "event", "log", "step", "step_output"])
        assert.ok(before.includes(`table ${place}`), place);
      for (const place of ["object people", "object _v"]) assert.ok(before.includes(place), place);
      if (kind === "MinIO") assert.ok(before.includes("file in cache"));
      const neighbour = await placesOf(instance, "canary-2026-11-02");

      const would = await purge(instance, ["2026-11-01"], { dryRun: true });
      assert.deepEqual(await placesOf(instance, "canary-2026-11-01"), before, "a dry run leaves all as it was");
      assert.deepEqual(await purge(instance, ["2026-11-01"]), would);
      const cache = objectCache({ directory: join(project.folder, "cache"), maxBytes: 2 ** 30 });
      await tidier({ db, store, cache })(new AbortController().signal);
      // Built files are swept by their machine's workers.
      await waitFor(
        "the last trace to be gone",
        async () => (await placesOf(instance, "canary-2026-11-01")).length === 0,
        { seconds: 60 },
      ).catch(async () => assert.deepEqual(await placesOf(instance, "canary-2026-11-01"), []));
      assert.deepEqual(await placesOf(instance, "canary-2026-11-02"), neighbour);

      assert.deepEqual([would.partitions, would.versions], [1, 2]);
      const [event] = await listEvents(db, { asset: "people" }, { limit: 1 });
      assert.deepEqual([event?.type, event?.payload], ["purged", { ...would }]);
    },
  );
}

test("a purged partition is missing, and says so; made again, its version goes on from the last one", async () => {
  await using instance = await setup();
  const { db, store } = instance;
  for (const n of [1, 2]) await instance.make(n);
  const id = "2026-10-31T23:00:00Z";
  await purge(instance, ["2026-11-01"]);
  assert.deepEqual(await listPartitions(db, "people", { limit: 10, only: id }), []);
  assert.deepEqual(await listVersions(db, "people", id), []);
  assert.ok((await purgedAt(db, "people", id)) instanceof Temporal.Instant);
  await instance.make(3, "people", "missing");
  assert.deepEqual(
    (await listVersions(db, "people", id)).map(({ version, current }) => [version, current]),
    [[3, true]],
  );
  assert.equal(await purgedAt(db, "people", id), undefined);
  // Looking again for what may have come late takes nothing away that was made since.
  await deletePurged(db, store);
  const text = Buffer.from(await store.readRange("people/2026-11-01.jsonl", 0, 100)).toString();
  assert.match(text, /"n":3/);
});

test("why a purged partition is missing is said: when it was purged, and why", async () => {
  await using instance = await setup();
  await instance.make(1);
  await purge(instance, ["2026-11-01"], { reason: "asked for by Ada" });
  const location = await instance.deploy();
  const now = await readMoment(instance.db, location.snapshot, Temporal.Instant.from("2026-11-08T06:00:00Z"));
  const { groups } = await explainAsset(instance.db, location, "people@2026-11-01", now);
  const [reason] = groups[0]!.because;
  assert.equal(groups[0]?.status, "missing");
  assert.equal(reason?.code, "PURGED");
  assert.match(
    reason.message,
    /^people@2026-11-01 was purged at \S+ \(asked for by Ada\), and nothing above it keeps it/,
  );
  await instance.make(3, "people", "missing");
  assert.notEqual((await explainAsset(instance.db, location, "people@2026-11-01", now)).groups[0]?.status, "missing");
});

test("an object that was copied late is deleted when a worker looks again", async () => {
  await using instance = await setup();
  const { db, store } = instance;
  await instance.make(1);
  const objectKey = (await listVersions(db, "people", "2026-10-31T23:00:00Z"))[0]!.objectKey!;
  const bytes = Buffer.from(await store.readRange(objectKey, 0, 1000));
  await purge(instance, ["2026-11-01"]);
  await instance.project.write("late", bytes.toString());
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  for (const key of [objectKey, "people/2026-11-01.jsonl"])
    await store.stage(key, { path: instance.project.file("late"), bytes: bytes.length, sha256 });
  await deletePurged(db, store);
  assert.deepEqual(await placesOf(instance, "canary-2026-11-01"), []);
});

test("nothing is purged that a run is making or reading", async () => {
  await using instance = await setup();
  await instance.make(1);
  await instance.db.query("update iroko.step set status = 'ready', ended_at = null where name = 'copied'");
  await instance.db.query("update iroko.run set status = 'running', ended_at = null");
  await assert.rejects(purge(instance, ["2026-11-01"]), { code: "PARTITION_BUSY" });
  assert.ok((await placesOf(instance, "canary-2026-11-01")).includes("object people"));
});
