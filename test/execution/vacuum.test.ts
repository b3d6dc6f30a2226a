/** What is deleted from a store, and above all what is not. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { CreateMultipartUploadCommand, S3Client } from "@aws-sdk/client-s3";
import fc from "fast-check";
import { objectCache, openStore } from "@iroko/assets";
import { listVersions, openDatabase, vacuum, type Database, type Garbage, type Store } from "@iroko/core/engine";
import { applyRetention } from "../../packages/core/src/execution/retention.ts";
import { tidier } from "../../packages/core/src/execution/tidy.ts";
import { createMigratedDatabase } from "../support/database.ts";
import { firstDay, versionedInstance } from "../support/make-versions.ts";
import { minioOfFile, skipWithoutMinio } from "../support/minio.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const minio = minioOfFile();

const now = Temporal.Now.instant();
const hours = (count: number): Temporal.Instant => now.add({ seconds: count * 3600 });

async function all(garbage: AsyncIterable<Garbage>): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { kind, key } of garbage) keys.push(kind === "upload" ? `upload ${key}` : key);
  return keys.toSorted();
}

async function keysIn(store: Store, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys.toSorted();
}

async function put(store: Store, key: string, modifiedAt: Temporal.Instant): Promise<void> {
  const file = fileURLToPath(store.uriOf(key));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, key);
  await utimes(file, new Date(modifiedAt.epochMilliseconds), new Date(modifiedAt.epochMilliseconds));
}

for (const kind of ["local", "MinIO"] as const) {
  test(
    `${kind}: what retention lets go of and what no step ever told go; current and kept versions stay readable`,
    { skip: kind === "MinIO" && skipWithoutMinio },
    async () => {
      const address = kind === "MinIO" ? { store: `s3://${minio.server.bucket}/vacuum` } : {};
      await using instance = await versionedInstance(undefined, address);
      const { db, store } = instance;
      for (const n of [1, 2, 3, 4, 5]) await instance.make(n);
      const [last] = await listVersions(db, "numbers", firstDay);
      // An attempt that died between its upload and its record of it.
      const orphan = last!.objectKey!.replace(/-\d+\.jsonl$/, "-99.jsonl");
      const from = join(instance.project.folder, "n");
      await writeFile(from, "left");
      await store.stage(orphan, {
        path: from,
        bytes: 4,
        sha256: "360f84035942243c6a36537ae2f8673485e6c04455a0a85a0db19690f2541480",
      });
      const others = await keysIn(store, "_v/");

      assert.deepEqual(await all(vacuum(db, store, { now })), [], "all of it is too young");
      assert.deepEqual(await all(vacuum(db, store, { now: hours(25), dryRun: true })), [orphan]);
      assert.deepEqual(await keysIn(store, "_v/"), others, "a dry run deletes nothing");
      assert.deepEqual(await all(vacuum(db, store, { now: hours(25) })), [orphan]);
      assert.deepEqual(
        await keysIn(store, "_v/"),
        others.filter((key) => key !== orphan),
      );

      assert.equal(await applyRetention(db, store), 2, "of five versions, the current one and three before it stay");
      for (const asset of ["numbers", "doubled"]) {
        const versions = await listVersions(db, asset, firstDay);
        assert.deepEqual(
          versions.map(({ version }) => version),
          [5, 4, 3, 2],
        );
        assert.deepEqual(
          await keysIn(store, `_v/${asset}/`),
          versions.map(({ objectKey }) => objectKey ?? "").toSorted(),
        );
        assert.ok(await store.head(`${asset}/2026-11-01.jsonl`));
      }
      assert.deepEqual(await all(vacuum(db, store, { now: hours(1000) })), []);
    },
  );
}

test(
  "an upload that nobody will go on with is ended, one of a step that will is not",
  { skip: skipWithoutMinio },
  async () => {
    await using instance = await versionedInstance(undefined, { store: `s3://${minio.server.bucket}/uploads` });
    const { db, store } = instance;
    await instance.make(1);
    const client = new S3Client({
      endpoint: minio.server.endpoint,
      region: minio.server.region,
      forcePathStyle: true,
      credentials: { accessKeyId: minio.server.accessKeyId, secretAccessKey: minio.server.secretAccessKey },
    });
    const { rows: steps } = await db.query<{ id: number }>("select id from iroko.step order by id");
    const uploadOf = async (step: number): Promise<string> => {
      const { rows } = await db.query<{ key: string }>(
        "select '_v/numbers/x/' || run || '-' || n || '-7.jsonl' as key from iroko.step where id = $1",
        [step],
      );
      const { key } = rows[0]!;
      const command = new CreateMultipartUploadCommand({ Bucket: minio.server.bucket, Key: `uploads/${key}` });
      const { UploadId } = await client.send(command);
      await db.query(
        "insert into iroko.upload (object_key, step, upload_id, sha256, part_bytes) values ($1, $2, $3, '', 1)",
        [key, step, UploadId],
      );
      return key;
    };
    const [ended, goingOn] = [await uploadOf(steps[0]!.id), await uploadOf(steps[1]!.id)];
    await db.query("update iroko.step set status = 'ready', ended_at = null where id = $1", [steps[1]!.id]);
    await db.query("update iroko.run set status = 'running', ended_at = null");
    // A process that was killed while it asked the store what it can do.
    const probe = ".iroko/probe/0b091dbf-9b34-4b68-9fe7-00a4e29180c6";
    await client.send(new CreateMultipartUploadCommand({ Bucket: minio.server.bucket, Key: `uploads/${probe}` }));
    assert.deepEqual(await all(vacuum(db, store, { now: hours(25) })), [`upload ${probe}`, `upload ${ended}`]);
    const { rows } = await db.query<{ key: string }>("select object_key as key from iroko.upload");
    assert.deepEqual(rows, [{ key: goingOn }]);
    const left: string[] = [];
    for (const key of [probe, ended, goingOn]) for await (const upload of store.uploads(key)) left.push(upload.key);
    assert.deepEqual(left, [goingOn]);
    client.destroy();
  },
);

test("whichever worker comes first does what is due, the others do not", async () => {
  await using instance = await versionedInstance();
  const { db, store } = instance;
  for (const n of [1, 2, 3, 4, 5]) await instance.make(n);
  const counted = async (): Promise<number> => (await listVersions(db, "numbers", firstDay)).length;
  const { signal } = new AbortController();
  const cache = objectCache({ directory: join(instance.project.folder, "cache"), maxBytes: 1 });
  const tidy = (): Promise<void> => tidier({ db, store, cache })(signal);
  await tidy();
  assert.equal(await counted(), 5, "nothing is due yet");
  await db.query("update iroko.duty set begun_at = begun_at - interval '2 hours'");
  await Promise.all([tidy(), tidy()]);
  await waitFor("whoever was first to be done", async () => (await counted()) === 4);
  await db.query("update iroko.asset_version set replaced_at = '2020-01-01'");
  await tidy();
  assert.equal(await counted(), 4, "not twice in an hour");
});

const ages = { young: -1, old: -30, veryOld: -24 * 8 } as const;
type Age = keyof typeof ages;

/** A history: steps that have ended or not, and objects that some of all this names. */
const histories = fc
  .array(fc.array(fc.constantFrom("ready", "running", "succeeded", "failed"), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  })
  .chain((runs) => {
    const steps = runs.flatMap((statuses, run) => statuses.map((status, n) => ({ run, n, status })));
    const step = fc.nat(steps.length - 1);
    const object = fc.record({
      by: fc.option(step, { freq: 5 }),
      age: fc.constantFrom<Age>("young", "old", "old", "veryOld"),
      names: fc.subarray(["pointer", "version", "input", "output", "upload"] as const, { maxLength: 1 }),
      namedBy: step,
    });
    return fc.record({ steps: fc.constant(steps), objects: fc.array(object, { minLength: 1, maxLength: 25 }) });
  });

