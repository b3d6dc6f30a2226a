/**
 * An S3 store behind a bad link: whatever the link does to a request, it is asked again or given up in time, the object is
 * there once and whole, and a reader of the stable key on a good link sees whole versions only.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openStore } from "@iroko/assets";
import { IrokoError } from "@iroko/core";
import type { Put, Store, UploadProgress } from "@iroko/core/engine";
import { faultProxy, type Faults } from "../support/fault-proxy.ts";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import type { S3Server } from "../support/s3-server.ts";
import { seeded, type Chance } from "../support/seeded.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { collect, makeFile, sha256 } from "../stores/local-file.ts";
import { effort } from "./effort.ts";
import { keepReading } from "./reader.ts";

const skip = skipWithoutMinio;
const rounds = effort(2, 40);
const requestSeconds = 2;

let server: S3Server;
before(async () => {
  if (skip === false) server = await startMinio();
});
after(() => server?.stop());

/** What the link does, to half of its connections where it breaks them, chosen anew for each piece of work. */
const links: Readonly<Record<string, (chance: Chance) => Faults>> = {
  "is slow and uneven": () => ({ latency: 5, jitter: 20 }),
  "is narrow": () => ({ bandwidth: 2_000_000 }),
  "resets connections at once": () => ({ refuse: true, share: 0.5 }),
  "cuts what is sent": (chance) => ({ cut: { direction: "up", after: anywhere(chance) }, share: 0.5 }),
  "cuts answers": (chance) => ({ cut: { direction: "down", after: anywhere(chance) }, share: 0.5 }),
  "loses answers": () => ({ loseAnswer: () => true, share: 0.5 }),
  "closes late": () => ({ slowClose: 100, refuse: true, share: 0.5 }),
  "swallows everything now and then": () => ({ blackhole: "both", share: 0.2 }),
};

/** In a request's head as likely as in the hundred kilobytes after it. */
const anywhere = (chance: Chance): number => Math.floor(120_000 ** chance());

for (const [what, faultsOf] of Object.entries(links)) {
  test(
    `a link that ${what}: puts, publishes, reads and lists come through, once and whole`,
    { skip, timeout: 300_000 },
    async (t) => {
      const chance = seeded();
      using folder = createTempDir("store-faults");
      await using proxy = await faultProxy(Number(new URL(server.endpoint).port), chance);
      const at = `t${randomBytes(4).toString("hex")}`;
      const uri = `s3://${server.bucket}/${at}`;
      await using stack = new AsyncDisposableStack();
      const open = async (endpoint: string): Promise<Store> => {
        const store = await openStore(uri, { env: { ...server.env, AWS_ENDPOINT_URL_S3: endpoint }, requestSeconds });
        stack.defer(() => store.close());
        return store;
      };
      const [bad, good] = [await open(`http://127.0.0.1:${proxy.port}`), await open(server.endpoint)];
      await good.probe();
      await bad.probe();

      const hashes: string[] = [];
      const reader = keepReading(
        () => good.readRange("stable", 0, 2 ** 20).catch(unlessMissing),
        (bytes) => assert.ok(hashes.includes(sha256(Buffer.from(bytes))), `torn: ${bytes.length} bytes`),
      );
      stack.defer(() => reader.stop());

      let again = 0;
      /** As its callers do: what was given up for want of an answer is begun anew. */
      const insist = async <Result>(work: () => Promise<Result>): Promise<Result> => {
        for (let attempt = 1; ; attempt += 1) {
          proxy.set(faultsOf(chance));
          try {
            return await inTime(work());
          } catch (error) {
            if (attempt === 20 || !(error instanceof IrokoError) || error.code !== "STORE_UNREACHABLE") throw error;
            again += 1;
          }
        }
      };
      const staged: string[] = [];
      try {
        for (let version = 1; version <= rounds; version += 1) {
          const content = randomBytes(100_000 + version);
          const file = makeFile(folder.path, content);
          hashes.push(file.sha256);
          const key = `_v/${version}`;
          const put = await insist(() => bad.stage(key, file));
          staged.push(key);
          assert.equal((await good.head(key))?.etag, put.etag);
          await insist(() => bad.publish(key, "stable", { incarnation: 1, version }));
          assert.deepEqual((await good.head("stable"))?.version, { incarnation: 1, version });
          const target = join(folder.path, `back-${version}`);
          await insist(() => bad.download("stable", target));
          assert.equal(sha256(readFileSync(target)), file.sha256);
          const range = await insist(() => bad.readRange(key, 1_000, 61_000, { etag: put.etag }));
          assert.deepEqual(Buffer.from(range), content.subarray(1_000, 61_000));
          const listed = await insist(() => collect(bad.list("_v/")));
          assert.deepEqual(listed.map(({ key: found }) => found).toSorted(), staged.toSorted());
        }
      } catch (error) {
        throw new Error(`SEED=${chance.seed} makes the same choices`, { cause: error });
      }
      await reader.stop();
      const { taken, broken } = proxy.count;
      if (/resets|cuts|loses/.test(what)) assert.ok(broken > 0, "the link has broken something");
      t.diagnostic(
        `seed ${chance.seed}: ${rounds} versions over ${taken} connections, ${broken} of them broken; begun anew ${again} times; ` +
          `objects twice 0, torn 0 of ${reader.reads} reads`,
      );
    },
  );
}

