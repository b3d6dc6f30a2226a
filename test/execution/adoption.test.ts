/** What was built once is not built again: files and uploads that outlive the attempt, the worker and the link. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openStore } from "@iroko/assets";
import { instanceFacts, listPartitions, listSteps, openGate, type NetworkGate } from "@iroko/core/engine";
import { claimSteps } from "../../packages/core/src/execution/claim.ts";
import { definitionHashesOf } from "../../packages/core/src/execution/step-definition.ts";
import { startHttpFaultProxy } from "../support/http-fault-proxy.ts";
import { collect } from "../stores/local-file.ts";
import { minioOfFile, skipWithoutMinio } from "../support/minio.ts";
import { spawnWorker } from "../support/spawn-worker.ts";
import { location, testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const minio = minioOfFile();

let prefixes = 0;
const prefix = (): string => `s3://${minio.server.bucket}/adoption-${(prefixes += 1)}`;

/** A range of days, one after the other; the file "ran" has a line for each that was computed. */
const days = `
  import { appendFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, byPartition, daily, define } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const ran = new URL("ran", import.meta.url);
  export const numbers = asset({
    key: "numbers", partitions: daily({ start: "2026-11-01", timezone: "UTC" }), backfill: "range",
    schema: z.object({ day: z.string() }), output: jsonLines("numbers"),
    materialize: () => byPartition((partition) => {
      appendFileSync(ran, partition.key + "\\n");
      return [{ day: partition.key }];
    }),
  });
  export default define({ assets: [numbers] });
`;

const request = { select: "numbers", partitions: { kind: "text" as const, text: "2026-11-01..2026-11-04" } };

const ran = async (instance: TestInstance): Promise<readonly string[]> =>
  (await readFile(instance.project.file("ran"), "utf8")).trim().split("\n");

async function killedAt(instance: TestInstance, point: string, env: Record<string, string> = {}): Promise<void> {
  const worker = spawnWorker(instance, 5, { TEST_STORE: instance.store.uri, IROKO_FAILPOINT: `${point}=kill`, ...env });
  const [, signal] = (await once(worker, "exit")) as [number | null, string | null];
  assert.equal(signal, "SIGKILL");
}

const builtRows = async (instance: TestInstance) =>
  (
    await instance.db.query<{ partition: string; file: string }>(
      "select partition, file from iroko.built order by partition",
    )
  ).rows;

const staged = async (instance: TestInstance): Promise<number> => {
  const { rows } = await instance.db.query<{ moved: number }>(
    "select coalesce(sum(bytes_moved), 0)::bigint as moved from iroko.transfer where purpose = 'stage'",
  );
  return rows[0]?.moved ?? 0;
};

const adoption = (sentence: string, body: () => Promise<void>): void =>
  void test(sentence, { skip: skipWithoutMinio, timeout: 120_000 }, body);

adoption(
  "a worker dies before its upload: the next one uploads what was built, and computes only the rest",
  async () => {
    await using instance = await testInstance({ "iroko.config.ts": days, ran: "" }, { store: prefix() });
    await instance.deploy();
    const run = await instance.submit(request);
    await killedAt(instance, "stage.built");
    const kept = (await builtRows(instance)).filter(({ file }) => existsSync(file));
    assert.ok(kept.length >= 1);

    const worker = await instance.startWorker({ slots: 1 });
    assert.equal((await instance.ended(run)).status, "succeeded");
    const lines = await ran(instance);
    // Not always the first ones: files are kept as they come, beside each other.
    for (const key of kept.map(({ partition }) => partition.slice(0, 10)))
      assert.equal(lines.filter((line) => line === key).length, 1, key);
    const [step] = await listSteps(instance.db, run, { limit: 1 });
    assert.deepEqual([step?.attempt, step?.lostAttempts], [2, 1]);
    for (const { objectKey, partition } of await listPartitions(instance.db, "numbers", { limit: 10 })) {
      const text = Buffer.from(await instance.store.readRange(objectKey ?? "", 0, 100)).toString();
      assert.equal(text, `{"day":"${partition.slice(0, 10)}"}\n`);
    }
    const { id } = await instanceFacts(instance.db);
    const workFolder = join(instance.project.folder, "work", id);
    await waitFor(
      "the dead worker's folder to be removed",
      async () => (await readdir(workFolder)).every((name) => name === "built" || name === worker.id),
      { seconds: 30, everyMilliseconds: 100 },
    );
  },
);

adoption("a built file that is damaged or gone is built again", async () => {
  await using instance = await testInstance({ "iroko.config.ts": days, ran: "" }, { store: prefix() });
  await instance.deploy();
  const run = await instance.submit({ ...request, partitions: { kind: "text", text: "2026-11-01" } });
  await killedAt(instance, "stage.built");
  const [kept] = await builtRows(instance);
  await appendFile(kept?.file ?? "", "torn");
  await instance.startWorker({ slots: 1 });
  assert.equal((await instance.ended(run)).status, "succeeded");
  assert.deepEqual(await ran(instance), ["2026-11-01", "2026-11-01"]);
  const bytes = await instance.store.readRange("numbers/2026-11-01.jsonl", 0, 100);
  assert.equal(Buffer.from(bytes).toString(), '{"day":"2026-11-01"}\n');
});

