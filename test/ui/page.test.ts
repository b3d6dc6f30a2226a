/** The page in a real browser: what it shows, what it does, what it does not let through. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "@iroko/ui";
import type { BrowserContextOptions, Page } from "playwright-core";
import { chromium, skipWithoutChromium } from "../support/chromium.ts";
import { runCli } from "../support/run-cli.ts";
import { brokenRules, openPage } from "./browser.ts";
import { cellsOf } from "./cells-of.ts";
import { evil, now, sample, type Sample } from "./sample.ts";

const skip = skipWithoutChromium;
let at: Sample;
let run: string;

before(async () => {
  if (skip !== false || "missing" in chromium) return;
  at = await sample();
  run = await at.instance.submit({
    select: "raw_sales or cleaned_sales",
    partitions: { kind: "text", text: "2026-11-01..2026-11-03" },
  });
  await at.instance.ended(run, 120);
});
after(() => at?.[Symbol.asyncDispose]());

/** A page of its own for a test, and everything that went wrong on it. */
async function open(
  path: string,
  options: BrowserContextOptions & { readonly of?: string } = {},
): Promise<{ readonly page: Page; readonly troubles: string[] }> {
  const { of = at.url, ...context } = options;
  const { page, troubles } = await openPage(of + path, context);
  page.on("dialog", (dialog) => void dialog.accept());
  return { page, troubles };
}

const isPwned = (page: Page): Promise<boolean> => page.evaluate(() => "pwned" in globalThis);
const state = (page: Page, word: string): Promise<unknown> =>
  page.waitForSelector(`main .sentence .badge:has-text("${word}")`);
const everyPage = (): readonly string[] => [
  "/",
  "/lineage",
  "/lineage?view=outline",
  "/lineage?view=table",
  "/assets/cleaned_sales",
  "/assets/cleaned_sales?tab=why",
  "/assets/raw_sales?tab=schema",
  "/assets/raw_sales?tab=checks",
  "/assets/raw_sales?tab=events",
  "/assets/shop%2Ftill",
  "/launchpad?select=raw_sales&partitions=missing",
  "/runs",
  "/runs?status=failed",
  `/runs/${run}`,
  `/runs/${run}?view=steps&step=3`,
  "/schedules",
  "/instance",
  "/nowhere",
];

test(
  "home says what is wrong, what ran and what comes next, in the assets' zone with UTC on hover",
  { skip },
  async () => {
    const { page, troubles } = await open("/");
    await page.waitForSelector("h2:has-text('Next ticks')");
    const text = await page.innerText("main");
    assert.match(text, /1 asset failed, 2 assets with missing partitions\./);
    assert.match(
      text,
      /cleaned_sales\s+3 of 5 partitions are missing: 2026-11-02, 2026-11-04..2026-11-05; the last try failed: 2026-11-02\./,
    );
    assert.match(text, /2026-11-07 02:00:00\s+in 1[45] h\s+nightly\s+2026-11-06/);
    const tick = page.locator("time", { hasText: "2026-11-07 02:00:00" });
    assert.match((await tick.getAttribute("title")) ?? "", /^2026-11-07T01:00:00.000Z .*Africa\/Lagos/);
    await page.click(`.timeline a[href="/runs/${run}"]`);
    await page.waitForSelector(`.crumbs:has-text("${run}")`);
    assert.deepEqual(troubles, []);
    await page.context().close();
  },
);

test(
  "every page shows text of others as text: no script runs, nothing is refused by the policy",
  { skip },
  async () => {
    const { page, troubles } = await open("/assets/raw_sales");
    await page.waitForSelector("h1:has-text('raw_sales')");
    assert.ok((await page.innerText("main")).includes(evil), "the description, in full");
    await page.click("tbody details summary");
    assert.match(await page.innerText("tbody"), /note\s+<script>/);
    assert.equal(await page.locator("a[href^='javascript:']").count(), 0);
    await page.goto(`${at.url}/runs/${run}?step=0`);
    await page.waitForSelector("pre.log .stderr");
    assert.ok((await page.innerText("pre.log")).includes(evil), "a line of the log");
    assert.ok((await page.innerText("section.error")).includes(evil), "an error");
    for (const path of everyPage().filter((each) => each !== "/nowhere")) {
      await page.goto(at.url + path);
      await page.waitForSelector("main h1");
      await page.waitForLoadState("load");
      assert.equal(await isPwned(page), false, path);
    }
    assert.deepEqual(troubles, []);
    await page.context().close();
  },
);

