/** The typed client against a real server: over a good link, over one that loses things, and against what is none. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { IrokoError } from "@iroko/core";
import { openClient, type Client } from "@iroko/core/client";
import { faultProxy } from "../support/fault-proxy.ts";
import { sample, type Sample } from "./sample.ts";

let at: Sample;
let client: Client;
before(async () => {
  at = await sample({ worker: false });
  client = openClient({ url: at.url });
});
after(() => at[Symbol.asyncDispose]());

async function refusal(call: Promise<unknown>): Promise<IrokoError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof IrokoError, String(error));
  return error;
}

test("operations are methods, by the contract's names and types", async () => {
  const { items } = await client.assets.list();
  assert.deepEqual(items.map(({ key }) => key).toSorted(), ["cleaned_sales", "raw_sales", "shop/till", "slow"]);
  const till = await client.assets.get({ key: "shop/till" });
  assert.deepEqual([till.kind, till.compute], ["external", null]);
  const { run } = await client.runs.submit({ select: "raw_sales", partitions: "2026-11-01..2026-11-03" });
  const { status, planned, selection } = await client.runs.get({ id: run });
  assert.deepEqual([status, planned, selection], ["queued", 3, "raw_sales"]);
  const step = await client.runs.step({ id: run, n: 1 });
  assert.deepEqual([step.n, step.partitions], [1, "2026-11-02"]);
  const [event] = (await client.runs.events({ id: run })).items;
  assert.equal(event?.type, "run_submitted");
  await client.runs.cancel({ id: run, reason: "a test" });
  assert.equal((await client.runs.get({ id: run })).cancelReason, "a test");
});

test("a list is a page when awaited, and everything when iterated", async () => {
  const made: string[] = [];
  for (let count = 0; count < 5; count += 1)
    made.push((await client.runs.submit({ select: "raw_sales", partitions: "2026-11-04" })).run);
  const first = await client.runs.list({ limit: 2 });
  assert.deepEqual(
    first.items.map(({ id }) => id),
    made.toReversed().slice(0, 2),
  );
  const all = await Array.fromAsync(client.runs.list({ limit: 2 }), ({ id }) => id);
  assert.deepEqual(all.slice(0, 5), made.toReversed());
  assert.equal(new Set(all).size, all.length);
  const steps = await Array.fromAsync(client.assets.list({ limit: 1 }), ({ key }) => key);
  assert.equal(steps.length, 4);
});

test("the instance tells its code locations, what waits, and what its store has to do", async () => {
  const { timezone, incarnation } = await client.instance.get();
  assert.deepEqual([timezone, incarnation], ["Africa/Lagos", 1]);
  const { items: locations } = await client.instance.locations();
  assert.deepEqual(
    locations.map(({ name, version, current }) => [name, version, current]),
    [["test", 1, true]],
  );
  const waiting = async () =>
    (await client.instance.queues()).items.find(({ location }) => location === "test")?.ready ?? 0;
  const before = await waiting();
  const { run } = await client.runs.submit({ select: "raw_sales", partitions: "2026-11-01..2026-11-03" });
  assert.equal((await waiting()) - before, 3);
  await client.runs.cancel({ id: run });
  assert.equal(await waiting(), before);
  assert.deepEqual(await client.instance.store(), {
    unpublished: 0,
    uploads: 0,
    built: 0,
    sentBytes: 0,
    receivedBytes: 0,
  });
});

test("an older version of a partition is made current again, and the list of its versions tells", async () => {
  const worker = await at.instance.startWorker();
  try {
    const partition = "2026-11-05";
    for (let count = 0; count < 2; count += 1) {
      const { run } = await client.runs.submit({ select: "raw_sales", partitions: partition });
      await at.instance.ended(run);
    }
    const of = { key: "raw_sales", partition };
    assert.deepEqual(await client.assets.rollback(of), { from: 2, to: 1, version: 3 });
    const { items } = await client.assets.versions(of);
    assert.deepEqual(
      items.map(({ version, current }) => [version, current]),
      [
        [3, true],
        [2, false],
        [1, false],
      ],
    );
    assert.equal((await client.assets.events({ key: "raw_sales" })).items[0]?.type, "rolled_back");
    assert.equal((await refusal(client.assets.rollback({ ...of, to: 9 }))).code, "VERSION_NOT_KEPT");
    assert.equal((await refusal(client.assets.rollback({ key: "raw_sales" }))).code, "PARTITION_UNSPECIFIED");
  } finally {
    await worker.drain(0);
  }
});

test("an error of the server is the same here: code, message, hint, place", async () => {
  const missing = await refusal(client.assets.get({ key: "raw_sale" }));
  assert.deepEqual([missing.code, missing.hint], ["ASSET_NOT_FOUND", 'Did you mean "raw_sales"?']);
  const unread = await refusal(client.assets.list({ select: "raw_sales or (" }));
  assert.equal(unread.code, "SELECTION_SYNTAX");
  const more = { select: "raw_sales", partitions: "missing", unknown: 1 };
  const invalid = await refusal(client.runs.submit(more));
  assert.deepEqual([invalid.code, /It takes: select/.test(invalid.hint ?? "")], ["REQUEST_INVALID", true]);
});

test("a server that is not there is one clear error, after some tries", async () => {
  const { port } = new URL(at.url);
  await using proxy = await faultProxy(Number(port));
  proxy.set({ refuse: true });
  const url = `http://127.0.0.1:${proxy.port}`;
  const away = await refusal(openClient({ url }).instance.health());
  assert.equal(away.code, "SERVER_UNREACHABLE");
  assert.match(away.message, new RegExp(url));
  assert.match(away.hint ?? "", /iroko serve/);
  assert.equal(proxy.count.taken, 5);
  // A change that may have arrived is not sent again: nobody knows.
  const { items: before } = await client.runs.list();
  proxy.set({ loseAnswer: () => true });
  const taken = proxy.count.taken;
  const lost = await refusal(openClient({ url }).runs.submit({ select: "raw_sales", partitions: "2026-11-05" }));
  assert.equal(lost.code, "SERVER_UNREACHABLE");
  assert.equal(proxy.count.taken - taken, 1);
  assert.equal((await client.runs.list()).items.length - before.length, 1, "it had arrived");
});

test("over a link that loses answers, reads and kept plans come through: a plan is applied once", async () => {
  const { port } = new URL(at.url);
  await using proxy = await faultProxy(Number(port));
  const over = openClient({ url: `http://127.0.0.1:${proxy.port}` });
  let lost = 0;
  const loseNext = (count: number): void => {
    lost = 0;
    proxy.set({ loseAnswer: () => lost < count && (lost += 1) > 0 });
  };
  loseNext(2);
  assert.equal((await over.assets.list()).items.length, 4);
  assert.equal(lost, 2);
  const { id } = await over.plans.create({ select: "raw_sales", partitions: "2026-11-01" });
  const before = (await client.runs.list({ limit: 500 })).items.length;
  loseNext(1);
  // Its first try has arrived: the second one is told which run it became.
  const spent = await refusal(over.plans.apply({ id }));
  assert.equal(spent.code, "PLAN_SPENT");
  const { items } = await client.runs.list({ limit: 500 });
  assert.equal(items.length - before, 1);
  assert.equal(spent.details?.["run"], items[0]!.id);
});

test("what answers and is no Iroko server is told as such", async () => {
  const server = createServer((request, answer) => {
    answer
      .writeHead(request.url?.includes("runs") === true ? 404 : 200)
      .end(request.url?.includes("assets") ? '{"items":1}' : "<html>");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const other = openClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    for (const call of [other.instance.health(), other.runs.list(), other.assets.list()])
      assert.equal((await refusal(call)).code, "ANSWER_INVALID");
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("a call ends when its caller says so", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(client.assets.list({}, { signal }), /enough/);
});
