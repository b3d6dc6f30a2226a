/** What the page asks while nobody looks at it, and what it says while the link is cut and nothing is heard. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium as playwright } from "playwright-core";
import { chromium, skipWithoutChromium } from "../support/chromium.ts";
import { faultProxy } from "../support/fault-proxy.ts";
import { startHttpFaultProxy } from "../support/http-fault-proxy.ts";
import { sample } from "./sample.ts";

test(
  "a tab that nobody looks at asks nothing, and what has changed when somebody does",
  { skip: skipWithoutChromium, timeout: 300_000 },
  async () => {
    assert.ok(!("missing" in chromium));
    await using stack = new AsyncDisposableStack();
    const at = stack.use(await sample({ worker: false }));
    const proxy = stack.use(await startHttpFaultProxy(at.url));
    const browser = await playwright.launch({ executablePath: chromium.path, args: ["--no-sandbox"] });
    stack.defer(() => browser.close());
    const [hidden, seen] = [await browser.newPage(), await browser.newPage()];
    for (const [tab, url] of [
      [hidden, proxy.endpoint],
      [seen, at.url],
    ] as const) {
      tab.setDefaultTimeout(120_000);
      await tab.goto(`${url}/runs`);
      await tab.waitForSelector("text=Nothing has run yet");
    }
    const setHidden = (value: boolean): Promise<unknown> =>
      hidden.evaluate(`
        Object.defineProperty(document, "hidden", { value: ${value}, configurable: true });
        document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
      `);
    await setHidden(true);
    const asked = (): number => proxy.requests.filter((each) => each.includes("/api/v1/runs")).length;
    const before = asked();

    const run = await at.instance.submit({ select: "raw_sales", partitions: { kind: "text", text: "2026-11-01" } });
    await seen.waitForSelector(`a[href='/runs/${run}']`);
    assert.equal(asked(), before);

    await setHidden(false);
    await hidden.waitForSelector(`a[href='/runs/${run}']`);
  },
);

test(
  "a link that swallows everything is noticed: the age of what is shown, nothing to press, and on it goes afterwards",
  { skip: skipWithoutChromium, timeout: 300_000 },
  async () => {
    assert.ok(!("missing" in chromium));
    await using stack = new AsyncDisposableStack();
    const at = stack.use(await sample({ worker: false }));
    const proxy = stack.use(await faultProxy(at.server.port));
    const browser = await playwright.launch({ executablePath: chromium.path, args: ["--no-sandbox"] });
    stack.defer(() => browser.close());
    const page = await browser.newPage();
    page.setDefaultTimeout(120_000);
    await page.clock.install();
    await page.goto(`http://127.0.0.1:${proxy.port}/schedules`);
    const pause = page.locator("button:has-text('Pause')");
    await pause.waitFor();
    proxy.set({ blackhole: "both" });
    await page.clock.fastForward("10:00");
    await page.waitForSelector(".banner:has-text('The server does not answer')");
    assert.match(await page.innerText(".banner"), /What you see is 1\d min( \d+ s)? old and can only be read/);
    assert.ok(await pause.isDisabled());
    assert.equal(await pause.getAttribute("title"), "The server does not answer: nothing can be changed now.");
    await page.evaluate("globalThis.isTheSamePage = true");
    await page.clock.fastForward("10:00");
    await page.waitForSelector(".banner:has-text('What you see is 2')"); // it grows: 20 min and some
    assert.match(await page.innerText("main"), /nightly/);
    proxy.set();
    await page.clock.fastForward("00:30");
    await page.waitForSelector(".banner", { state: "detached" });
    assert.ok(await pause.isEnabled());
    assert.equal(await page.evaluate("globalThis.isTheSamePage"), true);
  },
);
