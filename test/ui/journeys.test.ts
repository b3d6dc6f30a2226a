/** What people come to the page for, from beginning to end: a real browser, a real instance, the example's POS pipeline. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { skipWithoutChromium as skip } from "../support/chromium.ts";
import { waitFor } from "../support/wait-for.ts";
import { openPage } from "./browser.ts";
import { recordStream } from "./recorded-stream.ts";
import { lastPage, openShop, type Shop } from "./shop.ts";

const timeout = 400_000;
const isNow = (page: Page, state: string): Promise<unknown> =>
  page.waitForSelector(`main .sentence .badge:has-text("${state}")`);

test(
  "a first visit: from what is missing to all of it made, and nothing left to look at but what nobody has asked for",
  { skip, timeout },
  async () => {
    await using shop = await openShop();
    await using visit = await openPage(shop.url);
    const { page, troubles } = visit;
    await page.waitForSelector("text=Nothing ran in the last day");
    await page.click("nav a:has-text('Lineage')");
    await page.waitForSelector("canvas[data-drawn]");
    await page.click("button:has-text('table')");
    await page.click("td a:has-text('daily_revenue_summary')");
    await page.waitForSelector("h1:has-text('daily_revenue_summary')");
    await page.click("a:has-text('Make what is missing')");
    await page.waitForURL(/\/launchpad/);
    await page.fill("input[name=select]", "not books");
    await page.click("button:has-text('Show the plan')");
    await page.waitForSelector("section[aria-label='The plan']");
    assert.match(
      await page.innerText("section[aria-label='The plan']"),
      /raw_pos_transactions[\s\S]*2026-11-01\.\.2026-11-07/,
    );
    await page.click("button:has-text('Apply this plan')");
    await isNow(page, "succeeded");
    await page.click("nav a:has-text('Home')");
    await page.waitForSelector(".timeline .bar");
    await page.waitForSelector("text=1 asset with missing partitions.");
    assert.match(await page.innerText("main"), /books\s+Never made\./);
    assert.deepEqual(troubles, []);
  },
);

test(
  "a run is followed live: it waits for a worker, prints line by line, ends, and the page was never loaded again",
  { skip, timeout },
  async () => {
    await using shop = await openShop({ worker: false });
    const run = await askForBooks(shop);
    await using visit = await openPage(`${shop.url}/runs/${run}?step=0`);
    const { page, troubles } = visit;
    await page.evaluate("globalThis.isTheSamePage = true");
    await page.waitForSelector(".step:has-text('waits for a free slot')");
    shop.books(2);
    await shop.startWorker();
    await isNow(page, "running");
    await page.waitForSelector("pre.log .line:has-text('page 2 of the books')");
    assert.equal(await page.locator("pre.log .line").count(), 2, "it goes no further than the step");
    shop.books(lastPage);
    await page.waitForSelector(`pre.log .line:has-text('page ${lastPage} of the books')`);
    await isNow(page, "succeeded");
    assert.equal(await page.evaluate("globalThis.isTheSamePage"), true);
    assert.deepEqual(troubles, []);
  },
);

test(
  "a failing step: from home to the line of its log, which can be linked, and to a run that mends it",
  { skip, timeout },
  async () => {
    await using shop = await openShop();
    shop.books(2, "blot");
    await shop.instance.ended(await askForBooks(shop), 120);
    await using visit = await openPage(shop.url);
    const { page, troubles } = visit;
    await page.click(".list li:has(.badge:has-text('failed')) a:has-text('books')");
    await page.waitForSelector("h1:has-text('books')");
    await page.goBack();
    await page.click(".timeline .bar.bad");
    await isNow(page, "failed");
    assert.match(await page.innerText("section.error"), /page 3 of the books has a blot/);
    await page.click("section.error button:has-text('log')");
    await page.click("pre.log .line:has-text('page 2 of the books') a");
    assert.match(page.url(), /step=0.*#line-2$/);
    await page.reload();
    await page.waitForSelector("pre.log .line[aria-current]:has-text('page 2 of the books')");
    shop.books(lastPage);
    const failed = new URL(page.url()).pathname;
    await page.click("button:has-text('Retry what did not succeed')");
    await page.waitForURL((url) => url.pathname !== failed && url.pathname.startsWith("/runs/"));
    await isNow(page, "succeeded");
    assert.equal(await page.locator(`main a[href='${failed}']`).count(), 1, "it says what it repeats");
    assert.deepEqual(troubles, []);
  },
);

test("a month is brushed over the partitions, and made by one run", { skip, timeout }, async () => {
  await using shop = await openShop({ days: 30, recordsPerDay: 10 });
  await using visit = await openPage(`${shop.url}/assets/daily_revenue_summary`);
  const { page, troubles } = visit;
  const canvas = page.locator(".matrix canvas");
  await canvas.waitFor();
  const cell = await monthOf(page);
  await page.mouse.move(cell(0).x, cell(0).y);
  await page.mouse.down();
  await page.mouse.move(cell(29).x, cell(29).y, { steps: 10 });
  await page.mouse.up();
  await page.waitForURL(/from=2026-11-01&to=2026-11-30/);
  // Whoever opens its link sees the same.
  await page.reload();
  await page.click("[aria-label='What is chosen'] a:has-text('Make these')");
  await page.waitForURL(/partitions=2026-11-01\.\.2026-11-30/);
  await page.fill("input[name=select]", "+daily_revenue_summary");
  await page.click("button:has-text('Show the plan')");
  await page.waitForSelector("section[aria-label='The plan']");
  await page.click("button:has-text('Apply this plan')");
  await isNow(page, "succeeded");
  await page.waitForSelector(
    `.lines tbody:has-text("daily_revenue_summary") tr:has(.badge:has-text("succeeded")) td.number:has-text("30")`,
  );
  await page.goto(`${shop.url}/assets/daily_revenue_summary`);
  await page.waitForSelector(".sentence .badge:has-text('made')");
  assert.deepEqual(troubles, []);
});

test("a schedule is paused, asks for nothing, and goes on when it is resumed", { skip, timeout }, async () => {
  await using shop = await openShop({ worker: false });
  await using visit = await openPage(`${shop.url}/schedules`);
  const { page, troubles } = visit;
  await page.waitForSelector("section:has-text('2026-11-09 02:00:00')");
  await page.click("button:has-text('Pause')");
  await page.waitForSelector(".badge:has-text('paused')");
  await page.waitForSelector("section:has-text('None while it is paused.')");
  await page.click("nav a:has-text('Home')");
  await page.waitForSelector("text=No schedule will ask for anything.");
  await page.goBack();
  await page.click("button:has-text('Resume')");
  await page.waitForSelector(".badge:has-text('on')");
  await page.waitForSelector("section:has-text('2026-11-09 02:00:00')");
  assert.deepEqual(troubles, []);
});

test("without a mouse: home, lineage, asset, launchpad, plan, run", { skip, timeout }, async () => {
  await using shop = await openShop();
  await using visit = await openPage(shop.url);
  const { page, troubles } = visit;
  await page.waitForSelector("main h2");
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await page.waitForSelector("canvas[data-drawn]");
  await tabTo(page, page.locator("main canvas"));
  const focused = (): string | null => new URL(page.url()).searchParams.get("focus");
  let arrow = "ArrowDown";
  const walks = async (): Promise<boolean> => {
    const before = focused();
    if (before === "merchants_file") return true;
    await page.keyboard.press(arrow);
    // A step past it would be taken back at the column's end.
    const moved = page.waitForURL((url) => url.searchParams.get("focus") !== before, { timeout: 3_000 });
    await moved.catch(() => (arrow = arrow === "ArrowDown" ? "ArrowUp" : "ArrowDown"));
    return focused() === "merchants_file";
  };
  await waitFor("the arrow keys to have come to the merchants' file", walks, { seconds: 120 });
  await page.waitForSelector(".aloud:has-text('merchants_file:')");
  await page.keyboard.press("ArrowRight");
  await page.waitForSelector(".aloud:has-text('merchants:')");
  await page.keyboard.press("Enter");
  await page.waitForSelector("h1:has-text('merchants')");
  await tabTo(page, page.locator("a:has-text('Choose what to make')"));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/launchpad/);
  await tabTo(page, page.locator("input[name=select]"));
  assert.equal(await page.inputValue("input[name=select]"), "merchants");
  await tabTo(page, page.locator("button:has-text('Show the plan')"));
  await page.keyboard.press("Enter");
  await page.waitForSelector("section[aria-label='The plan']");
  await tabTo(page, page.locator("button:has-text('Apply this plan')"));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/runs\/[0-9a-f-]{36}/);
  await isNow(page, "succeeded");
  await tabTo(page, page.locator(".lines a:has-text('merchants')"));
  assert.deepEqual(troubles, []);
});

test(
  "a server is killed under a page that follows a run, and comes back: no event or line is missed, none comes twice",
  { skip, timeout },
  async () => {
    await using shop = await openShop();
    const run = await askForBooks(shop);
    let server = await startServerProcess(shop, 0);
    try {
      await using visit = await openPage("about:blank");
      const { page } = visit;
      const recorded = await recordStream(page);
      await page.goto(`${server.url}/runs/${run}?step=0`);
      await page.evaluate("globalThis.isTheSamePage = true");
      shop.books(10);
      await page.waitForSelector("pre.log .line:has-text('page 10 of the books')");
      await makeMerchants(shop);
      await recorded.isWhole(shop.instance);
      await server.kill();
      await page.waitForSelector(".banner:has-text('does not answer')");
      const cancel = page.locator("button:has-text('Cancel')").first();
      assert.ok(await cancel.isDisabled(), "nothing can be changed");
      assert.equal(await cancel.getAttribute("title"), "The server does not answer: nothing can be changed now.");
      assert.match(await page.innerText(".banner"), /[\d.]+ (s|min) old/);
      shop.books(20);
      await waitFor("what the step prints meanwhile", () => isPrinted(shop, run, 20), { seconds: 120 });
      await makeMerchants(shop);
      server = await startServerProcess(shop, server.port);
      await page.waitForSelector(".banner", { state: "detached" });
      // Before anything else happens: what comes later would bring along what was missed.
      await page.waitForSelector("pre.log .line:has-text('page 20 of the books')");
      await recorded.isWhole(shop.instance);
      shop.books(lastPage);
      await isNow(page, "succeeded");
      await page.waitForSelector(`pre.log .line:has-text('page ${lastPage} of the books')`);
      await recorded.isWhole(shop.instance);
      const printed = await page.locator("pre.log .line").allInnerTexts();
      assert.deepEqual(
        printed.map((line) => /page \d+/.exec(line)?.[0]),
        Array.from({ length: lastPage }, (_, at) => `page ${at + 1}`),
      );
      assert.equal(await page.evaluate("globalThis.isTheSamePage"), true);
    } finally {
      await server.kill();
    }
  },
);

/** A run of the books alone. */
async function askForBooks({ instance }: Shop): Promise<string> {
  return await instance.submit({ select: "books", partitions: { kind: "text", text: "all" } });
}

