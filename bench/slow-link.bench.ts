/**
 * Home over 256 kbit/s with 300 ms and 2 % loss, until its cards are there: first visits, and next ones of the same browser.
 * The instance has 10,000 assets. The link is one: all connections share its width, each takes a round trip to open. Loss on
 * TCP is a delay, that of the retransmission: one piece in fifty comes 600 ms later. The last first visit is told request by
 * request: when it was asked, when its answer began and ended, and the bytes that came.
 */
import { openDatabase } from "@iroko/core/engine";
import { startServer } from "@iroko/ui";
import { chromium as playwright, type Page } from "playwright-core";
import { chromium } from "../test/support/chromium.ts";
import { createMigratedDatabase } from "../test/support/database.ts";
import { faultProxy } from "../test/support/fault-proxy.ts";
import { fillAtScale, now } from "../test/ui/scale.ts";

const rounds = Number(process.argv[2] ?? 20);
const visits = ["first", "next"] as const;

if ("missing" in chromium) throw new Error(chromium.missing);
await using stack = new AsyncDisposableStack();
const database = stack.use(await createMigratedDatabase());
const db = openDatabase(database.url);
stack.defer(() => db.close());
await fillAtScale(db);
const server = await startServer({ instance: { db }, port: 0, now: () => now, statementTimeoutSeconds: 60 });
stack.defer(() => server.close());
const browser = await playwright.launch({ executablePath: chromium.path, args: ["--no-sandbox"] });
stack.defer(() => browser.close());
const proxy = stack.use(await faultProxy(server.port));

// What a server reads once, and a browser before its first page, is no visit's.
const first = await browser.newPage();
await first.goto(server.url);
await first.waitForSelector(".card", { timeout: 120_000 });
await first.close();

proxy.set({ latency: 150, handshake: 300, sharedBandwidth: 32_000, stall: { share: 0.02, milliseconds: 600 } });
const taken: Record<(typeof visits)[number], number[]> = { first: [], next: [] };
let drawn: readonly string[] = [];
for (let round = 0; round < rounds; round += 1) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const told = await waterfallOf(page);
  for (const visit of visits) {
    const from = performance.now();
    await page.goto(`http://127.0.0.1:${proxy.port}/`, { waitUntil: "commit" });
    await page.waitForSelector(".card", { timeout: 120_000 });
    taken[visit].push((performance.now() - from) / 1_000);
    if (visit === "first") drawn = await told();
    await page.waitForLoadState("load");
  }
  await context.close();
}
for (const visit of visits) {
  const sorted = taken[visit].toSorted((a, b) => a - b);
  const [best, median, p95] = [0, 0.5, 0.95].map((part) => sorted[Math.ceil(part * sorted.length) - 1] ?? sorted[0]!);
  console.log(
    `home usable, ${visit} visit: best ${best!.toFixed(2)} s, median ${median!.toFixed(2)}, p95 ${p95!.toFixed(2)}, most ${sorted.at(-1)!.toFixed(2)} of ${rounds}`,
  );
}
console.log(drawn.join("\n"));

/** Watches what a page asks for; returns what tells it, until now, in lines. */
async function waterfallOf(page: Page): Promise<() => Promise<readonly string[]>> {
  interface Asked {
    readonly path: string;
    readonly at: number;
    began?: number;
    ended?: number;
    bytes?: number;
    connection?: number;
  }
  const inspector = await page.context().newCDPSession(page);
  const asked = new Map<string, Asked>();
  await inspector.send("Network.enable");
  inspector.on("Network.requestWillBeSent", ({ requestId, request, timestamp }) => {
    asked.set(requestId, { path: new URL(request.url).pathname, at: timestamp });
  });
  inspector.on("Network.responseReceived", ({ requestId, response, timestamp }) => {
    Object.assign(asked.get(requestId) ?? {}, { began: timestamp, connection: response.connectionId });
  });
  inspector.on("Network.loadingFinished", ({ requestId, timestamp, encodedDataLength }) => {
    Object.assign(asked.get(requestId) ?? {}, { ended: timestamp, bytes: encodedDataLength });
  });
  return async () => {
    const usable = await page.evaluate<number>("performance.now()");
    const [document] = asked.values();
    const column = (seconds: number | undefined): string =>
      (seconds === undefined ? "" : ((seconds - document!.at) * 1_000).toFixed(0)).padStart(8);
    return [
      `${"".padEnd(32)}${["asked", "begins", "ends", "bytes", "connection"].map((each) => each.padStart(each.length + 2).padStart(8)).join("")}`,
      ...Array.from(
        asked.values(),
        ({ path, at, began, ended, bytes, connection }) =>
          `${path.padEnd(32)}${column(at)}${column(began)}${column(ended)}${String(bytes ?? "").padStart(8)}${String(connection ?? "").padStart(12)}`,
      ),
      `${"usable".padEnd(32)}${usable.toFixed(0).padStart(8)}`,
    ];
  };
}
