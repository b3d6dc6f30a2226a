/**
 * The page over 10,000 assets, 100,000 partitions and a run of 50,000 steps: p95 of each call, the time until all assets are
 * drawn and how they are moved. What home costs over a slow link is `slow-link`.
 */
import { openDatabase } from "@iroko/core/engine";
import { startServer } from "@iroko/ui";
import { chromium as playwright } from "playwright-core";
import { chromium } from "../test/support/chromium.ts";
import { createMigratedDatabase } from "../test/support/database.ts";
import { fillAtScale, now, pageCalls, run, sizes } from "../test/ui/scale.ts";

const rounds = Number(process.argv[2] ?? 20);

/** In the page: from the answer's last byte to the frame after that in which all of it was drawn. */
const noteWhenShown = `
  const observer = new MutationObserver(() => {
    if (document.querySelector("canvas[data-drawn='${sizes.assets}']") === null) return;
    observer.disconnect();
    const { responseEnd } = performance.getEntriesByType("resource").find(({ name }) => name.includes("whole=true"));
    requestAnimationFrame(() => setTimeout(() => (document.documentElement.dataset.shown = performance.now() - responseEnd)));
  });
  observer.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-drawn"] });
`;
/** In the page: the time between frames, from now on. */
const noteFrames = `
  globalThis.frames = [];
  cancelAnimationFrame(globalThis.frame);
  let last;
  globalThis.frame = requestAnimationFrame(function next(now) {
    if (last !== undefined) frames.push(now - last);
    last = now;
    globalThis.frame = requestAnimationFrame(next);
  });
  undefined;
`;
await using database = await createMigratedDatabase();
const db = openDatabase(database.url);
await fillAtScale(db);
const server = await startServer({ instance: { db }, port: 0, now: () => now, statementTimeoutSeconds: 60 });

const oneAsset = "update iroko.asset_partition set rows = rows + 1 where asset = 'layer_20_7'";
const oneStep = `update iroko.step set waiting_on = 0 where run = '${run}' and n = 40000`;
const afterChanges = [
  { page: "home", path: "/home/stale", change: oneAsset },
  { page: "lineage", path: "/lineage?select=status:fresh", change: oneAsset },
  { page: "run", path: `/runs/${run}/groups`, change: oneStep },
];

for (const { page, path, change } of [...pageCalls.map((call) => ({ ...call, change: undefined })), ...afterChanges]) {
  const taken: number[] = [];
  let size = 0;
  for (let round = 0; round <= rounds; round += 1) {
    if (change !== undefined) await db.query(change);
    const from = performance.now();
    size = (await (await fetch(`${server.url}/api/v1${path}`)).arrayBuffer()).byteLength;
    if (round > 0) taken.push(performance.now() - from);
  }
  const sorted = taken.toSorted((a, b) => a - b);
  const [median, p95] = [0.5, 0.95].map((part) => sorted[Math.ceil(part * sorted.length) - 1]!.toFixed(0).padStart(6));
  console.log(
    `${page.padEnd(10)} median ${median} ms, p95 ${p95} ms, ${size.toLocaleString("en").padStart(8)} bytes unpacked  ${path.replace(/[0-9a-f-]{36}/, "{id}")}${change === undefined ? "" : ", one thing changed"}`,
  );
}

if (!("missing" in chromium)) {
  const browser = await playwright.launch({ executablePath: chromium.path, args: ["--no-sandbox"] });
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.setDefaultTimeout(120_000);
  await page.addInitScript({ content: noteWhenShown });
  // Time of the clock is the machine's as much as the page's; its thread's own time is the page's alone.
  const inspector = await page.context().newCDPSession(page);
  const ownSeconds = async (): Promise<number> =>
    (await inspector.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration")!.value;
  for (let round = 0; round < 3; round += 1) {
    await page.goto(`${server.url}/runs`);
    await inspector.send("Performance.enable", { timeDomain: "threadTicks" });
    const before = await ownSeconds();
    await page.goto(`${server.url}/lineage?whole=true`);
    const shown = await page.waitForSelector("html[data-shown]");
    const milliseconds = Math.round(Number(await shown.getAttribute("data-shown")));
    const own = Math.round(1_000 * ((await ownSeconds()) - before));
    console.log(
      `${sizes.assets} assets shown ${milliseconds} ms after their answer; ${own} ms of the page's thread in all`,
    );
    await inspector.send("Performance.disable");
  }
  const report = async (name: string, act: () => Promise<void>): Promise<void> => {
    await page.evaluate(noteFrames);
    await act();
    const frames = (await page.evaluate<number[]>("globalThis.frames")).toSorted((a, b) => a - b);
    const [median, p95] = [0.5, 0.95].map((part) => frames[Math.floor(part * frames.length)]!.toFixed(1));
    console.log(`${name}: ${frames.length} frames, median ${median} ms, p95 ${p95} ms`);
  };
  const { x, y, width, height } = (await page.locator("canvas").boundingBox())!;
  const [left, top] = [x + width / 2, y + height / 2];
  const drag = async (): Promise<void> => {
    await page.mouse.move(left, top);
    await page.mouse.down();
    for (let move = 0; move < 90; move += 1)
      await page.mouse.move(left + Math.sin(move / 9) * 300, top + Math.cos(move / 7) * 150);
    await page.mouse.up();
  };
  const wheel = async (by: number, times: number): Promise<void> => {
    for (let turn = 0; turn < times; turn += 1) await page.mouse.wheel(0, by);
  };
  await report("nothing moves", () => page.waitForTimeout(1_000));
  await report("all of it is dragged", drag);
  await report("zoomed in to names", () => wheel(-100, 15));
  await report("names are dragged", drag);
  await report("zoomed out again", () => wheel(100, 15));
  await browser.close();
}
await server.close();
await db.close();
