/**
 * The page over 10,000 assets, 100,000 partitions and a run of 50,000 steps: p95 of each call, the time until all assets are
 * drawn, and what home costs over 256 kbit/s with 300 ms and 2 % loss. Loss on TCP is a delay, that of the retransmission:
 * one piece in fifty comes 600 ms later.
 */
import { openDatabase } from "@iroko/core/engine";
import { startServer } from "@iroko/ui";
import { chromium as playwright } from "playwright-core";
import { chromium } from "../test/support/chromium.ts";
import { createMigratedDatabase } from "../test/support/database.ts";
import { faultProxy } from "../test/support/fault-proxy.ts";
import { fillAtScale, now, pageCalls, sizes } from "../test/ui/scale.ts";

const rounds = Number(process.argv[2] ?? 20);
await using database = await createMigratedDatabase();
const db = openDatabase(database.url);
await fillAtScale(db);
const server = await startServer({ instance: { db }, port: 0, now: () => now, statementTimeoutSeconds: 60 });

for (const { page, path } of pageCalls) {
  const taken: number[] = [];
  let size = 0;
  for (let round = 0; round <= rounds; round += 1) {
    const from = performance.now();
    size = (await (await fetch(`${server.url}/api/v1${path}`)).arrayBuffer()).byteLength;
    if (round > 0) taken.push(performance.now() - from);
  }
  const sorted = taken.toSorted((a, b) => a - b);
  const [median, p95] = [0.5, 0.95].map((part) => sorted[Math.ceil(part * sorted.length) - 1]!.toFixed(0).padStart(6));
  console.log(
    `${page.padEnd(10)} median ${median} ms, p95 ${p95} ms, ${size.toLocaleString("en").padStart(8)} bytes unpacked  ${path.replace(/[0-9a-f-]{36}/, "{id}")}`,
  );
}

if (!("missing" in chromium)) {
  const browser = await playwright.launch({ executablePath: chromium.path, args: ["--no-sandbox"] });
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await page.goto(`${server.url}/runs`);
  for (let round = 0; round < 3; round += 1) {
    // From the answer's arrival to the picture.
    const arrived = page
      .waitForResponse((answer) => answer.url().includes("whole=true"))
      .then((answer) => answer.finished());
    await page.goto(`${server.url}/lineage?whole=true`);
    await arrived;
    const from = performance.now();
    await page.waitForSelector(`canvas[data-drawn='${sizes.assets}']`, { timeout: 120_000 });
    console.log(`${sizes.assets} assets drawn ${(performance.now() - from).toFixed(0)} ms after their answer`);
  }
  await using proxy = await faultProxy(server.port);
  for (let round = 0; round < 3; round += 1) {
    const context = await browser.newContext();
    const slow = await context.newPage();
    proxy.set({ latency: 150, bandwidth: 32_000, stall: { share: 0.02, milliseconds: 600 } });
    const from = performance.now();
    await slow.goto(`http://127.0.0.1:${proxy.port}/`);
    await slow.waitForSelector(".card", { timeout: 120_000 });
    console.log(`home usable over the slow link after ${((performance.now() - from) / 1_000).toFixed(1)} s`);
    await context.close();
  }
  await browser.close();
}
await server.close();
await db.close();