test("what is not there is a page that says so, and what was meant", { skip }, async () => {
  const { page } = await open("/assets/raw_sale");
  await page.waitForSelector("main .error");
  assert.match(await page.innerText("main"), /ASSET_NOT_FOUND[\s\S]*Did you mean "raw_sales"\?/);
  await page.goto(`${at.url}/runs/${run}?step=99`);
  await page.waitForSelector(".step .error");
  assert.match(await page.innerText(".step"), /no step 99|no step "99"/);
  assert.equal((await page.goto(`${at.url}/nowhere`))?.status(), 404);
  await page.waitForSelector("main .error");
  assert.match(await page.innerText("main"), /There is nothing at \/nowhere/);
  assert.equal((await page.goto(`${at.url}/lineag`))?.status(), 404);
  await page.waitForSelector("main .error:has-text('Did you mean /lineage?')");
  await page.goto(`${at.url}/runs/01a1fcb6-6e98-7530-869b-e3e5d512bb64`);
  await page.waitForSelector("main .error:has-text('iroko runs list')");
  await page.goto(`${at.url}/lineage?select=raw_sals`);
  await page.waitForSelector("main .error:has-text('Did you mean \"raw_sales\"?')");
  await page.context().close();
});

test(
  "a selection or a filter that cannot be read is told as the CLI tells it, down to the letter",
  { skip },
  async () => {
    const { exitCode, stderr } = await runCli(["assets", "list", "--select", "(raw_sales", "--location", "test"], {
      cwd: at.instance.project.folder,
      env: { DATABASE_URL: at.instance.databaseUrl },
    });
    assert.equal(exitCode, 2);
    const { page } = await open("/lineage?select=(raw_sales");
    await page.waitForSelector("main .error .hint");
    const told = (await page.innerText("main .error")).split("\n").filter((line) => line.trim() !== "");
    assert.equal(
      told[0],
      'SELECTION_SYNTAX The selection "(raw_sales" cannot be read at character 11: expected "and", "or" or ")", found the end.',
    );
    for (const line of told) assert.ok(stderr.includes(line.trim()), `${line}\n${stderr}`);
    // The arrow stands under the character, in letters of one width.
    assert.equal(told[2]!.indexOf("^") - told[1]!.indexOf("(raw_sales") + 1, 11);
    assert.match(
      await page.evaluate<string>("getComputedStyle(document.querySelector('.error .hint')).fontFamily"),
      /mono/,
    );
    await page.goto(`${at.url}/runs?status=bogus`);
    await page.waitForSelector("main .error:has-text('status')");
    assert.match(await page.innerText("main .error"), /"queued"\|"running"\|"succeeded"\|"failed"\|"canceled"/);
    await page.context().close();
  },
);

test("a plan that something else has overtaken is not applied: the page says what has moved", { skip }, async () => {
  await using fresh = await sample();
  const { page } = await open("/launchpad?select=raw_sales&partitions=2026-11-01..2026-11-02", { of: fresh.url });
  await page.click("button:has-text('Show the plan')");
  await page.waitForSelector("section[aria-label='The plan']");
  const { instance } = fresh;
  await instance.ended(
    await instance.submit({ select: "raw_sales", partitions: { kind: "text", text: "2026-11-02" } }),
    120,
  );
  await page.click("button:has-text('Apply this plan')");
  await page.waitForSelector("main .error:has-text('PLAN_OUT_OF_DATE')");
  assert.match(await page.innerText("main"), /PLAN_OUT_OF_DATE[\s\S]*raw_sales[\s\S]*2026-11-02/);
  assert.match(page.url(), /\/launchpad/, "and nothing was started");
  await page.context().close();
});

test("a plan is looked at, applied, followed live, canceled and repeated", { skip }, async () => {
  const { page, troubles } = await open("/assets/slow");
  await page.click("a:has-text('Choose what to make')");
  await page.waitForURL(/\/launchpad/);
  await page.click("button:has-text('Show the plan')");
  await page.waitForSelector("section[aria-label='The plan']");
  assert.match(await page.innerText("section[aria-label='The plan']"), /1 step to make 1 partition[\s\S]*slow/);
  await page.click("button:has-text('Apply this plan')");
  await page.waitForURL(/\/runs\/[0-9a-f-]{36}$/);
  const first = page.url();
  await state(page, "running");
  await page.click("button:has-text('Cancel')");
  await state(page, "canceled");
  await at.instance.project.write("go", "");
  await page.click("button:has-text('Retry what did not succeed')");
  await page.waitForURL((url) => url.href !== first);
  await state(page, "succeeded");
  assert.deepEqual(troubles, []);
  await page.context().close();
});