adoption("an upload whose record was lost with its worker is found in the store, and not sent again", async () => {
  await using instance = await testInstance({ "iroko.config.ts": days, ran: "" }, { store: prefix() });
  await instance.deploy();
  const run = await instance.submit({ ...request, partitions: { kind: "text", text: "2026-11-01" } });
  await killedAt(instance, "stage.put");
  const before = await staged(instance);
  await instance.startWorker({ slots: 1 });
  assert.equal((await instance.ended(run)).status, "succeeded");
  assert.equal(await staged(instance), before);
  assert.equal((await collect(instance.store.list("_v/"))).length, 1);
  assert.deepEqual(await ran(instance), ["2026-11-01"]);
});

/** One file of 70 MB: nine parts. */
const large = `
  import { appendFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, define } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const ran = new URL("ran", import.meta.url);
  export const numbers = asset({
    key: "numbers", schema: z.object({ text: z.string() }), output: jsonLines("numbers"),
    materialize() { appendFileSync(ran, "once\\n"); return [{ text: "0123456789".repeat(7_000_000) }]; },
  });
  export default define({ assets: [numbers] });
`;
const largeBytes = 70_000_000 + '{"text":""}\n'.length;

adoption("an upload that a kill has cut goes on with the parts that arrived: no byte of them moves again", async () => {
  await using proxy = await startHttpFaultProxy(minio.server.endpoint);
  await using instance = await testInstance({ "iroko.config.ts": large, ran: "" }, { store: prefix() });
  await instance.deploy();
  const run = await instance.submit({ select: "numbers", partitions: { kind: "unspecified" } });
  let parts = 0;
  proxy.decide = (method, url) =>
    method === "PUT" && url.includes("partNumber=") && (parts += 1) > 4 ? { kind: "silence" } : undefined;
  const worker: ChildProcess = spawnWorker(instance, 5, {
    TEST_STORE: instance.store.uri,
    AWS_ENDPOINT_URL_S3: proxy.endpoint,
  });
  try {
    await waitFor(
      "four parts to arrive",
      async () => {
        const { rows } = await instance.db.query<{ n: number }>(
          "select jsonb_array_length(parts) as n from iroko.upload",
        );
        return rows[0]?.n === 4;
      },
      { seconds: 60 },
    );
  } finally {
    worker.kill("SIGKILL");
  }
  const before = await staged(instance);
  assert.equal(before, 4 * 8 * 2 ** 20);

  await instance.startWorker({ slots: 1 });
  assert.equal((await instance.ended(run, 60)).status, "succeeded");
  assert.equal(await staged(instance), largeBytes);
  assert.deepEqual(await ran(instance), ["once"]);
  assert.deepEqual(await collect(instance.store.uploads("")), []);
  assert.equal((await instance.db.query("select from iroko.upload")).rowCount, 0);
  assert.equal((await instance.store.head("numbers.jsonl"))?.bytes, largeBytes);
});

adoption("what the network gate puts off waits as a file, and is not computed again", async () => {
  await using instance = await testInstance({ "iroko.config.ts": days, ran: "" }, { store: prefix() });
  await instance.deploy();
  let shut = 1;
  const gate: NetworkGate = {
    ask: (asked) =>
      asked.purpose === "stage" && shut-- > 0
        ? Promise.resolve({ pass: false, until: Temporal.Now.instant().add({ seconds: 1 }), reason: "window" })
        : openGate.ask(asked),
  };
  const run = await instance.submit(request);
  await instance.startWorker({ slots: 1, gate });
  assert.equal((await instance.ended(run)).status, "succeeded");
  assert.equal((await ran(instance)).length, 4);
});

adoption("a step that was put off is left for a while to the machine that has its file", async () => {
  await using instance = await testInstance({ "iroko.config.ts": days, ran: "" }, { store: prefix() });
  const { snapshot } = await instance.deploy();
  const until = Temporal.Now.instant().add({ hours: 1 });
  const gate: NetworkGate = { ask: () => Promise.resolve({ pass: false, until, reason: "window" }) };
  const run = await instance.submit(request);
  await instance.startWorker({ slots: 1, gate });
  await waitFor(
    "the step to be put off",
    async () => {
      const [step] = await listSteps(instance.db, run, { limit: 1 });
      return step?.status === "ready" && step.attempt === 1;
    },
    { seconds: 60 },
  );
  const { rows } = await instance.db.query<{ id: string }>("select id from iroko.worker");
  const by = {
    worker: rows[0]?.id ?? "",
    location,
    snapshot,
    definitionHashes: definitionHashesOf(snapshot),
    answer: () => Promise.reject(new Error("there is no mapping function")),
  };
  const claimFrom = (machine: string) => claimSteps(instance.db, { ...by, machine }, 1, []);
  const mayGoOnSince = (seconds: number) =>
    instance.db.query("update iroko.step set deferred_until = clock_timestamp() - make_interval(secs => $1)", [
      seconds,
    ]);
  await mayGoOnSince(0);
  assert.deepEqual(await claimFrom("another machine"), []);
  await mayGoOnSince(60);
  assert.equal((await claimFrom("another machine")).length, 1);
});

