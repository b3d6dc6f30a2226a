/**
 * The answer to a commit, or to a request of the store, is lost after it was carried out: once at each that a step depends
 * on. Nothing is done twice, nothing is lost, and no step is blamed.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openStore } from "@iroko/assets";
import { listPartitions, listSteps } from "@iroko/core/engine";
import { faultProxy } from "../support/fault-proxy.ts";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import { testInstance } from "../support/test-instance.ts";
import { assertAtRest } from "./invariants.ts";

const definitions = `
  import { z } from "zod";
  import { asset, define, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  export const table = asset({
    key: "table", schema: z.object({ n: z.int() }), output: jsonLines("table"), retry: retryPolicy({ maxRetries: 3, baseSeconds: 0.05 }),
    materialize: () => [{ n: 1 }],
  });
  export default define({ assets: [table] });
`;

/** What a connection to Postgres has sent of the transaction that it commits now; "" where it commits none. */
function committing(sent: Buffer): string {
  const text = sent.toString("latin1");
  return text.endsWith("commit\0") ? text.slice(text.lastIndexOf("begin\0")) : "";
}

/** By what only that transaction or request carries. */
const ofPostgres: Readonly<Record<string, (sent: Buffer) => boolean>> = {
  "the claim": (sent) => committing(sent).includes('"inputs":'),
  "the record of what is staged": (sent) => committing(sent).includes('"objectKey":'),
  "the end of the step": (sent) => committing(sent).includes('"outcome":"made"'),
  "the mark that it is published": (sent) => sent.includes("published_version = $3"),
};

const ofTheStore: Readonly<Record<string, RegExp>> = {
  "the put of what is staged": /^PUT \S*\/_v\//,
  "the beginning of the copy": /^POST \S*\/table\.jsonl\?uploads/,
  "the copy": /^PUT \S*\/table\.jsonl\?\S*partNumber=/,
  "the end of the copy": /^POST \S*\/table\.jsonl\?\S*uploadId=/,
};

const timeout = 300_000;

describe("an answer that is lost", () => {
  test("of Postgres: each commit happens once, and is found to have happened", { timeout }, async (t) => {
    await using instance = await testInstance({ "iroko.config.ts": definitions });
    const url = new URL(instance.databaseUrl);
    await using proxy = await faultProxy(Number(url.port));
    url.port = String(proxy.port);
    const { snapshot } = await instance.deploy();
    let version = 0;
    for (const [what, isIt] of Object.entries(ofPostgres)) {
      let lost = 0;
      proxy.set({ loseAnswer: (sent) => lost === 0 && isIt(sent) && (lost += 1) > 0 });
      // A new worker: its first statements are sent with their text.
      const worker = await instance.startWorker({ slots: 1, databaseUrl: url.href, ttlSeconds: 30 });
      const run = await instance.submit({ select: "table", partitions: { kind: "unspecified" } });
      assert.equal((await instance.ended(run, 60)).status, "succeeded", what);
      await worker.drain(30);
      assert.equal(lost, 1, `the answer to ${what} was lost`);
      version += 1;
      assert.equal((await listPartitions(instance.db, "table", { limit: 1 }))[0]?.version, version, what);
      const [step] = await listSteps(instance.db, run, { limit: 1 });
      // Only a claim that nobody knows of is given back; nothing counts against the step.
      assert.deepEqual([step?.attempt, step?.lostAttempts], what === "the claim" ? [2, 1] : [1, 0], what);
    }
    assert.deepEqual((await assertAtRest(instance.db, instance.store, snapshot)).orphans, []);
    t.diagnostic(`${version} answers of Postgres lost: ${version} versions, each committed once`);
  });

  test(
    "of the store: each request is found to have been carried out",
    { timeout, skip: skipWithoutMinio },
    async (t) => {
      await using server = await startMinio();
      Object.assign(process.env, server.env);
      const uri = `s3://${server.bucket}/lost`;
      await using instance = await testInstance({ "iroko.config.ts": definitions }, { store: uri });
      await using proxy = await faultProxy(Number(new URL(server.endpoint).port));
      const env = { ...server.env, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${proxy.port}` };
      const store = await openStore(uri, { env, requestSeconds: 10 });
      const { snapshot } = await instance.deploy();
      await store.probe();
      await instance.startWorker({ slots: 1, store });
      let version = 0;
      for (const [what, request] of Object.entries(ofTheStore)) {
        let lost = 0;
        proxy.set({
          loseAnswer: (sent) => lost === 0 && lastRequest(sent).some((line) => request.test(line)) && (lost += 1) > 0,
        });
        const run = await instance.submit({ select: "table", partitions: { kind: "unspecified" } });
        assert.equal((await instance.ended(run, 60)).status, "succeeded", what);
        assert.equal(lost, 1, `the answer to ${what} was lost`);
        version += 1;
        const [partition] = await listPartitions(instance.db, "table", { limit: 1 });
        assert.deepEqual([partition?.version, partition?.publishedVersion], [version, version], what);
        assert.equal((await listSteps(instance.db, run, { limit: 1 }))[0]?.attempt, 1, what);
      }
      assert.deepEqual((await assertAtRest(instance.db, instance.store, snapshot)).orphans, []);
      t.diagnostic(`${version} answers of the store lost: ${version} versions, no object twice, none without a name`);
      proxy.set();
    },
  );
});

/** The lines of the last piece that could begin a request. */
function lastRequest(sent: Buffer): readonly string[] {
  const text = sent.toString("latin1");
  return text.slice(Math.max(text.lastIndexOf("PUT /"), text.lastIndexOf("POST /"))).split("\r\n", 1);
}