/** Something else that happens, from beginning to end. */
async function makeMerchants({ instance }: Shop): Promise<void> {
  await instance.ended(await instance.submit({ select: "merchants", partitions: { kind: "text", text: "all" } }));
}

async function isPrinted({ url }: Shop, run: string, lines: number): Promise<boolean> {
  const answer = await fetch(`${url}/api/v1/runs/${run}/logs?step=0&attempt=1`);
  return (await answer.text()).includes(`page ${lines} of the books`);
}

/** The middle of each day's cell, by the day's place in November: the page says over which day the mouse is. */
async function monthOf(page: Page): Promise<(day: number) => { readonly x: number; readonly y: number }> {
  const box = (await page.locator(".matrix canvas").boundingBox())!;
  const across = Array.from({ length: Math.floor(box.width / 9) }, (_, at) => box.x + 9 * at + 5);
  const find = async (key: string, among: readonly number[]): Promise<{ x: number; y: number }> => {
    for (let y = box.y + 9; y < box.y + box.height; y += 9) {
      for (const x of among) {
        await page.mouse.move(x, y);
        if ((await page.innerText(".legend [role=status]")).startsWith(`${key}:`)) return { x, y };
      }
    }
    throw new Error(`${key} is nowhere`);
  };
  const first = await find("2026-11-01", across);
  const last = await find("2026-11-30", across.toReversed());
  return (day) => ({ x: first.x + ((last.x - first.x) * day) / 29, y: first.y + ((last.y - first.y) * day) / 29 });
}

/** Tab, until it is reached: what cannot be is a failure. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let pressed = 0; pressed < 80; pressed += 1) {
    if ((await target.and(page.locator(":focus")).count()) > 0) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the Tab key does not come to ${target.toString()}`);
}

interface ServerProcess {
  readonly url: string;
  readonly port: number;
  kill(): Promise<void>;
}

async function startServerProcess({ instance }: Shop, port: number): Promise<ServerProcess> {
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
  const [url] = (await Promise.race([
    once(createInterface(child.stdout), "line"),
    ended.then(() => Promise.reject(new Error("the server has ended"))),
  ])) as [string];
  return {
    url,
    port: Number(new URL(url).port),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