test(
  "a link that is cut in a large upload: it goes on with the parts that arrived, and is one object",
  { skip, timeout: 300_000 },
  async (t) => {
    using folder = createTempDir("store-faults");
    await using proxy = await faultProxy(Number(new URL(server.endpoint).port), seeded());
    const env = { ...server.env, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${proxy.port}` };
    const store = await openStore(`s3://${server.bucket}/large`, { env, requestSeconds });
    const file = makeFile(folder.path, randomBytes(66 * 2 ** 20));
    proxy.set({ cut: { direction: "up", after: 5 * 2 ** 20 }, share: 0.6 });
    let progress: UploadProgress | undefined;
    let put: Put | undefined;
    for (let attempt = 1; put === undefined; attempt += 1) {
      const resume = progress === undefined ? {} : { resume: progress };
      const onPart = (told: UploadProgress): Promise<void> => Promise.resolve(void (progress = told));
      put = await inTime(store.stage("_v/large", file, { ...resume, onPart })).catch((error: unknown) => {
        if (attempt === 20 || !(error instanceof IrokoError) || error.code !== "STORE_UNREACHABLE") throw error;
        return undefined;
      });
    }
    proxy.set();
    assert.ok(proxy.count.broken > 0, `of ${proxy.count.taken} connections none was cut`);
    assert.equal((await store.head("_v/large"))?.etag, put.etag);
    await store.download("_v/large", join(folder.path, "back"));
    assert.equal(sha256(readFileSync(join(folder.path, "back"))), file.sha256);
    assert.deepEqual(await collect(store.uploads("")), []);
    await store.close();
    t.diagnostic(`66 MiB over ${proxy.count.taken} connections, ${proxy.count.broken} of them cut`);
  },
);

test(
  "a store that has vanished behind its link is given up in time by every request",
  { skip, timeout: 120_000 },
  async () => {
    using folder = createTempDir("store-faults");
    await using proxy = await faultProxy(Number(new URL(server.endpoint).port));
    const env = { ...server.env, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${proxy.port}` };
    const store = await openStore(`s3://${server.bucket}/gone`, { env, requestSeconds: 0.5 });
    const file = makeFile(folder.path, "kept");
    await store.stage("_v/1", file);
    proxy.set({ blackhole: "both" });
    for (const ask of [
      () => store.stage("_v/2", file),
      () => store.publish("_v/1", "stable", { incarnation: 1, version: 1 }),
      () => store.head("_v/1"),
      () => store.download("_v/1", join(folder.path, "back")),
      () => store.readRange("_v/1", 0, 4),
      () => collect(store.list("")),
      () => store.delete("_v/1"),
      () => collect(store.uploads("")),
      () => store.probe(),
    ])
      await assert.rejects(inTime<unknown>(ask()), { code: "STORE_UNREACHABLE" }, ask.toString());
    proxy.set();
    assert.equal((await store.head("_v/1"))?.bytes, 4);
    await store.close();
  },
);

/** Fails what goes on for ever, long after it should have been given up. */
async function inTime<Result>(work: Promise<Result>): Promise<Result> {
  const seconds = 90;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it hangs: no end within ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof IrokoError && error.code === "OBJECT_NOT_FOUND") return;
  throw error;
}
