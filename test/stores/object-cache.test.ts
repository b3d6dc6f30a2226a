import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { objectCache, openStore } from "@iroko/assets";
import type { Store } from "@iroko/core/engine";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import type { S3Server } from "../support/s3-server.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { startHttpFaultProxy, type HttpFaultProxy } from "../support/http-fault-proxy.ts";
import { contentOf, makeFile } from "./local-file.ts";

let server: S3Server;
let proxy: HttpFaultProxy;
before(async () => {
  if (skipWithoutMinio !== false) return;
  server = await startMinio();
  proxy = await startHttpFaultProxy(server.endpoint);
});
after(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await server?.stop();
});

interface Setup {
  readonly store: Store;
  readonly folder: string;
  readonly put: (content: string | Buffer) => Promise<{ key: string; etag: string }>;
  /** GETs of objects that the server saw. */
  readonly downloads: () => number;
}

const cached = (sentence: string, body: (setup: Setup) => Promise<void>): void =>
  void test(`object cache: ${sentence}`, { skip: skipWithoutMinio }, async () => {
    using folder = createTempDir("cache-test");
    const env = { ...server.env, AWS_ENDPOINT_URL_S3: proxy.endpoint };
    const store = await openStore(`s3://${server.bucket}/cache`, { env });
    proxy.decide = () => undefined;
    const put = async (content: string | Buffer) => {
      const key = `${randomUUID()}.parquet`;
      const { etag } = await store.stage(key, makeFile(folder.path, content));
      proxy.requests.length = 0;
      return { key, etag };
    };
    const downloads = () => proxy.requests.filter((request) => request.startsWith("GET ")).length;
    await body({ store, folder: folder.path, put, downloads });
    await store.close();
  });

cached(
  "an object is brought once, and found afterwards, by another process too",
  async ({ store, folder, put, downloads }) => {
    const { key, etag } = await put("rows");
    const options = { directory: join(folder, "cache"), maxBytes: 1000 };
    const first = await objectCache(options).fetch(store, key, etag);
    assert.equal(first.bytesMoved, 4);
    assert.equal(contentOf(first.file), "rows");
    assert.match(first.file, /\.parquet$/);
    assert.deepEqual(await objectCache(options).fetch(store, key, etag), { file: first.file, bytesMoved: 0 });
    assert.equal(downloads(), 1);
  },
);

cached("those who ask at once share one download", async ({ store, folder, put, downloads }) => {
  const { key, etag } = await put(randomBytes(500_000));
  const cache = objectCache({ directory: join(folder, "cache"), maxBytes: 1e9 });
  const fetched = await Promise.all(
    Array.from({ length: 8 }, (_, index) => cache.fetch(store, key, etag, undefined, join(folder, `step-${index}`))),
  );
  assert.equal(downloads(), 1);
  assert.equal(
    fetched.reduce((sum, { bytesMoved }) => sum + bytesMoved, 0),
    500_000,
  );
  assert.equal(new Set(fetched.map(({ file }) => file)).size, 8);
});

cached("one who gives up does not take the download from the others", async ({ store, folder, put }) => {
  const { key, etag } = await put("rows");
  const cache = objectCache({ directory: join(folder, "cache"), maxBytes: 1e9 });
  const impatient = new AbortController();
  const first = cache.fetch(store, key, etag, impatient.signal);
  const second = cache.fetch(store, key, etag, new AbortController().signal);
  proxy.decide = () => {
    impatient.abort(new Error("canceled"));
    return undefined;
  };
  await assert.rejects(first, { message: "canceled" });
  assert.equal(contentOf((await second).file), "rows");
});

cached("a download that everyone gave up can be asked for again", async ({ store, folder, put }) => {
  const { key, etag } = await put("rows");
  const cache = objectCache({ directory: join(folder, "cache"), maxBytes: 1e9 });
  const impatient = new AbortController();
  proxy.decide = () => {
    impatient.abort(new Error("canceled"));
    return { kind: "silence" };
  };
  await assert.rejects(cache.fetch(store, key, etag, impatient.signal), { message: "canceled" });
  proxy.decide = () => undefined;
  assert.equal(contentOf((await cache.fetch(store, key, etag)).file), "rows");
});

cached(
  "the least recently used copies go first, and what a step holds stays readable",
  async ({ store, folder, put }) => {
    const directory = join(folder, "cache");
    const cache = objectCache({ directory, maxBytes: 2500 });
    const objects = [];
    for (let index = 0; index < 3; index++) objects.push(await put(Buffer.alloc(1000, 65 + index)));
    const [a, b, c] = objects as [(typeof objects)[0], (typeof objects)[0], (typeof objects)[0]];
    const held = await cache.fetch(store, a.key, a.etag, undefined, join(folder, "step"));
    const inCacheA = (await cache.fetch(store, a.key, a.etag)).file;
    const inCacheB = (await cache.fetch(store, b.key, b.etag)).file;
    utimesSync(inCacheA, 1, 1);
    utimesSync(inCacheB, 2, 2);
    // Asked for again, A is used last.
    await cache.fetch(store, a.key, a.etag);
    const inCacheC = (await cache.fetch(store, c.key, c.etag)).file;
    assert.deepEqual(
      [inCacheA, inCacheB, inCacheC].map((file) => existsSync(file)),
      [true, false, true],
    );
    utimesSync(inCacheA, 1, 1);
    await cache.fetch(store, b.key, b.etag);
    assert.equal(existsSync(inCacheA), false);
    assert.equal(contentOf(held.file), "A".repeat(1000));
  },
);

cached("an object larger than the whole cache reaches its step, and does not stay", async ({ store, folder, put }) => {
  const { key, etag } = await put(Buffer.alloc(5000, 66));
  const directory = join(folder, "cache");
  const { file } = await objectCache({ directory, maxBytes: 10 }).fetch(
    store,
    key,
    etag,
    undefined,
    join(folder, "step"),
  );
  assert.equal(statSync(file).size, 5000);
  const kept = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.deepEqual(kept, []);
});

cached("two generations of a key are two copies, and the wrong one is never given", async ({ store, folder, put }) => {
  const [one, two] = [await put("generation 1"), await put("generation 2")];
  const cache = objectCache({ directory: join(folder, "cache"), maxBytes: 1e6 });
  const stable = `stable-${randomUUID()}`;
  const first = await store.publish(one.key, stable, { incarnation: 1, version: 1 });
  assert.equal(contentOf((await cache.fetch(store, stable, first.etag)).file), "generation 1");
  const second = await store.publish(two.key, stable, { incarnation: 1, version: 2 });
  assert.equal(contentOf((await cache.fetch(store, stable, second.etag)).file), "generation 2");
  assert.equal(contentOf((await cache.fetch(store, stable, first.etag)).file), "generation 1");
  const empty = objectCache({ directory: join(folder, "other"), maxBytes: 1e6 });
  await assert.rejects(empty.fetch(store, stable, first.etag), { code: "OBJECT_CHANGED" });
});

test("object cache: a local store's own file is given as it is", async () => {
  using folder = createTempDir("cache-test");
  const store = await openStore(join(folder.path, "store"));
  const { etag } = await store.stage("a.parquet", makeFile(folder.path, "rows"));
  const cache = objectCache({ directory: join(folder.path, "cache"), maxBytes: 1e6 });
  const { file, bytesMoved } = await cache.fetch(store, "a.parquet", etag);
  assert.equal(file, store.localFile("a.parquet"));
  assert.equal(bytesMoved, 0);
  assert.equal(readFileSync(file, "utf8"), "rows");
});
