/** The page over an instance as large as they get: what it shows, and how much it asks for, bounded in bytes and statements. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Home, Lineage, Page, PartitionGrid, RunGroup, Step } from "@iroko/core/client";
import { openDatabase } from "@iroko/core/engine";
import { startServer, type RunningServer } from "@iroko/ui";
import { chromium as playwright, type Browser, type Page as Tab } from "playwright-core";
import { chromium, skipWithoutChromium } from "../support/chromium.ts";
import { createMigratedDatabase } from "../support/database.ts";
import { rawAnswer } from "./raw-answer.ts";
import { fillAtScale, now, pageCalls, run, sizes } from "./scale.ts";

const skip = skipWithoutChromium;
const stack = new AsyncDisposableStack();
let server: RunningServer;
let browser: Browser;

before(async () => {
  const database = stack.use(await createMigratedDatabase());
  const db = openDatabase(database.url);
  stack.defer(() => db.close());
  await fillAtScale(db);
  server = await startServer({ instance: { db }, port: 0, now: () => now, statementTimeoutSeconds: 60 });
  stack.defer(() => server.close());
  if (skip !== false || "missing" in chromium) return;
  browser = await playwright.launch({ executablePath: chromium.path, args: ["--no-sandbox"] });
  stack.defer(() => browser.close());
});
after(() => stack.disposeAsync());

const get = async <Answer>(path: string): Promise<Answer> => {
  const answer = await fetch(`${server.url}/api/v1${path}`);
  assert.equal(answer.status, 200, path);
  return (await answer.json()) as Answer;
};

async function open(path: string): Promise<Tab> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(server.url + path);
  return page;
}

test("each call of a page is answered in few bytes and few statements, compressed, and told to be unchanged by its ETag", async () => {
  for (const { path, bytes, statements } of pageCalls) {
    const url = `${server.url}/api/v1${path}`;
    const answer = await rawAnswer(url, { "accept-encoding": "gzip" });
    assert.equal(answer.status, 200, path);
    assert.ok(answer.body.length <= bytes, `${path}: ${answer.body.length} bytes on the wire`);
    const count = Number(/desc="(\d+) statements"/.exec(String(answer.headers["server-timing"]))?.[1]);
    assert.ok(count <= statements, `${path}: ${count} statements`);
    const isCompressed = answer.headers["content-encoding"] === "gzip";
    const text = (isCompressed ? gunzipSync(answer.body) : answer.body).toString();
    assert.equal(isCompressed, Buffer.byteLength(text) >= 1024, `${path}: ${text.length} bytes`);
    JSON.parse(text);
  }
  // Of a moment, so it is another at the next; the graph is the same until something happens.
  const path = `${server.url}/api/v1/lineage?whole=true`;
  const { headers } = await rawAnswer(path, { "accept-encoding": "gzip" });
  const again = await rawAnswer(path, { "accept-encoding": "gzip", "if-none-match": String(headers["etag"]) });
  assert.deepEqual([again.status, again.body.length], [304, 0]);
});

test("the stream of changes is never compressed: a piece would wait for the next", async () => {
  const ended = new AbortController();
  const answer = await fetch(`${server.url}/api/v1/stream`, {
    headers: { "accept-encoding": "gzip, br" },
    signal: ended.signal,
  });
  assert.equal(answer.headers.get("content-encoding"), null);
  assert.match(answer.headers.get("content-type") ?? "", /^text\/event-stream/);
  ended.abort();
});

test("home counts ten thousand assets and names the first few in trouble", async () => {
  const home = await get<Home>("/home");
  assert.equal(home.assets, sizes.assets);
  assert.equal(
    Object.values(home.healths).reduce((sum, count) => sum + count, 0),
    sizes.assets,
  );
  assert.equal(home.healths.failed, 1);
  assert.equal(home.troubles.length, 20);
  assert.equal(home.troubles[0]?.asset, "hours");
  assert.match(home.troubles[0].sentence, /^100 of 100000 partitions are missing: .*; the last try failed: /);
  assert.deepEqual(
    home.runs.map(({ id, planned }) => [id, planned]),
    [[run, sizes.steps]],
  );
});

test("the lineage of all is a few columns; by default it is what lies around the worst", async () => {
  const near = await get<Lineage>("/lineage");
  assert.deepEqual(
    [near.around, near.total, near.keys.toSorted()],
    ["hours", sizes.assets, ["hours", "hours_clean", "hours_sum"]],
  );
  const all = await get<Lineage>("/lineage?whole=true");
  assert.equal(all.keys.length, sizes.assets);
  assert.ok(all.edges.length > 2 * sizes.assets);
  const failed = await get<Lineage>("/lineage?select=status:failed");
  assert.deepEqual(failed.keys, ["hours"]);
});

test("a hundred thousand hours are days, and hours where one looks closer", async () => {
  const grid = await get<PartitionGrid>("/assets/hours/grid");
  assert.deepEqual([grid.cell, grid.count], ["day", sizes.hours]);
  const cells = grid.rows.map((row) => row.cells).join("");
  assert.equal(cells.replaceAll(/[-m]/g, "").replaceAll("p", "").length, 1, "the one that failed");
  assert.equal(
    cells.replaceAll(/[^p]/g, "").length,
    99,
    "each day that an hour is missing of, but the one that failed",
  );
  const { keys, cells: letters } = grid.rows.find((row) => row.cells.includes("f"))!;
  const day = await get<PartitionGrid>(`/assets/hours/grid?within=${encodeURIComponent(keys[letters.indexOf("f")]!)}`);
  assert.equal(day.cell, "partition");
  assert.match(day.rows[0]!.cells, /^[-m]*f[-m.]*$/);
});

test("a run of fifty thousand steps is three lines, and its steps come by pages", async () => {
  const { items } = await get<{ readonly items: readonly RunGroup[] }>(`/runs/${run}/groups`);
  assert.deepEqual(
    items.map(({ name }) => name),
    ["hours", "hours_clean", "hours_sum"],
  );
  assert.equal(
    items.flatMap(({ states }) => states).reduce((sum, { steps }) => sum + steps, 0),
    sizes.steps,
  );
  const first = await get<Page<Step>>(`/runs/${run}/steps`);
  const second = await get<Page<Step>>(`/runs/${run}/steps?after=${first.cursor}`);
  assert.equal(second.items[0]!.n, first.items.at(-1)!.n + 1);
  const ready = await get<Page<Step>>(`/runs/${run}/steps?status=ready&limit=500`);
  assert.deepEqual([ready.items.length, ready.cursor], [100, null]);
});

test("in a browser: home, the neighbourhood, then all ten thousand drawn", { skip }, async () => {
  const page = await open("/");
  await page.waitForSelector(".card:has-text('Failed')");
  assert.match(await page.innerText("main"), /1 asset failed/);
  await page.goto(`${server.url}/lineage`);
  await page.waitForSelector("canvas[data-drawn='3']");
  await page.click("a:has-text('Show all')");
  await page.waitForSelector(`canvas[data-drawn='${sizes.assets}']`);
  assert.match(await page.innerText("main"), /10,000 of 10,000 assets/);
  await page.context().close();
});

test("in a browser: an asset's days, then its hours", { skip }, async () => {
  const page = await open("/assets/hours");
  await page.waitForSelector("text=100,000 partitions, a cell for each day");
  await page.goto(`${server.url}/assets/hours?within=2026-11-18-00:00..2026-11-19-23:00`);
  await page.waitForSelector("main :text('48 partitions')");
  await page.context().close();
});

test("in a browser: a large run by asset and by step, page by page", { skip }, async () => {
  const page = await open(`/runs/${run}`);
  await page.waitForSelector(".lines tbody >> nth=2");
  assert.equal(await page.locator(".lines tbody").count(), 3);
  await page.click("button:has-text('by step')");
  await page.waitForSelector("#step-0");
  await page.click("button:has-text('Next steps')");
  await page.waitForSelector("#step-0", { state: "detached" });
  await page.click("button:has-text('First steps')");
  await page.waitForSelector("#step-0");
  await page.click("button:has-text('failed')");
  await page.waitForSelector("#step-49990");
  await page.context().close();
});