test(
  "a month is brushed over the field of partitions, planned with what it is made from, and made",
  { skip },
  async () => {
    await using fresh = await sample();
    const { page } = await open("/assets/cleaned_sales", { of: fresh.url });
    const canvas = page.locator(".matrix canvas");
    await canvas.waitFor();
    const cell = await cellsOf(canvas);
    // The second and the third of the month: five days exist, from the first on.
    await page.mouse.move(...cell(0, 3));
    await page.mouse.down();
    await page.mouse.move(...cell(0, 4), { steps: 4 });
    await page.mouse.up();
    const chosen = page.locator("[aria-label='What is chosen']");
    await chosen.waitFor();
    assert.match(await chosen.innerText(), /2026-11-04\.\.2026-11-05/);
    await chosen.locator("a:has-text('Make these')").click();
    await page.waitForURL(/partitions=2026-11-04\.\.2026-11-05/);
    await page.fill("input[name=select]", "+cleaned_sales");
    await page.click("button:has-text('Show the plan')");
    await page.waitForSelector("section[aria-label='The plan']");
    assert.match(await page.innerText("section[aria-label='The plan']"), /4 steps to make 4 partitions/);
    await page.click("button:has-text('Apply this plan')");
    await state(page, "succeeded");
    for (const asset of ["raw_sales", "cleaned_sales"])
      await page.waitForSelector(
        `.lines tbody:has-text("${asset}") tr:has(.badge:has-text("succeeded")) td.number:has-text("2")`,
      );
    await page.context().close();
  },
);

test("what cannot be made is told beside the form, and nothing is started", { skip }, async () => {
  const { page } = await open("/launchpad?select=raw_sales&partitions=2026-13-01");
  await page.click("button:has-text('Show the plan')");
  await page.waitForSelector(".error:has-text('2026-13-01')");
  assert.equal(await page.locator("button:has-text('Apply')").count(), 0);
  await page.fill("input[name=select]", "raw_sals");
  await page.click("button:has-text('Show the plan')");
  await page.waitForSelector(".error:has-text('raw_sales')");
  await page.goto(`${at.url}/lineage?select=(raw_sales`);
  await page.waitForSelector("main .error:has-text('SELECTION_SYNTAX')");
  await page.context().close();
});

test("from a failure on home to its line in the log, and back by the address alone", { skip }, async () => {
  const { page } = await open("/");
  await page.click(".card:has-text('Failed')");
  await page.waitForURL(/select=status/);
  await page.waitForSelector("canvas[data-drawn='1']");
  await page.goto(`${at.url}/runs/${run}`);
  await page.waitForSelector("section.error button:has-text('log')");
  await page.keyboard.press("f");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".step .error");
  await page.click(".step button:has-text('1')");
  await page.waitForURL(/attempt=1/);
  await page.fill(".step input[type=search]", "nothing like this");
  await page.waitForURL(/find=nothing/);
  const { url } = { url: page.url() };
  await page.goto("about:blank");
  await page.goto(url);
  await page.waitForSelector(".step");
  assert.equal(await page.inputValue(".step input[type=search]"), "nothing like this");
  await page.context().close();
});

test("a partition's versions are listed, with the command that goes back to each", { skip }, async () => {
  const { page, troubles } = await open("/assets/raw_sales");
  await page.click("button[aria-label$='the versions of 2026-11-01']");
  await page.waitForURL(/of=2026-11-01/);
  const versions = page.locator("section[aria-label='Versions of raw_sales@2026-11-01']");
  await versions.locator("tbody tr").first().waitFor();
  assert.match(await versions.innerText(), /this one/);
  const again = await at.instance.submit({ select: "raw_sales", partitions: { kind: "text", text: "2026-11-01" } });
  await at.instance.ended(again);
  await versions.locator("code:has-text('iroko rollback')").waitFor();
  assert.match(await versions.innerText(), /iroko rollback raw_sales@2026-11-01 --to 1/);
  assert.deepEqual(troubles, []);
  await page.context().close();
});

test("a schedule is paused and resumed", { skip }, async () => {
  const { page } = await open("/schedules");
  await page.click("button:has-text('Pause')");
  await page.waitForSelector(".badge:has-text('paused')");
  await page.click("button:has-text('Resume')");
  await page.waitForSelector(".badge:has-text('on')");
  await page.context().close();
});