interface History {
  readonly steps: readonly { readonly run: number; readonly n: number; readonly status: string }[];
  readonly objects: readonly {
    readonly by: number | null;
    readonly age: Age;
    readonly names: readonly string[];
    readonly namedBy: number;
  }[];
}

const isUnfinished = (status: string): boolean => status === "ready" || status === "running";

/** The rule as one would say it aloud. */
function mayGo({ steps }: History, object: History["objects"][number]): boolean {
  if (object.age === "young") return false;
  if (object.names.includes("pointer") || object.names.includes("version")) return false;
  if (object.names.length > 0 && isUnfinished(steps[object.namedBy]!.status)) return false;
  if (object.by === null) return object.age === "veryOld";
  return !isUnfinished(steps[object.by]!.status);
}

async function write(db: Database, store: Store, { steps, objects }: History): Promise<readonly string[]> {
  await db.query(`truncate iroko.location, iroko.run, iroko.step, iroko.step_output, iroko.step_edge, iroko.upload, iroko.built,
    iroko.asset_partition, iroko.asset_version, iroko.log cascade`);
  await db.query("insert into iroko.location (name, version, hash, snapshot) values ('test', 1, '', '{}')");
  const runs = [...new Set(steps.map(({ run }) => run))].map((run) => ({
    id: randomUUID(),
    ended: steps.every((step) => step.run !== run || !isUnfinished(step.status)),
  }));
  await db.query(
    `insert into iroko.run (id, location, snapshot_version, status, trigger, selection, partitions, plan, as_of, planned, expanded, plan_version, ended_at)
     select id, 'test', 1, case when ended then 'succeeded' else 'running' end, 'cli', '', '', '{}', now(), 9, 0, 1, case when ended then now() end
       from json_to_recordset($1) as run (id uuid, ended boolean)`,
    [JSON.stringify(runs)],
  );
  const keys = objects.map(({ by }, index) => {
    const [run, n] = by === null ? [randomUUID(), 0] : [runs[steps[by]!.run]!.id, steps[by]!.n];
    return `_v/a/${index}/${run}-${n}-${index + 1}.jsonl`;
  });
  for (const [place, { run, n, status }] of steps.entries()) {
    const inputs = objects.flatMap(({ names, namedBy }, index) =>
      names.includes("input") && namedBy === place ? [{ objectKey: keys[index] }] : [],
    );
    const { rows } = await db.query<{ id: number }>(
      `insert into iroko.step (run, n, kind, name, assets, location, definition_hash, keys, reason, status, worker, error, ended_at, inputs)
       values ($1, $2, 'materialize', 'a', '{a}', 'test', '', '{}', '', $3, case when $3 = 'running' then gen_random_uuid() end,
               case when $3 = 'failed' then '{}'::jsonb end, case when $3 in ('succeeded', 'failed') then now() end, $4) returning id`,
      [runs[run]!.id, n, status, JSON.stringify({ objects: inputs, uses: {} })],
    );
    for (const [index, { names, namedBy }] of objects.entries()) {
      if (namedBy !== place) continue;
      const values = [rows[0]!.id, String(index), keys[index]];
      if (names.includes("output")) {
        await db.query(
          `insert into iroko.step_output (step, asset, partition, epoch, object_key, rows, bytes, data_version, metadata, checks, seconds)
           values ($1, 'a', $2, 1, $3, 1, 1, 'x', '{}', '[]', 0)`,
          values,
        );
      }
      if (names.includes("upload")) {
        await db.query(
          "insert into iroko.upload (object_key, step, upload_id, sha256, part_bytes) values ($2, $1, 'u', '', 1)",
          [values[0], values[2]],
        );
      }
    }
  }
  for (const [index, { age, names }] of objects.entries()) {
    const key = keys[index]!;
    if (names.includes("pointer")) {
      await db.query(
        "insert into iroko.asset_partition (asset, partition, version, object_key, data_version, made_at) values ('a', $1, 1, $2, 'x', now())",
        [String(index), key],
      );
    }
    if (names.includes("version")) {
      await db.query(
        "insert into iroko.asset_version (asset, partition, version, object_key, data_version, made_at) values ('a', $1, 1, $2, 'x', now())",
        [String(index), key],
      );
    }
    await put(store, key, hours(ages[age]));
  }
  return keys;
}

