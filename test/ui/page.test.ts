/** The page in a real browser: what it shows, what it does, what it does not let through. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium as playwright, type Browser, type Page } from "playwright-core";
import { chromium, skipWithoutChromium } from "../support/chromium.ts";
import { waitFor } from "../support/wait-for.ts";
import { evil, sample, type Sample } from "./sample.ts";

const skip = skipWithoutChromium;
let at: Sample;
let browser: Browser;
let run: string;

before(async () => {
  if (skip !== false || "missing" in chromium) return;
  [at, browser] = await Promise.all([
    sample(),
    playwright.launch({ executablePath: chromium.path, args: ["--no-sandbox"] }),
  ]);
  run = await at.instance.submit({
    select: "raw_sales or cleaned_sales",
    partitions: { kind: "text", text: "2026-11-01..2026-11-03" },
  });
  await at.instance.ended(run);
});
after(async () => {
  await browser?.close();
  await at?.[Symbol.asyncDispose]();
});

/** A page of its own for a test, and everything that went wrong on it. */
async function open(path: string): Promise<{ readonly page: Page; readonly troubles: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const troubles: string[] = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && troubles.push(message.text()));
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("dialog", (dialog) => void dialog.accept());
  await page.goto(at.url + path);
  return { page, troubles };
}

const isPwned = (page: Page): Promise<boolean> => page.evaluate(() => "pwned" in globalThis);

test(
  "home says what is wrong, what ran and what comes next, in the assets' zone with UTC on hover",
  { skip },
  async () => {
    const { page, troubles } = await open("/");
    const text = await page.innerText("main");
    assert.match(
      text,
      /cleaned_sales\s+3 of 5 partitions are missing: 2026-11-02, 2026-11-04..2026-11-05; the last try failed: 2026-11-02\./,
    );
    assert.match(text, /2026-11-07 02:00:00\s+in 15 h\s+nightly\s+2026-11-06/);
    const tick = page.locator("time", { hasText: "2026-11-07 02:00:00" });
    assert.match((await tick.getAttribute("title")) ?? "", /^2026-11-07T01:00:00.000Z .*Africa\/Lagos/);
    await page.click(`a[href="/runs/${run}"]`);
    assert.equal(await page.innerText("h1"), run);
    assert.deepEqual(troubles, []);
    await page.close();
  },
);

test("every page is reached by links, and shows text of others as text", { skip }, async () => {
  const { page, troubles } = await open("/lineage");
  assert.equal(await page.locator(".graph svg a").count(), 4);
  await page.click(".graph svg a:has-text('raw_sales')");
  assert.equal(await page.innerText("h1"), "raw_sales");
  assert.ok((await page.innerText("main")).includes(evil), "the description, in full");
  assert.equal(await page.locator("a[href^='javascript:']").count(), 0);
  assert.match(await page.innerText("main"), /note\s+<script>/);
  await page.goto(`${at.url}/runs/${run}`);
  assert.ok((await page.innerText(".error")).includes(evil));
  await page.click("section.failure a:has-text('log')");
  assert.match(await page.innerText("main"), /attempt 2 of 2/);
  await page.goto(`${at.url}/runs/${run}/steps/0/log`);
  assert.ok((await page.innerText("pre.log")).includes(evil));
  for (const path of ["/schedules", "/runs", "/runs?status=failed", "/assets/shop%2Ftill"]) {
    await page.goto(at.url + path);
    assert.equal(await page.locator("main h1").count(), 1, path);
    assert.equal(await isPwned(page), false, path);
  }
  assert.deepEqual(troubles, []);
  await page.close();
});

test("what is not there is a page that says so", { skip }, async () => {
  const { page } = await open("/assets/raw_sale");
  assert.match(await page.innerText("main"), /ASSET_NOT_FOUND[\s\S]*Did you mean "raw_sales"\?/);
  await page.goto(`${at.url}/runs/${run}/steps/99/log`);
  assert.match(await page.innerText("main"), /The run has no step "99"/);
  await page.close();
});

