/** A page whose files are gone, or of another version than its server: it says so, goes on, and is never blank. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { skipWithoutChromium as skip } from "../support/chromium.ts";
import { openPage } from "./browser.ts";
import { sample, type Sample } from "./sample.ts";

const timeout = 300_000;

let at: Sample;
before(async () => {
  at = await sample({ worker: false });
});
after(() => at[Symbol.asyncDispose]());

test(
  "after an upgrade an open page goes on, offers to load the new one, and loads it by itself with the next page",
  { skip, timeout },
  async () => {
    await using visit = await openPage(`${at.url}/runs`);
    const { page } = visit;
    await page.waitForSelector("main h1");
    assert.equal(await page.locator(".banner").count(), 0, "its own version");
    // The page of a version before, as it stays open while the server is replaced.
    const older = async (): Promise<void> => {
      await page.route(
        "**/schedules",
        async (route) => {
          const answer = await route.fetch();
          const text = (await answer.text()).replace(/(?<=name="build" content=")\w+/, "0123456789ab");
          await route.fulfill({ response: answer, body: text });
        },
        { times: 1 },
      );
      await page.goto(`${at.url}/schedules`);
      await page.waitForSelector(".banner:has-text('another version of this page')");
      await page.evaluate("globalThis.isTheSamePage = true");
    };
    const isTheSamePage = (): Promise<unknown> => page.evaluate("globalThis.isTheSamePage === true");
    await older();
    assert.ok(await page.isEnabled("button:has-text('Pause')"), "it goes on");
    await page.click(".banner button:has-text('Load it')");
    await page.waitForSelector(".banner", { state: "detached" });
    assert.equal(await isTheSamePage(), false);

    await older();
    await page.click("nav a:has-text('Runs')");
    await page.waitForURL("**/runs");
    await page.waitForSelector("main h1:has-text('Runs')");
    assert.equal(await isTheSamePage(), false);
    assert.equal(await page.locator(".banner").count(), 0);
  },
);

test(
  "a part of the page that is no longer there is loaded with a new document, and only once where that is no help",
  { skip, timeout },
  async () => {
    await using visit = await openPage(`${at.url}/runs`);
    const { page } = visit;
    await page.waitForSelector("main h1");
    const isGone = async (times: number): Promise<void> => {
      await page.route("**/files/schedules-*.js", (route) => route.fulfill({ status: 404 }), { times });
    };
    await isGone(1);
    await page.click("nav a:has-text('Schedules')");
    await page.waitForSelector("button:has-text('Pause')");

    await page.goto(`${at.url}/runs`);
    await isGone(100);
    await page.click("nav a:has-text('Schedules')");
    await page.waitForSelector("main:has-text('This part of the page did not arrive')");
    assert.equal(new URL(page.url()).pathname, "/schedules");
    await page.unrouteAll();
    await page.click("button:has-text('Load it again')");
    await page.waitForSelector("button:has-text('Pause')");
  },
);

test(
  "a part that the link has cut off is told, the page before it still there, and it comes when the link does",
  { skip, timeout },
  async () => {
    await using visit = await openPage(`${at.url}/runs`);
    const { page } = visit;
    await page.waitForSelector("text=Nothing has run yet");
    await page.context().setOffline(true);
    await page.click("nav a:has-text('Schedules')");
    await page.waitForSelector("main:has-text('This part of the page did not arrive')");
    await page.goBack();
    await page.waitForSelector("text=Nothing has run yet");
    await page.goForward();
    await page.waitForSelector("main:has-text('This part of the page did not arrive')");
    await page.context().setOffline(false);
    await page.waitForSelector("button:has-text('Pause')");
  },
);

test("where not even the first script arrives, the document says so", { skip, timeout }, async () => {
  await using visit = await openPage("about:blank");
  const { page } = visit;
  await page.route("**/files/parts-*.js", (route) => route.abort());
  await page.goto(`${at.url}/runs`);
  await page.waitForSelector("text=If this stays, the link has lost a part of it");
  await page.unrouteAll();
  await page.click("a:has-text('load it again')");
  await page.waitForSelector("text=Nothing has run yet");
});