test("over random histories nothing goes that anything names, and all else goes", async () => {
  using folder = createTempDir("vacuum");
  await using database = await createMigratedDatabase();
  const db = openDatabase(database.url);
  try {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const store = await openStore(join(folder.path, randomUUID()));
        const keys = await write(db, store, history);
        const going = keys.filter((_, index) => mayGo(history, history.objects[index]!)).toSorted();
        const gone = (await all(vacuum(db, store, { now }))).filter((key) => !key.startsWith("upload "));
        assert.deepEqual(gone, going);
        assert.deepEqual(await keysIn(store, "_v/"), keys.filter((key) => !going.includes(key)).toSorted());
      }),
      { numRuns: 20 },
    );
  } finally {
    await db.close();
  }
});

test("what was not put there by a step is left alone, however old", async () => {
  using folder = createTempDir("vacuum");
  await using database = await createMigratedDatabase();
  const db = openDatabase(database.url);
  const store = await openStore(join(folder.path, "store"));
  const keys = ["_v/notes.txt", "_v/a/copy of 1.parquet", "a/2026-11-01.parquet", "_iroko/instance.json"];
  for (const key of keys) await put(store, key, hours(-10_000));
  assert.deepEqual(await all(vacuum(db, store, { now })), []);
  await db.close();
});
