import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { AddressInfo } from "node:net";
import { openStore } from "@iroko/assets";
import type { Store, UploadProgress } from "@iroko/core/engine";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import type { S3Server } from "../support/s3-server.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { skipWithoutVersitygw, startVersitygw } from "../support/versitygw.ts";
import { startHttpFaultProxy, type HttpFaultProxy } from "../support/http-fault-proxy.ts";
import { collect, contentOf, makeFile, sha256 } from "./local-file.ts";

const mebibyte = 1024 * 1024;
const version = (number: number) => ({ incarnation: 1, version: number });

for (const { name, start, skip } of [
  { name: "MinIO", start: startMinio, skip: skipWithoutMinio },
  { name: "versitygw", start: startVersitygw, skip: skipWithoutVersitygw },
]) {
  let server: S3Server;
  let proxy: HttpFaultProxy;
  before(async () => {
    if (skip !== false) return;
    server = await start();
    proxy = await startHttpFaultProxy(server.endpoint);
  });
  after(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await server?.stop();
  });

  const under = (sentence: string, body: (store: Store, folder: string, at: string) => Promise<void>): void =>
    void test(`${name}: ${sentence}`, { skip }, async () => {
      using folder = createTempDir("store-faults");
      const env = { ...server.env, AWS_ENDPOINT_URL_S3: proxy.endpoint };
      const store = await openStore(`s3://${server.bucket}/faults`, { env, requestSeconds: 5 });
      proxy.decide = () => undefined;
      proxy.requests.length = 0;
      try {
        await body(store, folder.path, `t-${randomUUID().slice(0, 8)}`);
      } finally {
        proxy.decide = () => undefined;
        await store.close();
      }
    });

  /** Loses the answers to the first `times` requests that match. */
  const lose = (times: number, matches: (method: string, url: string) => boolean): void => {
    proxy.decide = (method, url) => (matches(method, url) && times-- > 0 ? { kind: "loseAnswer" } : undefined);
  };

  under("a put whose answer is lost is found by its checksum", async (store, folder, at) => {
    lose(1, (method) => method === "PUT");
    const file = makeFile(folder, "kept");
    const put = await store.stage(`${at}/a`, file);
    assert.equal(put.etag, (await store.head(`${at}/a`))?.etag);
  });

  under("a put whose every answer is lost is found all the same", async (store, folder, at) => {
    lose(Number.POSITIVE_INFINITY, (method) => method === "PUT");
    assert.equal((await store.stage(`${at}/a`, makeFile(folder, "kept"))).bytes, 4);
  });

  under("a publish whose answer is lost has published, once", async (store, folder, at) => {
    await store.stage(`_v/${at}/1`, makeFile(folder, "one"));
    await store.probe();
    lose(1, (method, url) => method === "POST" && url.includes("uploadId="));
    assert.equal((await store.publish(`_v/${at}/1`, `${at}/p`, version(1))).outcome, "published");
    assert.equal(await store.isPublished(`_v/${at}/1`, `${at}/p`, version(1)), true);
    assert.deepEqual(await collect(store.uploads(`${at}/`)), []);
  });

  under(
    "a publisher that is frozen just before its last request leaves a newer version alone",
    async (store, folder, at) => {
      for (const number of [1, 2]) await store.stage(`_v/${at}/${number}`, makeFile(folder, `version ${number}`));
      await store.probe();
      const [reached, thawed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      proxy.decide = (method, url) => {
        if (method !== "POST" || !url.includes("uploadId=")) return undefined;
        proxy.decide = () => undefined;
        reached.resolve();
        return { kind: "hold", until: thawed.promise };
      };
      const frozen = store.publish(`_v/${at}/1`, `${at}/p`, version(1));
      await reached.promise;
      const other = await openStore(store.uri, { env: server.env });
      assert.equal((await other.publish(`_v/${at}/2`, `${at}/p`, version(2))).outcome, "published");
      thawed.resolve();
      assert.equal((await frozen).outcome, "newerThere");
      assert.equal(await other.isPublished(`_v/${at}/2`, `${at}/p`, version(2)), true);
      assert.deepEqual(await collect(other.uploads(`${at}/`)), []);
      await other.close();
    },
  );

  under("409 and 412 are looked behind, and what was not done is done again", async (store, folder, at) => {
    await store.probe();
    const answers = [
      { kind: "answer", status: 409, code: "ConditionalRequestConflict" },
      { kind: "answer", status: 412, code: "PreconditionFailed" },
    ] as const;
    let staging = 0;
    proxy.decide = (method) => (method === "PUT" ? answers[staging++] : undefined);
    await store.stage(`_v/${at}/1`, makeFile(folder, "one"));
    assert.equal(staging, 3);
    let publishing = 0;
    proxy.decide = (method, url) =>
      method === "POST" && url.includes("uploadId=") ? answers[publishing++] : undefined;
    assert.equal((await store.publish(`_v/${at}/1`, `${at}/p`, version(1))).outcome, "published");
    assert.equal(publishing, 3);
    assert.equal(await store.isPublished(`_v/${at}/1`, `${at}/p`, version(1)), true);
    assert.deepEqual(await collect(store.uploads(`${at}/`)), []);
  });

  under("a server that cannot serve now is as good as away", async (store, folder, at) => {
    for (const status of [502, 503, 504]) {
      proxy.decide = () => ({ kind: "answer", status, code: "ServiceUnavailable" });
      await assert.rejects(store.stage(`${at}/a`, makeFile(folder)), { code: "STORE_UNREACHABLE" });
    }
  });

  under("a server in trouble is asked again", async (store, folder, at) => {
    let troubles = 4;
    proxy.decide = (method) =>
      method === "PUT" && troubles-- > 0 ? { kind: "answer", status: 503, code: "SlowDown" } : undefined;
    assert.equal((await store.stage(`${at}/a`, makeFile(folder, "kept"))).bytes, 4);
  });

  under("a cut download goes on from the byte that it reached", async (store, folder, at) => {
    const content = randomBytes(3 * mebibyte);
    await store.stage(`${at}/a`, makeFile(folder, content));
    const ranges: (string | undefined)[] = [];
    proxy.decide = (method, _url, headers) => {
      if (method !== "GET") return undefined;
      ranges.push(headers.range);
      return ranges.length <= 2 ? { kind: "cutBody", after: mebibyte } : undefined;
    };
    const { bytesMoved } = await store.download(`${at}/a`, join(folder, "here"));
    assert.equal(sha256(readFileSync(join(folder, "here"))), sha256(content));
    assert.equal(bytesMoved, content.length);
    assert.equal(ranges[0], undefined);
    assert.equal(ranges.length, 3);
    assert.match(ranges[1] ?? "", /^bytes=[1-9]\d*-$/);
  });

  under("a download that never gets anywhere ends, and leaves nothing", async (store, folder, at) => {
    await store.stage(`${at}/a`, makeFile(folder, randomBytes(mebibyte)));
    proxy.decide = (method) => (method === "GET" ? { kind: "cutBody", after: 0 } : undefined);
    const before = readdirSync(folder).length;
    await assert.rejects(store.download(`${at}/a`, join(folder, "here")), { code: "STORE_UNREACHABLE" });
    assert.equal(readdirSync(folder).length, before);
  });

  under("a large file goes up in parts, whole", async (store, folder, at) => {
    const content = randomBytes(70 * mebibyte);
    const file = makeFile(folder, content);
    const told: UploadProgress[] = [];
    const put = await store.stage(`${at}/large`, file, {
      onPart: (progress) => Promise.resolve(void told.push(progress)),
    });
    assert.equal(put.bytesMoved, file.bytes);
    assert.deepEqual(
      told.map(({ parts }) => parts.length),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    assert.equal((await store.head(`${at}/large`))?.etag, put.etag);
    await store.download(`${at}/large`, join(folder, "back"));
    assert.equal(sha256(readFileSync(join(folder, "back"))), file.sha256);
    assert.equal((await store.stage(`${at}/large`, file)).etag, put.etag);
    await store.publish(`${at}/large`, `${at}/p`, version(1));
    assert.equal((await store.head(`${at}/p`))?.bytes, file.bytes);
    assert.deepEqual(await collect(store.uploads(`${at}/`)), []);
  });

  under("a cut upload goes on in another process with the parts that arrived", async (store, folder, at) => {
    const file = makeFile(folder, randomBytes(70 * mebibyte));
    const power = new AbortController();
    let last: UploadProgress | undefined;
    const cut = store.stage(`${at}/large`, file, {
      signal: power.signal,
      onPart: (progress) => {
        last = progress;
        if (progress.parts.length === 4) power.abort(new Error("power cut"));
        return Promise.resolve();
      },
    });
    await assert.rejects(cut, { message: "power cut" });
    assert.equal(await store.head(`${at}/large`), undefined);
    const [underway] = await collect(store.uploads(`${at}/`));
    assert.deepEqual([underway?.key, underway?.uploadId], [`${at}/large`, last?.uploadId]);

    const other = await openStore(store.uri, { env: server.env });
    const recorded = JSON.parse(JSON.stringify(last)) as UploadProgress;
    const put = await other.stage(`${at}/large`, file, { resume: recorded });
    assert.equal(put.bytesMoved, file.bytes - recorded.parts.length * recorded.partBytes);
    await other.download(`${at}/large`, join(folder, "back"));
    assert.equal(sha256(readFileSync(join(folder, "back"))), file.sha256);
    assert.deepEqual(await collect(other.uploads(`${at}/`)), []);
    await other.close();
  });

  under("a resumed upload of another file keeps none of the wrong parts", async (store, folder, at) => {
    const first = randomBytes(66 * mebibyte);
    const power = new AbortController();
    let last: UploadProgress | undefined;
    const cut = store.stage(`${at}/large`, makeFile(folder, first), {
      signal: power.signal,
      onPart: (progress) => {
        last = progress;
        if (progress.parts.length === 3) power.abort(new Error("power cut"));
        return Promise.resolve();
      },
    });
    await assert.rejects(cut, { message: "power cut" });
    const second = Buffer.from(first);
    second[100] = (second[100] ?? 0) ^ 1;
    const file = makeFile(folder, second);
    assert.ok(last);
    await store.stage(`${at}/large`, file, { resume: last });
    await store.download(`${at}/large`, join(folder, "back"));
    assert.equal(sha256(readFileSync(join(folder, "back"))), file.sha256);
  });

  under("an upload that was aborted meanwhile begins anew", async (store, folder, at) => {
    const file = makeFile(folder, randomBytes(65 * mebibyte));
    const power = new AbortController();
    let last: UploadProgress | undefined;
    const cut = store.stage(`${at}/large`, file, {
      signal: power.signal,
      onPart: (progress) => {
        last = progress;
        if (progress.parts.length === 1) power.abort(new Error("power cut"));
        return Promise.resolve();
      },
    });
    await assert.rejects(cut, { message: "power cut" });
    assert.ok(last);
    await store.abortUpload(`${at}/large`, last.uploadId);
    await store.abortUpload(`${at}/large`, last.uploadId);
    assert.equal((await store.stage(`${at}/large`, file, { resume: last })).bytesMoved, file.bytes);
  });

  under("an upload whose last answer is lost is found complete", async (store, folder, at) => {
    const file = makeFile(folder, randomBytes(65 * mebibyte));
    lose(3, (method, url) => method === "POST" && url.includes("uploadId="));
    assert.equal((await store.stage(`${at}/large`, file)).bytes, file.bytes);
    assert.deepEqual(await collect(store.uploads(`${at}/`)), []);
  });

  under("a large key is written once too", async (store, folder, at) => {
    await store.stage(`${at}/large`, makeFile(folder, "small, but first"));
    const file = makeFile(folder, randomBytes(65 * mebibyte));
    await assert.rejects(store.stage(`${at}/large`, file), { code: "OBJECT_CONFLICT" });
    assert.deepEqual(await collect(store.uploads(`${at}/`)), []);
  });

  under("without conditional multiparts publishing brings the object down and up", async (store, folder, at) => {
    proxy.decide = (method, url, headers) =>
      method === "POST" && url.includes("uploadId=") && (headers["if-match"] ?? headers["if-none-match"])
        ? { kind: "answer", status: 501, code: "NotImplemented" }
        : undefined;
    const abilities = await store.probe();
    assert.equal(abilities.publishBy, "conditionalPut");
    assert.match(abilities.notes.join(), /brings the object down and up/);
    await publishesInOrder(store, folder, at);
  });

  under("without any condition publishing still goes by the version that is there", async (store, folder, at) => {
    proxy.decide = (_method, _url, headers) =>
      headers["if-match"] !== undefined || headers["if-none-match"] !== undefined
        ? { kind: "answer", status: 501, code: "NotImplemented" }
        : undefined;
    const abilities = await store.probe();
    assert.equal(abilities.publishBy, "unconditional");
    assert.equal(abilities.notes.length, 2);
    await store.stage(`${at}/once`, makeFile(folder, "first"));
    await assert.rejects(store.stage(`${at}/once`, makeFile(folder, "other")), { code: "OBJECT_CONFLICT" });
    await publishesInOrder(store, folder, at);
  });

  const publishesInOrder = async (store: Store, folder: string, at: string): Promise<void> => {
    for (const number of [1, 2, 3]) await store.stage(`_v/${at}/${number}`, makeFile(folder, `version ${number}`));
    const outcomes = [];
    for (const number of [1, 3, 2, 3])
      outcomes.push((await store.publish(`_v/${at}/${number}`, `${at}/p`, version(number))).outcome);
    assert.deepEqual(outcomes, ["published", "published", "newerThere", "alreadyCurrent"]);
    await store.download(`${at}/p`, join(folder, "p"));
    assert.equal(contentOf(join(folder, "p")), "version 3");
  };

  under("a file that is gone before it is staged is not blamed on the server", async (store, folder, at) => {
    const file = { ...makeFile(folder), path: join(folder, "gone") };
    await assert.rejects(store.stage(`${at}/a`, file), { code: "ENOENT" });
    await assert.rejects(store.stage(`${at}/a`, { ...file, bytes: 70 * mebibyte }), { code: "ENOENT" });
  });

  under("a full store says so", async (store, folder, at) => {
    proxy.decide = (method) =>
      method === "PUT" ? { kind: "answer", status: 507, code: "XMinioStorageFull" } : undefined;
    await assert.rejects(store.stage(`${at}/a`, makeFile(folder)), { code: "STORE_FULL" });
  });

  under("wrong credentials say which variable to look at, and print no secret", async (_store, folder) => {
    const secret = "wrong-secret-canary";
    for (const [wrong, hint] of [
      [{ AWS_SECRET_ACCESS_KEY: secret }, /AWS_SECRET_ACCESS_KEY/],
      [{ AWS_ACCESS_KEY_ID: "nobody", AWS_SECRET_ACCESS_KEY: secret }, /AWS_ACCESS_KEY_ID/],
    ] as const) {
      const store = await openStore(`s3://${server.bucket}`, { env: { ...server.env, ...wrong } });
      const denied = (error: { code: string; hint: string; message: string }) => {
        assert.equal(error.code, "STORE_DENIED");
        assert.match(error.hint, hint);
        assert.doesNotMatch(JSON.stringify([error, error.message]), /canary/);
        return true;
      };
      await assert.rejects(store.probe(), denied);
      await assert.rejects(store.head("a"), { code: "STORE_DENIED" });
      await assert.rejects(store.download("a", join(folder, "a")), { code: "STORE_DENIED" });
      await store.close();
    }
  });

  under("a missing bucket says how to make it", async (_store, folder) => {
    const store = await openStore("s3://no-such-bucket/x", { env: server.env });
    const noBucket = { code: "STORE_NO_BUCKET", hint: /aws s3 mb s3:\/\/no-such-bucket --endpoint-url http/ };
    await assert.rejects(store.probe(), noBucket);
    await assert.rejects(store.stage("a", makeFile(folder)), noBucket);
    await assert.rejects(collect(store.list("")), noBucket);
    await assert.rejects(store.head("a"), noBucket);
    await assert.rejects(store.download("a", join(folder, "a")), noBucket);
    await store.close();
  });

  under("a server that never answers is given up in time", async (store, folder, at) => {
    const quick = await openStore(store.uri, {
      env: { ...server.env, AWS_ENDPOINT_URL_S3: proxy.endpoint },
      requestSeconds: 0.3,
    });
    proxy.decide = () => ({ kind: "silence" });
    const startedAt = performance.now();
    await assert.rejects(quick.probe(), { code: "STORE_UNREACHABLE" });
    assert.ok(performance.now() - startedAt < 3000);
    await assert.rejects(quick.download(`${at}/a`, join(folder, "a")), { code: "STORE_UNREACHABLE" });
    assert.equal(existsSync(join(folder, "a")), false);
    await quick.close();
  });
}

test("a dead endpoint is named with the variable that gave it, within seconds", async () => {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const keys = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
  for (const variable of ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]) {
    const store = await openStore("s3://bucket/x", { env: { ...keys, [variable]: endpoint } });
    const startedAt = performance.now();
    await assert.rejects(store.probe(), (error: { code: string; message: string; hint: string }) => {
      assert.equal(error.code, "STORE_UNREACHABLE");
      assert.ok(error.message.includes(endpoint), error.message);
      assert.match(error.hint, new RegExp(`^${variable} `));
      return true;
    });
    assert.ok(performance.now() - startedAt < 5000);
    await store.close();
  }
});