test("a run is started, followed and canceled from the page, which moves by itself", { skip }, async () => {
  const { page, troubles } = await open("/assets/slow");
  await page.click("form.make button");
  await page.waitForURL(/\/runs\/[0-9a-f-]{36}$/);
  await page.waitForSelector(".sentence .badge.busy");
  await page.click("button:has-text('Cancel')");
  await page.waitForSelector(".sentence .badge:has-text('canceled')");
  await at.instance.project.write("go", "");
  await page.click("button:has-text('Retry')");
  await page.waitForURL((url) => !url.href.includes(run));
  await page.waitForSelector(".sentence .badge:has-text('succeeded')");
  const done = page.url();
  await page.fill("input[name=select]", "slow or raw_sals");
  await page.click("form.make button");
  await page.waitForSelector("form.make output:has-text('raw_sales')");
  await page.fill("input[name=select]", "slow");
  await page.click("form.make button");
  await page.waitForURL((url) => url.href !== done);
  await page.waitForSelector(".sentence .badge:has-text('succeeded')");
  assert.equal(troubles.length, 1, "what the server refused"); // the browser tells of its answer
  await page.close();
});

test("what is missing is made together with what it is made from", { skip }, async () => {
  await using fresh = await sample();
  const page = await browser.newPage();
  await page.goto(`${fresh.url}/assets/cleaned_sales`);
  await page.fill("input[name=partitions]", "2026-11-04");
  assert.ok(await page.isChecked("input[name=upstream]"));
  await page.click("form.make button");
  await page.waitForSelector(".sentence .badge:has-text('succeeded')");
  assert.match(await page.innerText("main"), /raw_sales\s+2026-11-04[\s\S]*cleaned_sales\s+2026-11-04/);
  await page.close();
});

test("what cannot be made is told beside the form, and nothing is started", { skip }, async () => {
  const { page } = await open("/assets/raw_sales");
  await page.fill("input[name=partitions]", "2026-13-01");
  await page.click("form.make button");
  await page.waitForSelector("form.make output:has-text('2026-13-01')");
  assert.match(page.url(), /raw_sales$/);
  await page.close();
});

test("a schedule is paused and resumed from the page", { skip }, async () => {
  const { page } = await open("/schedules");
  await page.click("button:has-text('Pause')");
  await page.waitForSelector(".badge:has-text('paused')");
  await page.click("button:has-text('Resume')");
  await page.waitForSelector(".badge:has-text('on')");
  await page.close();
});

test("the first load is under 20 KB, and reads in light and in dark", { skip }, async () => {
  let bytes = 0;
  const page = await browser.newPage();
  const done: Promise<void>[] = [];
  page.on("response", (answer) => done.push(answer.body().then((body) => void (bytes += body.byteLength))));
  await page.goto(at.url, { waitUntil: "networkidle" });
  await Promise.all(done);
  assert.ok(bytes > 5_000 && bytes < 20_000, `${bytes} bytes`);
  const ground = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
  await page.emulateMedia({ colorScheme: "light" });
  const light = await ground();
  await page.emulateMedia({ colorScheme: "dark" });
  assert.notEqual(await ground(), light);
  await page.close();
});

test("an empty instance says which command to type", { skip }, async () => {
  await using empty = await sample({ worker: false });
  const page = await browser.newPage();
  await page.goto(empty.url);
  assert.match(await page.innerText("main"), /Nothing has run yet[\s\S]*iroko materialize/);
  await page.goto(`${empty.url}/assets/raw_sales`);
  assert.match(
    await page.innerText("main"),
    /None is made yet:\s+iroko materialize --select raw_sales --partition last:1/,
  );
  await page.goto(`${empty.url}/runs`);
  assert.match(await page.innerText("main"), /iroko materialize/);
  await page.close();
});

test("it works for the keyboard, and where scripts are off it can still be read", { skip }, async () => {
  const { page } = await open("/lineage");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate<string>("document.activeElement?.textContent"), "Skip to the content");
  for (let press = 0; press < 12; press += 1) await page.keyboard.press("Tab");
  assert.ok(await page.evaluate<boolean>("document.activeElement?.closest('main') !== null"));
  await page.close();
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const still = await plain.newPage();
  await still.goto(`${at.url}/runs/${run}`);
  await waitFor("the steps", async () => (await still.locator("tbody tr").count()) === 6);
  await plain.close();
});
