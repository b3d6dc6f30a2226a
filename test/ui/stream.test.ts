/** The stream: every event once and in order, whatever becomes of server, link and reader. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openClient, type Client, type FollowedMessage } from "@iroko/core/client";
import { startServer, type ServerOptions } from "@iroko/ui";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const module = `
  import { z } from "zod";
  import { asset, daily, define } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const made = (key) => asset({ key, partitions: days, schema: z.object({ n: z.int() }), output: jsonLines(key), materialize: () => [{ n: 1 }] });
  export default define({ assets: [made("one"), made("two")] });
`;

let instance: TestInstance;
before(async () => {
  instance = await testInstance({ "iroko.config.ts": module });
  await instance.deploy();
});
after(() => instance[Symbol.asyncDispose]());

type Served = AsyncDisposable & { readonly url: string; readonly client: Client };

async function serve(options: Partial<ServerOptions> = {}): Promise<Served> {
  const server = await startServer({
    instance: { db: instance.db },
    port: 0,
    checkAnswers: true,
    ...options,
    stream: { everyMs: 20, ...options.stream },
  });
  return {
    url: server.url,
    client: openClient({ url: server.url }),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** Adds an event, which says its number; returns when it is committed. */
const happen = (number: number, asset = "one"): Promise<unknown> =>
  instance.db.query("insert into iroko.event (type, asset, payload) values ('materialization', $1, $2)", [
    asset,
    JSON.stringify({ number }),
  ]);

const numberOf = (message: FollowedMessage): number | undefined =>
  message.type === "event" ? (message.event.payload as { readonly number?: number }).number : undefined;

