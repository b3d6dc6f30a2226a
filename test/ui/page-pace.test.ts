/** What the page asks while nobody looks at it: nothing, and all that has changed as soon as somebody does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium as playwright } from "playwright-core";
import { chromium, skipWithoutChromium } from "../support/chromium.ts";
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
    const setHidden = (value: boolean): Promise<void> =>
      hidden.evaluate((isHidden) => {
        Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
      }, value);
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
