/** The page and its stream of changes: one that has died is noticed and replaced, and all tabs of a browser share one. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { skipWithoutChromium as skip } from "../support/chromium.ts";
import { waitFor } from "../support/wait-for.ts";
import { openPage } from "./browser.ts";
import { recordStream } from "./recorded-stream.ts";
import { sample, type Sample } from "./sample.ts";

const timeout = 300_000;
/** The page waits two and a half of these for its stream. */
const heartbeatMs = 2_000;

let at: Sample;
before(async () => {
  at = await sample({ worker: false, stream: { heartbeatMs } });
});
after(() => at[Symbol.asyncDispose]());

/** Before a server: it can swallow what comes on streams, and only that. */
interface StreamProxy extends AsyncDisposable {
  readonly url: string;
  /** Open and not yet ended by either side. */
  readonly streams: ReadonlySet<Socket>;
  /** Of those that are open nothing arrives any more, and neither end is told. */
  swallow(): void;
}

async function streamProxy(port: number): Promise<StreamProxy> {
  const streams = new Set<Socket>();
  const swallowed = new Set<Socket>();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const far = connect({ host: "127.0.0.1", port });
    for (const end of [client, far]) {
      sockets.add(end);
      end.on("error", () => {});
      end.on("close", () => {
        sockets.delete(end);
        streams.delete(client);
        client.destroy();
        if (!swallowed.has(client)) far.destroy();
      });
    }
    client.on("data", (piece) => {
      if (piece.includes("GET /api/v1/stream")) streams.add(client);
      if (!swallowed.has(client)) far.write(piece);
    });
    far.on("data", (piece) => {
      if (!swallowed.has(client)) client.write(piece);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    streams,
    swallow() {
      for (const stream of streams) swallowed.add(stream);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const submit = (): Promise<string> =>
  at.instance.submit({ select: "raw_sales", partitions: { kind: "text", text: "2026-11-01" } });
const rowOf = (run: string): string => `main a[href='/runs/${run}']`;
const isReading = (proxy: StreamProxy): Promise<unknown> =>
  waitFor("a stream", () => Promise.resolve(proxy.streams.size > 0), { seconds: 60 });

test(
  "a stream that dies alone, while requests are answered, is noticed, told and replaced, and what happened meanwhile is shown",
  { skip, timeout },
  async () => {
    await using proxy = await streamProxy(at.server.port);
    await using visit = await openPage("about:blank");
    const { page } = visit;
    const recorded = await recordStream(page);
    await page.goto(`${proxy.url}/runs`);
    await isReading(proxy);
    const before = await submit();
    await page.waitForSelector(rowOf(before));
    // A notice may be gone within a moment.
    await page.evaluate(`
      globalThis.notices = [];
      new MutationObserver(() => notices.push(document.querySelector(".banner")?.textContent))
        .observe(document.body, { subtree: true, childList: true });
    `);
    const [dead] = proxy.streams;
    proxy.swallow();
    const meanwhile = await submit();
    await page.waitForSelector(rowOf(meanwhile));
    await waitFor("another stream", () => Promise.resolve([...proxy.streams].some((each) => each !== dead)), {
      seconds: 60,
    });
    const notices = await page.evaluate<readonly (string | null)[]>("notices");
    assert.ok(
      notices.some((text) => /What you see is [\d.]+ s old; until changes come/.test(text ?? "")),
      JSON.stringify(notices),
    );
    await page.waitForSelector(".banner", { state: "detached" });
    const after = await submit();
    await page.waitForSelector(rowOf(after));
    await recorded.isWhole(at.instance);
  },
);

test(
  "eight tabs of one browser are all live, by one stream, and go on when the one that reads it is closed",
  { skip, timeout },
  async () => {
    await using proxy = await streamProxy(at.server.port);
    await using visit = await openPage(`${proxy.url}/runs`);
    const context = visit.page.context();
    const tabs: Page[] = [visit.page];
    await isReading(proxy);
    for (let tab = 1; tab < 8; tab += 1) {
      const page = await context.newPage();
      page.setDefaultTimeout(120_000);
      await page.goto(`${proxy.url}/runs`);
      await page.waitForSelector("main h1");
      tabs.push(page);
    }
    const seenByAll = async (run: string): Promise<void> => {
      for (const page of tabs) await page.waitForSelector(rowOf(run));
    };
    await seenByAll(await submit());
    assert.equal(proxy.streams.size, 1);
    await tabs.shift()!.close();
    await seenByAll(await submit());
    assert.equal(proxy.streams.size, 1);
  },
);

test("where a browser has no locks, each tab reads a stream of its own", { skip, timeout }, async () => {
  await using proxy = await streamProxy(at.server.port);
  await using visit = await openPage(`${proxy.url}/nowhere`);
  const { page } = visit;
  await page.context().addInitScript("delete Navigator.prototype.locks");
  await page.goto(`${proxy.url}/runs`);
  await page.waitForSelector("main h1");
  await page.waitForSelector(rowOf(await submit()));
});