adoption("an output of several that is in the store already is not asked for again", async () => {
  const definitions = `
    import { appendFileSync } from "node:fs";
    import { z } from "zod";
    import { define, multiAsset, output } from "@iroko/core";
    import { jsonLines } from "./json-lines.ts";
    const schema = z.object({ attempt: z.int() });
    export const pair = multiAsset({
      outputs: {
        left: output({ key: "left", schema, output: jsonLines("left") }),
        right: output({ key: "right", schema, output: jsonLines("right") }),
      },
      materialize(ctx) {
        appendFileSync(new URL("ran", import.meta.url), [...ctx.selectedOutputs].join(" ") + "\\n");
        const rows = [{ attempt: ctx.attempt }];
        return { left: rows, right: rows };
      },
    });
    export default define({ assets: [pair] });
  `;
  await using instance = await testInstance({ "iroko.config.ts": definitions, ran: "" });
  await instance.deploy();
  const run = await instance.submit({ select: "*", partitions: { kind: "unspecified" } });
  await killedAt(instance, "stage.recorded");
  await instance.startWorker({ slots: 1 });
  assert.equal((await instance.ended(run)).status, "succeeded");
  assert.deepEqual(await ran(instance), ["left right", "right"]);
  const text = async (key: string) => Buffer.from(await instance.store.readRange(key, 0, 20)).toString();
  assert.deepEqual([await text("left.jsonl"), await text("right.jsonl")], ['{"attempt":1}\n', '{"attempt":2}\n']);
});

adoption(
  "the store is gone: steps wait without being blamed, keep what they built, and go on when it is back",
  async () => {
    await using proxy = await startHttpFaultProxy(minio.server.endpoint);
    await using instance = await testInstance({ "iroko.config.ts": days, ran: "" }, { store: prefix() });
    await instance.deploy();
    const store = await openStore(instance.store.uri, {
      env: { ...minio.server.env, AWS_ENDPOINT_URL_S3: proxy.endpoint },
    });
    const run = await instance.submit(request);
    await instance.startWorker({ slots: 1, store });
    proxy.decide = () => ({ kind: "answer", status: 503, code: "SlowDown" });
    const waiting = await waitFor(
      "the step to have waited twice",
      async () => {
        const [step] = await listSteps(instance.db, run, { limit: 1 });
        return (step?.lostAttempts ?? 0) >= 2 && step;
      },
      { seconds: 60 },
    );
    assert.equal(waiting.attempt - waiting.lostAttempts <= 1, true);
    assert.equal(waiting.error?.code ?? "STORE_UNREACHABLE", "STORE_UNREACHABLE");
    proxy.decide = () => undefined;
    assert.equal((await instance.ended(run, 90)).status, "succeeded");
    assert.deepEqual(await ran(instance), ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"]);
    const [step] = await listSteps(instance.db, run, { limit: 1 });
    assert.equal((step?.attempt ?? 0) - (step?.lostAttempts ?? 0), 1);
    await store.close();
  },
);

adoption("a step whose inputs are out of reach waits for them, and is not blamed", async () => {
  const definitions = `
    import { z } from "zod";
    import { asset, define, retryPolicy } from "@iroko/core";
    import { jsonLines } from "./json-lines.ts";
    const schema = z.object({ n: z.int() });
    const retry = retryPolicy({ maxRetries: 0 });
    export const numbers = asset({ key: "numbers", schema, output: jsonLines("numbers"), retry, materialize: () => [{ n: 1 }] });
    export const copy = asset({ key: "copy", schema, output: jsonLines("copy"), retry, deps: { numbers },
      async materialize(ctx) { const rows = []; for await (const row of ctx.deps.numbers.rows()) rows.push(row); return rows; } });
    export default define({ assets: [numbers, copy] });
  `;
  await using proxy = await startHttpFaultProxy(minio.server.endpoint);
  await using instance = await testInstance({ "iroko.config.ts": definitions }, { store: prefix() });
  await instance.deploy();
  const store = await openStore(instance.store.uri, {
    env: { ...minio.server.env, AWS_ENDPOINT_URL_S3: proxy.endpoint },
  });
  await instance.startWorker({ slots: 1, store });
  proxy.decide = (method, url) =>
    method === "GET" && url.includes("/_v/numbers") ? { kind: "answer", status: 503, code: "SlowDown" } : undefined;
  const run = await instance.submit({ select: "*", partitions: { kind: "unspecified" } });
  const waiting = await waitFor(
    "the step to wait for its input",
    async () => {
      const step = (await listSteps(instance.db, run, { limit: 2 })).find(({ name }) => name === "copy");
      return (step?.lostAttempts ?? 0) >= 1 && step?.status === "ready" && step;
    },
    { seconds: 60 },
  );
  assert.match(waiting.deferredReason ?? "", /^waits for the store: Cannot reach /);
  proxy.decide = () => undefined;
  assert.equal((await instance.ended(run, 90)).status, "succeeded");
  await store.close();
});
