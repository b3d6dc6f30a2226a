/** The bad link that the other tests of this folder rely on does to its connections what it says. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { faultProxy, type FaultProxy, type Faults } from "../support/fault-proxy.ts";
import { seeded } from "../support/seeded.ts";
import { waitFor } from "../support/wait-for.ts";

/** Sends back what it gets; keeps what it got. */
const heard: Buffer[] = [];
const echo = createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    heard.push(chunk);
    socket.write(chunk);
  });
});
before(async () => {
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
});
after(() => echo.close());

function underFaults(sentence: string, faults: Faults, body: (proxy: FaultProxy) => Promise<void>): void {
  test(sentence, { timeout: 60_000 }, async () => {
    await using proxy = await faultProxy((echo.address() as AddressInfo).port);
    heard.length = 0;
    proxy.set(faults);
    await body(proxy);
  });
}

async function dial({ port }: FaultProxy): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  return socket;
}

/** How the connection ended, and what had come until then. */
async function ending(socket: Socket): Promise<{ readonly bytes: number; readonly code: string | undefined }> {
  let bytes = 0;
  let code: string | undefined;
  socket.on("data", (chunk: Buffer) => (bytes += chunk.length));
  socket.on("error", (error: NodeJS.ErrnoException) => ({ code } = error));
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
  return { bytes, code };
}

const heardBytes = (): number => heard.reduce((sum, chunk) => sum + chunk.length, 0);

/** Resolves to false where nothing arrives for a while: only what was never sent can be waited for so. */
const arrives = (socket: Socket): Promise<boolean> =>
  Promise.race([
    once(socket, "data").then(() => true),
    new Promise<false>((resolve) => setTimeout(resolve, 200, false)),
  ]);

underFaults("a good link passes all of it, and the end", {}, async (proxy) => {
  const socket = await dial(proxy);
  const sent = Buffer.alloc(3_000_000, "x");
  socket.end(sent);
  assert.equal((await buffer(socket)).length, sent.length);
  assert.deepEqual(proxy.count, { taken: 1, broken: 0 });
});

underFaults("a slow link is late both ways, and keeps the order", { latency: 100, jitter: 20 }, async (proxy) => {
  const socket = await dial(proxy);
  const startedAt = performance.now();
  const [first, second] = [Buffer.alloc(1000, "a"), Buffer.alloc(1000, "b")];
  socket.write(first);
  socket.end(second);
  assert.deepEqual(await buffer(socket), Buffer.concat([first, second]));
  assert.ok(performance.now() - startedAt >= 190);
});

underFaults("a narrow link takes its time", { bandwidth: 1_000_000 }, async (proxy) => {
  const socket = await dial(proxy);
  const startedAt = performance.now();
  socket.end(Buffer.alloc(200_000));
  assert.equal((await buffer(socket)).length, 200_000);
  assert.ok(performance.now() - startedAt >= 190);
});

underFaults("all connections of a narrow link wait for each other", { sharedBandwidth: 1_000_000 }, async (proxy) => {
  const sockets = [await dial(proxy), await dial(proxy)];
  const startedAt = performance.now();
  for (const socket of sockets) socket.end(Buffer.alloc(100_000));
  for (const socket of sockets) assert.equal((await buffer(socket)).length, 100_000);
  assert.ok(performance.now() - startedAt >= 190);
});

underFaults("a connection over a long way takes its time to open", { handshake: 200 }, async (proxy) => {
  const startedAt = performance.now();
  const socket = await dial(proxy);
  socket.end("a");
  assert.equal((await buffer(socket)).toString(), "a");
  assert.ok(performance.now() - startedAt >= 190);
});

underFaults("a connection is refused by a reset", { refuse: true }, async (proxy) => {
  const socket = connect({ host: "127.0.0.1", port: proxy.port });
  assert.deepEqual(await ending(socket), { bytes: 0, code: "ECONNRESET" });
});

underFaults(
  "what is sent is cut after as many bytes, to the byte",
  { cut: { direction: "up", after: 1000 } },
  async (proxy) => {
    const socket = await dial(proxy);
    socket.write(Buffer.alloc(5000));
    assert.equal((await ending(socket)).code, "ECONNRESET");
    assert.ok(heardBytes() <= 1000, `${heardBytes()} bytes arrived`);
    assert.equal(proxy.count.broken, 1);
  },
);

underFaults("an answer is cut after as many bytes", { cut: { direction: "down", after: 1000 } }, async (proxy) => {
  const socket = await dial(proxy);
  const end = ending(socket);
  socket.write(Buffer.alloc(5000));
  const { bytes, code } = await end;
  assert.ok(bytes <= 1000, `${bytes} bytes arrived`);
  assert.equal(code, "ECONNRESET");
});

underFaults(
  "an answer is lost: the request has arrived whole, and the connection is gone",
  { loseAnswer: (sent) => sent.includes("commit") },
  async (proxy) => {
    const socket = await dial(proxy);
    socket.write("begin");
    assert.equal(await arrives(socket), true);
    const end = ending(socket);
    socket.write("com");
    socket.write("mit");
    assert.equal((await end).code, "ECONNRESET");
    assert.match(Buffer.concat(heard).toString(), /commit$/);
  },
);

underFaults("nothing passes a black hole, and nothing is lost in it", { blackhole: "both" }, async (proxy) => {
  const socket = await dial(proxy);
  socket.write("hello");
  assert.equal(await arrives(socket), false);
  assert.equal(socket.destroyed, false);
  proxy.set({ blackhole: "down" });
  await waitFor("the server to hear it", () => heardBytes() === 5);
  assert.equal(await arrives(socket), false);
  proxy.set();
  await waitFor("the answer", () => socket.bytesRead === 5);
  socket.destroy();
});

underFaults("an end is told late", { slowClose: 300 }, async (proxy) => {
  const socket = await dial(proxy);
  const startedAt = performance.now();
  socket.end("bye");
  assert.equal((await buffer(socket)).toString(), "bye");
  assert.ok(performance.now() - startedAt >= 590);
});

underFaults("open connections are reset at a word", {}, async (proxy) => {
  const sockets = await Promise.all([dial(proxy), dial(proxy)]);
  await waitFor("both to be taken", () => proxy.count.taken === 2);
  const ends = sockets.map(ending);
  proxy.reset();
  for (const { code } of await Promise.all(ends)) assert.equal(code, "ECONNRESET");
});

test("the seed decides which connections are met", { timeout: 60_000 }, async () => {
  const met = async (): Promise<readonly boolean[]> => {
    await using proxy = await faultProxy((echo.address() as AddressInfo).port, seeded(7));
    proxy.set({ share: 0.5, refuse: true });
    const outcomes: boolean[] = [];
    for (let n = 0; n < 20; n += 1) {
      const socket = connect({ host: "127.0.0.1", port: proxy.port });
      const end = ending(socket);
      socket.on("connect", () => socket.end("x"));
      outcomes.push((await end).code !== undefined);
    }
    return outcomes;
  };
  const first = await met();
  assert.ok(first.includes(true) && first.includes(false));
  assert.deepEqual(await met(), first);
});
