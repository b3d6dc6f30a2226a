/** The search of the page in a real browser: it finds and does; the colours one chooses; which runs are listed. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { listRuns } from "@iroko/core/engine";
import type { Page } from "playwright-core";
import { skipWithoutChromium } from "../support/chromium.ts";
import { waitFor } from "../support/wait-for.ts";
import { openPage } from "./browser.ts";
import { sample, type Sample } from "./sample.ts";

const definitions = `
  import { existsSync } from "node:fs";
  import { z } from "zod";
  import { asset, define, fixed, job, retryPolicy, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const schema = z.object({ n: z.int() });
  const isMended = () => existsSync(new URL("mended", import.meta.url));
  const till = asset({ key: "till", partitions: fixed(["a", "b"]), schema, output: jsonLines("till"), materialize: () => [{ n: 1 }] });
  const ledger = asset({
    key: "ledger", schema, output: jsonLines("ledger"), retry: retryPolicy({ maxRetries: 0 }),
    materialize() { if (!isMended()) throw new Error("no ink"); return [{ n: 1 }]; },
  });
  const all = job({ key: "all", select: "ledger" });
  export default define({
    assets: [till, ledger], jobs: [all],
    schedules: [schedule({ key: "nightly", job: all, cron: "0 2 * * *", timezone: "Africa/Lagos" })],
  });
`;

const skip = skipWithoutChromium;
let at: Sample;
let made: string;
let failed: string;
before(async () => {
  at = await sample({ module: definitions });
  made = await at.instance.submit({ select: "till", partitions: { kind: "text", text: "a" } });
  await at.instance.ended(made);
  failed = await at.instance.submit({ select: "ledger", partitions: { kind: "unspecified" } });
  await at.instance.ended(failed);
});
after(() => at?.[Symbol.asyncDispose]());

const option = (name: string): string => `dialog[open] [role=option]:has-text("${name}")`;
const first = 'dialog[open] [role=option][aria-selected="true"]';

async function search(page: Page, text: string, wanted: string): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.waitForSelector(option("Home"));
  await page.keyboard.type(text);
  await page.waitForSelector(`${first}:has-text("${wanted}")`);
}

test(
  "where one was comes first, then the places; an asset's own actions are at hand on its page",
  { skip },
  async () => {
    await using opened = await openPage(`${at.url}/assets/till`);
    const { page, troubles } = opened;
    await page.waitForSelector("h1:has-text('till')");
    await search(page, "ledger", "ledger");
    await page.keyboard.press("Enter");
    await page.waitForSelector("h1:has-text('ledger')");
    await page.keyboard.press("Control+k");
    await page.waitForSelector(option("till"));
    const offered = await page.locator("dialog[open] [role=option]").allInnerTexts();
    assert.deepEqual(
      offered.slice(0, 5).map((text) => text.split("\n")[0]!.trim()),
      ["Make ledger", "Runs of ledger", "ledger in the lineage", "till", "Home"],
    );
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/runs\?asset=ledger$/);
    assert.deepEqual(troubles, []);
  },
);

test("a failed run is retried, and a schedule paused and resumed, out of the search", { skip }, async () => {
  await using opened = await openPage(`${at.url}/runs/${failed}`);
  const { page, troubles } = opened;
  await at.instance.project.write("mended", "");
  await page.waitForSelector("h1.run-name");
  await search(page, "retry what", "Retry what did not succeed in this run");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => /^\/runs\/[0-9a-f-]{36}$/.test(url.pathname) && !url.pathname.endsWith(failed));
  assert.equal((await at.instance.ended(page.url().split("/").at(-1)!)).status, "succeeded");
  for (const [verb, state] of [
    ["Pause", true],
    ["Resume", false],
  ] as const) {
    await search(page, `${verb} nightly`, `${verb} nightly`);
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog[open]", { state: "detached" });
    await waitFor(`${verb} to be true`, async () => {
      const answer = await at.get("/api/v1/schedules");
      const { items } = (await answer.json()) as { readonly items: readonly { readonly paused: boolean }[] };
      return items[0]?.paused === state;
    });
  }
  assert.deepEqual(troubles, []);
});

test("the colours that one chooses stay, and what is drawn takes them at once", { skip }, async () => {
  await using opened = await openPage(`${at.url}/lineage`, { colorScheme: "light" });
  const { page, troubles } = opened;
  const ground = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
  const drawn = () => page.evaluate<string>("document.querySelector('canvas').toDataURL()");
  await page.waitForSelector("canvas[data-drawn='2']");
  const [lightGround, lightDrawn] = [await ground(), await drawn()];
  await search(page, "dark col", "Dark colours");
  await page.keyboard.press("Enter");
  await waitFor("a dark ground", async () => (await ground()) !== lightGround);
  await waitFor("a dark picture", async () => (await drawn()) !== lightDrawn);
  await page.reload();
  await page.waitForSelector("canvas[data-drawn='2']");
  assert.notEqual(await ground(), lightGround);
  await page.click("button[aria-label='Colours: dark']");
  await page.waitForSelector("button[aria-label='Colours: as the system']");
  assert.equal(await ground(), lightGround);
  assert.deepEqual(troubles, []);
});

test(
  "runs are listed by asset, by what asked for them and by day, in an address that can be kept",
  { skip },
  async () => {
    await using opened = await openPage(`${at.url}/runs`);
    const { page, troubles } = opened;
    await page.waitForSelector(`a[href='/runs/${failed}']`);
    await page.fill("label:has-text('Asset') input", "till");
    await page.keyboard.press("Enter");
    await page.waitForSelector(`a[href='/runs/${failed}']`, { state: "detached" });
    await page.waitForSelector(`a[href='/runs/${made}']`);
    assert.match(page.url(), /\/runs\?asset=till$/);
    await page.fill("label:has-text('To') input", "2001-01-01");
    await page.waitForSelector("text=There is no such run.");
    await page.reload();
    await page.waitForSelector("text=There is no such run.");
    await page.click("button:has-text('Clear')");
    await page.waitForSelector(`a[href='/runs/${failed}']`);
    await page.goto(`${at.url}/runs?by=retry`);
    const [retried] = await listRuns(at.instance.db, { limit: 1, by: "retry" });
    await page.waitForSelector(`a[href='/runs/${retried!.id}']`);
    assert.equal(await page.locator("tbody tr").count(), 1);
    await page.goto(`${at.url}/runs?asset=tll`);
    await page.waitForSelector(".error:has-text('Did you mean')");
    assert.deepEqual(
      troubles.filter((text) => !text.includes("404")),
      [],
    );
  },
);