test("the keyboard goes everywhere: places, search, rows, along the lineage", { skip }, async () => {
  const { page, troubles } = await open("/");
  await page.waitForSelector("main h2");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate<string>("document.activeElement?.textContent.trim()"), "Skip to the content");
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await page.waitForSelector("h1:has-text('Runs')");
  await page.waitForSelector("tbody tr");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/runs\/[0-9a-f-]{36}$/);
  await page.keyboard.press("Control+k");
  await page.waitForSelector("dialog[open] [role=option]");
  await page.keyboard.type("clean");
  await page.waitForSelector("dialog[open] [role=option][aria-selected=true]:has-text('cleaned_sales')");
  await page.keyboard.press("Enter");
  await page.waitForSelector("h1:has-text('cleaned_sales')");
  await page.goto(`${at.url}/lineage?focus=raw_sales`);
  await page.waitForSelector("canvas[data-drawn='4']");
  await page.focus("canvas");
  await page.keyboard.press("ArrowRight");
  await page.waitForURL(/focus=cleaned_sales/);
  assert.match(await page.innerText(".aloud"), /cleaned_sales: failed/);
  await page.keyboard.press("Enter");
  await page.waitForSelector("h1:has-text('cleaned_sales')");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open] h2:has-text('Keys')");
  await page.keyboard.press("Escape");
  assert.deepEqual(troubles, []);
  await page.context().close();
});

test(
  "a server that goes away leaves what was known, with its age; back again, the page goes on by itself",
  { skip },
  async () => {
    const { port } = new URL(at.url);
    const options = { instance: { db: at.instance.db }, now: () => now };
    let server = await startServer({ ...options, port: 0 });
    const own = Number(new URL(server.url).port);
    assert.notEqual(own, Number(port));
    const { page } = await open("/schedules", { of: server.url });
    await page.waitForSelector("button:has-text('Pause')");
    await server.close();
    await page.waitForSelector(".banner:has-text('does not answer')");
    assert.ok(await page.isDisabled("button:has-text('Pause')"), "nothing can be pressed");
    assert.match(await page.innerText("main"), /nightly/);
    await at.instance.db.query("update iroko.automation set paused = true, paused_at = now() where name = 'nightly'");
    server = await startServer({ ...options, port: own });
    try {
      await page.waitForSelector(".banner", { state: "detached" });
      await page.waitForSelector("button:has-text('Resume')", { timeout: 60_000 });
      await page.click("button:has-text('Resume')");
      await page.waitForSelector(".badge:has-text('on')");
    } finally {
      await server.close();
    }
    await page.context().close();
  },
);

test("an empty instance says which command to type", { skip }, async () => {
  await using empty = await sample({ worker: false });
  const { page } = await open("/", { of: empty.url });
  await page.waitForSelector("text=Nothing ran in the last day");
  assert.match(await page.innerText("main"), /No worker is running[\s\S]*iroko worker/);
  await page.goto(`${empty.url}/assets/raw_sales`);
  await page.waitForSelector("text=None is made yet");
  assert.match(await page.innerText("main"), /iroko materialize --select \+raw_sales --partition last:1/);
  await page.goto(`${empty.url}/runs`);
  await page.waitForSelector("text=Nothing has run yet");
  await page.context().close();
});

test("where scripts are off the page says so, and lists the commands that tell the same", { skip }, async () => {
  const { page } = await open("/runs", { javaScriptEnabled: false });
  assert.match(await page.innerText("body"), /does not run[\s\S]*iroko runs list/);
  await page.context().close();
});

/** What opens on a page, and how; everything that lists and forms can show is looked at, too. */
const openings: readonly (readonly [path: string, open: (page: Page) => Promise<unknown>])[] = [
  ["/", (page) => page.keyboard.press("Control+k").then(() => page.waitForSelector("dialog[open] [role=option]"))],
  ["/", (page) => page.keyboard.press("?").then(() => page.waitForSelector("dialog[open] h2"))],
  [
    "/launchpad?select=raw_sales&partitions=missing",
    (page) =>
      page.click("button:has-text('Show the plan')").then(() => page.waitForSelector("section[aria-label='The plan']")),
  ],
  ["/assets/raw_sales?of=2026-11-01", (page) => page.waitForSelector("section[aria-label^='Versions of']")],
  ["/assets/raw_sales", (page) => page.click("tbody details summary")],
  [
    "/assets/cleaned_sales",
    async (page) => {
      await page.focus(".matrix canvas");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Shift+ArrowRight");
      await page.waitForSelector("[aria-label='What is chosen']");
    },
  ],
  ["/lineage?select=(raw_sales", (page) => page.waitForSelector("main .error")],
];

for (const colorScheme of ["light", "dark"] as const) {
  test(`no page breaks a rule of accessibility, ${colorScheme}`, { skip, timeout: 600_000 }, async () => {
    const { page } = await open("/", { colorScheme, bypassCSP: true });
    const nothing = (): Promise<void> => Promise.resolve();
    for (const [path, opens] of [...everyPage().map((each) => [each, nothing] as const), ...openings]) {
      await page.goto(at.url + path);
      await page.waitForSelector("main h1, main .error");
      await page.waitForFunction("document.querySelector('.loading') === null");
      await opens(page);
      assert.deepEqual(await brokenRules(page), [], path);
    }
    await page.context().close();
  });
}