test("a host that does not exist is named", async () => {
  const env = {
    AWS_ACCESS_KEY_ID: "a",
    AWS_SECRET_ACCESS_KEY: "b",
    AWS_ENDPOINT_URL_S3: "http://no-such-host.invalid:9000",
  };
  const store = await openStore("s3://bucket/x", { env });
  await assert.rejects(store.head("a"), { code: "STORE_UNREACHABLE", message: /no-such-host\.invalid/ });
  await store.close();
});

test("an address without a scheme is refused with its variable", async () => {
  for (const address of ["localhost:9000", "127.0.0.1:9000", "ftp://host", "http://"])
    await assert.rejects(openStore("s3://bucket/x", { env: { AWS_ENDPOINT_URL: address } }), {
      code: "STORE_URI",
      message: new RegExp(`^AWS_ENDPOINT_URL is "${address}"`),
    });
});

test("a server that speaks another protocol is said not to be an S3 server", async () => {
  const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
  for (const scheme of ["https", "http"]) {
    if (scheme === "http")
      server.removeAllListeners("connection").on("connection", (socket) => socket.end("SSH-2.0\r\n"));
    const address = `${scheme}://127.0.0.1:${port}`;
    const store = await openStore("s3://bucket/x", { env: { ...env, AWS_ENDPOINT_URL: address } });
    await assert.rejects(store.probe(), { code: "STORE_UNREACHABLE", hint: /AWS_ENDPOINT_URL right, http or https/ });
    await store.close();
  }
  server.close();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
