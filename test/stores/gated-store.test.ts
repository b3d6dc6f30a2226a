import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openStore } from "@iroko/assets";
import { gatedStore, openGate, type NetworkGate, type TransferRecord, type TransferRequest } from "@iroko/core/engine";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import type { S3Server } from "../support/s3-server.ts";
import { createTempDir, tempDir } from "../support/temp-dir.ts";
import { exerciseStore } from "./exercise-store.ts";
import { makeFile } from "./local-file.ts";

let server: S3Server;
before(async () => {
  if (skipWithoutMinio === false) server = await startMinio();
});
after(async () => {
  await server?.stop();
});

const open = () => openStore(`s3://${server.bucket}/gated`, { env: server.env });
const localRoot = tempDir("gated-local");
const keep = () => Promise.resolve();

exerciseStore("a gated local folder", {
  open: async () => gatedStore(await openStore(localRoot), openGate, keep),
  skip: false,
});

const gated = (sentence: string, body: (folder: string, at: string) => Promise<void>): void =>
  void test(`network gate: ${sentence}`, { skip: skipWithoutMinio }, async () => {
    using folder = createTempDir("gated");
    await body(folder.path, `t-${randomUUID().slice(0, 8)}`);
  });

gated("every transfer asks first, and what it moved is recorded under its run and step", async (folder, at) => {
  const asked: TransferRequest[] = [];
  const records: TransferRecord[] = [];
  const gate: NetworkGate = { ask: (request) => (asked.push(request), openGate.ask(request)) };
  const inner = await open();
  const store = gatedStore(inner, gate, (record) => Promise.resolve(void records.push(record))).for({
    run: "r1",
    step: 7,
  });

  await store.stage(`${at}/a`, makeFile(folder, "0123456789"));
  await store.publish(`${at}/a`, `${at}/p`, { incarnation: 1, version: 1 });
  await store.download(`${at}/a`, join(folder, "a"));
  await store.for({ purpose: "verify" }).readRange(`${at}/a`, 2, 6);
  await store.head(`${at}/a`);

  const brief = ({ direction, purpose, key, bytes, run, step }: TransferRequest) => [
    direction,
    purpose,
    key,
    bytes,
    run,
    step,
  ];
  assert.deepEqual(asked.map(brief), [
    ["up", "stage", `${at}/a`, 10, "r1", 7],
    ["up", "publish", `${at}/p`, 0, "r1", 7],
    ["down", "input", `${at}/a`, 10, "r1", 7],
    ["down", "verify", `${at}/a`, 4, "r1", 7],
  ]);
  assert.deepEqual(records.map(brief), asked.map(brief));
  assert.deepEqual(
    records.map(({ bytesMoved }) => bytesMoved),
    [10, 0, 10, 4],
  );
  assert.ok(records.every(({ seconds, store: uri }) => seconds > 0 && uri === inner.uri));
  await store.close();
});

gated("a transfer that is put off moves nothing, and says until when and why", async (folder, at) => {
  const until = Temporal.Instant.from("2026-11-22T01:00:00Z");
  const shut: NetworkGate = { ask: () => Promise.resolve({ pass: false, until, reason: "window 01:00-05:00" }) };
  const records: TransferRecord[] = [];
  const inner = await open();
  await inner.stage(`${at}/there`, makeFile(folder, "x"));
  const store = gatedStore(inner, shut, (record) => Promise.resolve(void records.push(record)));
  const deferred = { name: "DeferredByGate", code: "TRANSFER_DEFERRED", until, reason: "window 01:00-05:00" };
  await assert.rejects(store.stage(`${at}/a`, makeFile(folder, "x")), deferred);
  await assert.rejects(store.publish(`${at}/there`, `${at}/p`, { incarnation: 1, version: 1 }), deferred);
  await assert.rejects(store.download(`${at}/there`, join(folder, "d")), deferred);
  await assert.rejects(store.readRange(`${at}/there`, 0, 1), deferred);
  assert.equal(await inner.head(`${at}/a`), undefined);
  assert.equal(await inner.head(`${at}/p`), undefined);
  assert.equal(existsSync(join(folder, "d")), false);
  assert.deepEqual(records, []);
  await store.close();
});

gated("the parts of an upload are recorded as they arrive, and a resumed one asks for the rest", async (folder, at) => {
  const asked: number[] = [];
  const moved: number[] = [];
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const gate: NetworkGate = { ask: (request) => (asked.push(request.bytes), openGate.ask(request)) };
  const store = gatedStore(await open(), gate, (record) => Promise.resolve(void moved.push(record.bytesMoved)));
  const file = makeFile(folder, randomBytes(70 * 1024 * 1024));
  const power = new AbortController();
  let last: Parameters<NonNullable<NonNullable<Parameters<typeof store.stage>[2]>["onPart"]>>[0] | undefined;
  const cut = store.stage(`${at}/a`, file, {
    signal: power.signal,
    onPart: (progress) => {
      last = progress;
      if (progress.parts.length === 3) power.abort(new Error("cut"));
      return Promise.resolve();
    },
  });
  await assert.rejects(cut, { message: "cut" });
  assert.ok(last);
  const arrived = last.parts.length * last.partBytes;
  assert.equal(sum(moved), arrived);
  await store.stage(`${at}/a`, file, { resume: last });
  assert.deepEqual(asked, [file.bytes, file.bytes - arrived]);
  assert.equal(sum(moved), file.bytes);
  await store.close();
});

test("network gate: a store on this machine is asked about nothing", async () => {
  using folder = createTempDir("gated");
  const shut: NetworkGate = { ask: () => Promise.reject(new Error("asked")) };
  const store = gatedStore(await openStore(folder.path), shut, keep).for({ run: "r1", step: 1 });
  assert.equal((await store.stage("a", makeFile(folder.path, "x"))).bytesMoved, 0);
});