/** Follows until told to stop; what it was told so far can be looked at. */
function following(client: Client, input: Parameters<Client["events"]>[0] = {}) {
  const stop = new AbortController();
  const messages: FollowedMessage[] = [];
  const done = (async () => {
    for await (const message of client.events(input, { signal: stop.signal })) messages.push(message);
  })();
  return {
    messages,
    numbers: () => messages.flatMap((message) => numberOf(message) ?? []),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

const upTo = (numbers: () => readonly number[], last: number) =>
  waitFor(`event ${last}`, async () => numbers().includes(last), { seconds: 60, everyMilliseconds: 10 });

/** Where the stream is now. */
async function position(client: Client): Promise<string> {
  await using at = following(client);
  await upTo(() => (happen(0).catch(() => {}), at.numbers()), 0);
  return at.messages.findLast((message) => numberOf(message) === 0)!.position;
}

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

test("what has happened since a position comes first, then what happens, filtered by asset", async () => {
  await using served = await serve();
  const from = await position(served.client);
  for (const number of range(1, 3)) await happen(number);
  await happen(100, "two");
  await using all = following(served.client, { after: from });
  await using two = following(served.client, { after: from, asset: "two" });
  await upTo(all.numbers, 100);
  await upTo(two.numbers, 100);
  await happen(4);
  await happen(101, "two");
  await upTo(all.numbers, 101);
  await upTo(two.numbers, 101);
  assert.deepEqual(
    all.numbers().filter((number) => number > 0),
    [1, 2, 3, 100, 4, 101],
  );
  assert.deepEqual(
    two.numbers().filter((number) => number > 0),
    [100, 101],
  );
});

test("an event whose transaction commits late is told once, in its place, before those that were begun after it", async () => {
  await using served = await serve();
  const from = await position(served.client);
  await using told = following(served.client, { after: from });
  const late = await instance.db.session("a late one");
  try {
    await late.query("begin");
    await late.query(
      `insert into iroko.event (type, asset, payload) values ('materialization', 'one', '{"number":1}')`,
    );
    await happen(2);
    // Counts are not kept back: once they are told, the event above has been passed by, if ever it is.
    const { run } = await served.client.runs.submit({ select: "two", partitions: "2026-11-01" });
    await waitFor("its counts", async () => told.messages.some(({ type }) => type === "progress"), { seconds: 30 });
    await served.client.runs.cancel({ id: run });
    assert.deepEqual(
      told.numbers().filter((number) => number > 0),
      [],
    );
    await late.query("commit");
  } finally {
    await late.end();
  }
  await happen(3);
  await upTo(told.numbers, 3);
  assert.deepEqual(
    told.numbers().filter((number) => number > 0),
    [1, 2, 3],
  );
});

test("a server that is killed in the middle costs no event, and doubles none", async () => {
  const port = await freePort();
  let server = await serverProcess(port);
  const client = openClient({ url: server.url });
  const from = await position(client);
  await using told = following(client, { after: from });
  let last = 0;
  try {
    for (let kill = 0; kill < 3; kill += 1) {
      for (let count = 0; count < 30; count += 1) await happen((last += 1));
      await upTo(told.numbers, last - 20);
      server.child.kill("SIGKILL");
      await server.ended;
      for (let count = 0; count < 10; count += 1) await happen((last += 1));
      server = await serverProcess(port);
    }
    await happen((last += 1));
    await upTo(told.numbers, last);
  } finally {
    server.child.kill("SIGKILL");
    await server.ended;
  }
  assert.deepEqual(
    told.numbers().filter((number) => number > 0),
    range(1, last),
  );
});

test("counts of runs are told as they change, to the end of the run", async () => {
  await using served = await serve();
  const worker = await instance.startWorker();
  try {
    await using all = following(served.client);
    const { run } = await served.client.runs.submit({ select: "one", partitions: "2026-11-01..2026-11-05" });
    await using one = following(served.client, { run });
    for (const { messages } of [all, one]) {
      const of = () =>
        messages.flatMap((message) =>
          message.type === "progress" && message.progress.run === run ? message.progress : [],
        );
      await waitFor("the end of the run", async () => of().at(-1)?.status === "succeeded", { seconds: 60 });
      assert.deepEqual([of().at(-1)?.planned, of().at(-1)?.succeeded], [5, 5]);
    }
    await instance.ended(run);
    // Who comes after its end is told of it, too.
    await using late = following(served.client, { run });
    await waitFor("its counts", async () => late.messages.some(({ type }) => type === "progress"), { seconds: 30 });
  } finally {
    await worker.drain(0);
  }
});

test("a position that was purged, or that is of another database, is answered with a reset", async () => {
  await using served = await serve();
  const from = await position(served.client);
  await happen(1);
  await using before = following(served.client, { after: from });
  await upTo(before.numbers, 1);
  await instance.db.query("delete from iroko.event");
  for (const old of [from, "999999999999.1"]) {
    await using told = following(served.client, { after: old });
    await waitFor("a reset", async () => told.messages[0]?.type === "reset", { seconds: 30 });
    await happen(3);
    await upTo(told.numbers, 3);
    assert.equal(told.messages.filter(({ type }) => type === "reset").length, 1);
    assert.equal(told.numbers().filter((number) => number === 3).length, 1);
  }
});

test("a reader that does not read is cut off, keeps nobody else waiting, and loses nothing when it comes back", async () => {
  // The third of one caller is let in once the slow one has been cut off.
  await using served = await serve({ stream: { mostBytesBehind: 1_000_000, mostOfOne: 2 } });
  const from = await position(served.client);
  const { hostname, port } = new URL(served.url);
  const slow = connect({ host: hostname, port: Number(port) });
  slow.on("error", () => {});
  slow.write(`GET /api/v1/stream?after=${from} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
  await once(slow, "readable");
  slow.pause();
  await using quick = following(served.client, { after: from });
  const filler = "x".repeat(100_000);
  let last = 0;
  let isCut = false;
  // As much as the system takes for a reader that does not read, and then some.
  while (!isCut && last < 1_000) {
    await instance.db.query("insert into iroko.event (type, asset, payload) values ('check', 'one', $1)", [
      JSON.stringify({ number: (last += 1), filler }),
    ]);
    if (last % 20 > 0) continue;
    await upTo(quick.numbers, last);
    isCut = await hasRoom(served);
  }
  assert.ok(isCut, `it is cut off at last, after ${last} events`);
  slow.destroy();
  await using back = following(served.client, { after: from });
  await upTo(back.numbers, last);
  for (const { numbers } of [quick, back])
    assert.deepEqual(
      numbers().filter((number) => number > 0),
      range(1, last),
    );
});

test("no more streams are open than may be, and one that ends makes room", async () => {
  await using served = await serve({ stream: { mostOfOne: 2 } });
  const open = async (): Promise<{ readonly status: number; close(): void }> => {
    const closing = new AbortController();
    const answer = await fetch(`${served.url}/api/v1/stream`, { signal: closing.signal });
    return { status: answer.status, close: () => closing.abort() };
  };
  const first = await open();
  const second = await open();
  assert.deepEqual([first.status, second.status, (await open()).status], [200, 200, 429]);
  first.close();
  await waitFor("room", () => hasRoom(served), { seconds: 30 });
  second.close();
});

test("a stream on which nothing happens says how often it beats, where it is once, and then 18 bytes a beat", async () => {
  await using served = await serve({ stream: { heartbeatMs: 20 } });
  const closing = new AbortController();
  const answer = await fetch(`${served.url}/api/v1/stream?asset=one`, { signal: closing.signal });
  const beat = "event: beat\ndata\n\n";
  let text = "";
  for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (/\nid: [^]*(?:event: beat[^]*){10}/.test(text)) break;
  }
  closing.abort();
  assert.equal(Buffer.byteLength(beat), 18);
  const [, hello, place] =
    /^retry: 1000\nevent: hello\ndata: (.*)\n\n(?:event: beat\ndata\n\n)*id: (.*)\n(?:event: beat\ndata\n\n){10,}$/.exec(
      text,
    ) ?? [];
  assert.equal((JSON.parse(hello ?? "null") as { readonly beatSeconds: number } | null)?.beatSeconds, 0.02, text);
  assert.match(place!, /^\d+\.\d+$/);
});

test("what has been read by a hundred streams is forgotten when they end, and nothing is read any more", async () => {
  await using served = await serve({ stream: { mostOfOne: 200 } });
  const round = async (): Promise<void> => {
    const all = Array.from({ length: 25 }, () => following(served.client));
    // Until each has come and is told of one.
    for (const { numbers } of all) await upTo(() => (happen(1).catch(() => {}), numbers()), 1);
    await Promise.all(all.map((each) => each[Symbol.asyncDispose]()));
    await waitFor("nobody to read", () => hasNoReader(), { seconds: 60 });
  };
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const used = (): number => {
    for (let time = 0; time < 3; time += 1) collect();
    return process.memoryUsage().heapUsed;
  };
  await round();
  const before = used();
  for (let time = 0; time < 4; time += 1) await round();
  const kept = (used() - before) / 100;
  assert.ok(kept < 20_000, `a stream leaves ${Math.round(kept)} bytes behind`);
});

/** Whether the server has not asked anything for longer than its streams ever wait. */
async function hasNoReader(): Promise<boolean> {
  const { rows } = await instance.db.query<{ quiet: boolean }>(
    `select coalesce(max(query_start) < clock_timestamp() - interval '1 second', true) as quiet
       from pg_stat_activity where application_name = 'iroko server' and datname = current_database()`,
  );
  return rows[0]!.quiet;
}

/** Whether there is room for another stream. */
async function hasRoom({ url }: Served): Promise<boolean> {
  const closing = new AbortController();
  const { status } = await fetch(`${url}/api/v1/stream`, { signal: closing.signal });
  closing.abort();
  return status === 200;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function serverProcess(port: number) {
  const child = spawn(
    process.execPath,
    ["--conditions=@iroko/source", join(import.meta.dirname, "server-process.ts")],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        NODE_TEST_CONTEXT: undefined,
        TEST_DATABASE_URL: instance.databaseUrl,
        TEST_PORT: String(port),
      },
    },
  );
  const ended = once(child, "exit");
  const [url] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, url, ended };
}
