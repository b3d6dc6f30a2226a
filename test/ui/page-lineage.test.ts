/** The lineage in a real browser: selections completed, groups folded, and the same told as an outline and a table. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium as playwright, type Browser, type Page } from "playwright-core";
import { chromium, skipWithoutChromium } from "../support/chromium.ts";
import { sample, type Sample } from "./sample.ts";

const skip = skipWithoutChromium;
let at: Sample;
let browser: Browser;

before(async () => {
  if (skip !== false || "missing" in chromium) return;
  [at, browser] = await Promise.all([
    sample({ worker: false }),
    playwright.launch({ executablePath: chromium.path, args: ["--no-sandbox"] }),
  ]);
});
after(async () => {
  await browser?.close();
  await at?.[Symbol.asyncDispose]();
});

async function open(path: string): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(at.url + path);
  return page;
}

test("a selection is completed while it is typed, by keys or a press, and then shown", { skip }, async () => {
  const page = await open("/lineage");
  await page.waitForSelector("canvas[data-drawn='4']");
  const bar = page.getByRole("combobox", { name: "Select" });
  await bar.fill("status:fai");
  await page.getByRole("option", { name: "status:failed" }).click();
  assert.equal(await bar.inputValue(), "status:failed");
  await bar.fill("+cle");
  await page.getByRole("option", { name: "+cleaned_sales" }).waitFor();
  await page.keyboard.press("ArrowDown");
  assert.equal(await bar.getAttribute("aria-activedescendant"), "completion-0");
  await page.keyboard.press("Enter");
  assert.equal(await bar.inputValue(), "+cleaned_sales");
  assert.equal(await bar.getAttribute("aria-expanded"), "false");
  await page.keyboard.press("Enter");
  await page.waitForSelector("canvas[data-drawn='2']");
  assert.match(page.url(), /select=%2Bcleaned_sales/);
  // What is not shown now can be named all the same.
  await bar.fill("slo");
  await page.getByRole("option", { name: "slow" }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.getByRole("option").count(), 0);
  await page.close();
});

test(
  "groups fold to one node each and unfold by a key; the address keeps them, whatever it says",
  { skip },
  async () => {
    const page = await open("/lineage?select=%2Bcleaned_sales&fold=%25,transform&focus=transform");
    await page.waitForSelector("canvas[data-drawn='2']");
    await page.waitForSelector("button:has-text('Unfold the group transform')");
    assert.match(await page.innerText(".aloud"), /^transform: 1 asset, worst \w+\. 1 asset above, 0 below\.$/);
    await page.click("button:has-text('Fold all groups')");
    await page.waitForURL(/fold=\*/);
    await page.focus("canvas");
    await page.keyboard.press("ArrowRight");
    await page.waitForURL(/focus=ingestion/);
    await page.keyboard.press("ArrowRight");
    await page.waitForURL(/focus=transform/);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.searchParams.get("fold") === "ingestion");
    await page.click("button:has-text('Unfold all')");
    await page.waitForURL((url) => !url.searchParams.has("fold"));
    await page.close();
  },
);

test("the outline and the table tell of the same assets and arrows, and are walked by keys", { skip }, async () => {
  const page = await open("/lineage?view=table");
  const row = page.locator("tbody tr", { has: page.locator("td:nth-child(2) a:text-is('cleaned_sales')") });
  await row.waitFor();
  assert.deepEqual(await row.locator("td").allInnerTexts(), [
    await row.locator("td").first().innerText(),
    "cleaned_sales",
    "transform",
    "raw_sales",
    "",
  ]);
  assert.equal(await page.locator("tbody tr").count(), 4);
  await page.click("button:has-text('outline')");
  await page.getByRole("treeitem", { name: /^cleaned_sales/ }).waitFor();
  assert.equal(await page.getByRole("treeitem").count(), 4);
  assert.equal(await page.getByRole("treeitem", { name: /^cleaned_sales/ }).getAttribute("aria-level"), "2");
  await page.focus("[role=treeitem] a:text-is('raw_sales')");
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.evaluate<string>("document.activeElement.textContent"), "cleaned_sales");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await page.evaluate<string>("document.activeElement.textContent"), "raw_sales");
  await page.close();
});
