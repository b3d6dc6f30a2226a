/** Runs, the launchpad, schedules and the instance in a real browser: what was tried, what it waited for, what is made again. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { openClient } from "@iroko/core/client";
import { evaluateSchedules } from "@iroko/core/engine";
import { startServer } from "@iroko/ui";
import { chromium as playwright, type Browser, type Page } from "playwright-core";
import { chromium, skipWithoutChromium } from "../support/chromium.ts";
import { sample, type Sample } from "./sample.ts";

const definitions = `
  import { existsSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, job, retryPolicy, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ day: z.string() });
  const isMended = () => existsSync(new URL("mended", import.meta.url));
  const raw = asset({
    key: "raw", partitions: days, schema, output: jsonLines("raw"),
    config: z.object({ rows: z.int().min(1).default(10).describe("at most"), mode: z.enum(["full", "sample"]).default("full") }),
    materialize: (ctx) => { console.log("config", JSON.stringify(ctx.config)); console.error("careful"); return [{ day: ctx.partition.key }]; },
  });
  const flaky = asset({
    key: "flaky", partitions: days, schema, output: jsonLines("flaky"), deps: { raw },
    retry: retryPolicy({ maxRetries: 1, baseSeconds: 0.01, capSeconds: 0.02, retryOn: ["USER_CODE"] }),
    materialize(ctx) {
      if (ctx.partition.key >= "2026-11-03" && !isMended()) throw new Error("the till is closed");
      return [{ day: ctx.partition.key }];
    },
  });
  const all = job({ key: "all", select: "+flaky", priority: 4, config: { raw: { rows: 7 } } });
  export default define({
    assets: [raw, flaky], jobs: [all],
    schedules: [schedule({ key: "nightly", job: all, cron: "0 2 * * *", timezone: "Africa/Lagos" })],
  });
`;

let at: Sample;
let browser: Browser | undefined;
let run: string;
const skip = skipWithoutChromium;

before(async () => {
  [at, browser] = await Promise.all([
    sample({ module: definitions }),
    "missing" in chromium ? undefined : playwright.launch({ executablePath: chromium.path, args: ["--no-sandbox"] }),
  ]);
  run = await at.instance.submit({ select: "*", partitions: { kind: "text", text: "2026-11-01..2026-11-04" } });
  await at.instance.ended(run);
});
after(async () => {
  await browser?.close();
  await at?.[Symbol.asyncDispose]();
});

async function open(path: string, of = at.url): Promise<{ readonly page: Page; readonly troubles: string[] }> {
  const context = await browser!.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: true });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("dialog", (dialog) => void dialog.accept());
  await page.goto(of + path);
  return { page, troubles };
}

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What breaks a rule of accessibility, as the page stands. */
async function broken(page: Page): Promise<readonly string[]> {
  await page.evaluate(readFileSync(axe, "utf8"));
  return await page.evaluate<string[]>(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' | ')))",
  );
}

test("attempts that did not end a step are told, with what was waited for after them", async () => {
  const client = openClient({ url: at.url });
  const { items } = await client.runs.attempts({ id: run });
  assert.deepEqual(
    items.map(({ attempt, outcome }) => [attempt, outcome]),
    [
      [1, "failed"],
      [1, "failed"],
    ],
  );
  for (const { startedAt, endedAt, retryAt, reason, error } of items) {
    assert.ok(startedAt <= endedAt && startedAt < retryAt!, `${startedAt} ${endedAt} ${retryAt}`);
    assert.match(reason, /^retry 1 of 1 after /);
    assert.match(error?.message ?? "", /the till is closed/);
  }
  const [first] = items;
  const only = await client.runs.attempts({ id: run, from: first!.step, to: first!.step });
  assert.deepEqual(only.items, [first]);
});

test(
  "the launchpad has a form for what assets take, and the dry run says at the field what does not fit",
  { skip },
  async () => {
    const { page, troubles } = await open("/launchpad?select=raw&partitions=2026-11-05");
    await page.fill("input[name='config.raw.rows']", "0");
    await page.selectOption("select[name='config.raw.mode']", "sample");
    await page.click("button:has-text('Show the plan')");
    await page.waitForSelector("label:has(input[name='config.raw.rows'][aria-invalid=true]) .bad-text:has-text('>=1')");
    assert.deepEqual(await broken(page), []);
    await page.fill("input[name='config.raw.rows']", "3");
    await page.fill("input[name=priority]", "2");
    await page.click("button:has-text('Show the plan')");
    await page.waitForSelector("section[aria-label='The plan']");
    assert.match(
      await page.innerText("form .command code"),
      /iroko materialize --select raw --partitions 2026-11-05 --config '\{"raw":\{"rows":3,"mode":"sample"\}\}' --priority 2/,
    );
    // A link keeps all of it.
    await page.reload();
    assert.equal(await page.inputValue("input[name='config.raw.rows']"), "3");
    assert.equal(await page.inputValue("select[name='config.raw.mode']"), "sample");
    await page.click("button:has-text('Show the plan')");
    await page.waitForSelector("section[aria-label='The plan']");
    // Somebody else makes it meanwhile.
    await at.instance.ended(
      await at.instance.submit({ select: "raw", partitions: { kind: "text", text: "2026-11-05" } }),
    );
    await page.click("button:has-text('Apply this plan')");
    await page.waitForSelector("[role=alert] li:has-text('raw@2026-11-05 was made meanwhile')");
    await page.click("button:has-text('Plan again')");
    await page.waitForSelector("section[aria-label='The plan']");
    await page.click("button:has-text('Apply this plan')");
    await page.waitForURL(/\/runs\/[0-9a-f-]{36}$/);
    await page.waitForSelector("main .sentence .badge:has-text('succeeded')");
    const made = await openClient({ url: at.url }).runs.get({ id: page.url().split("/").at(-1)! });
    assert.deepEqual([made.config, made.priority], [{ raw: { mode: "sample", rows: 3 } }, 2]);
    assert.deepEqual(troubles, []);
    await page.context().close();
  },
);

test(
  "a run's steps are drawn with their attempts, and what is chosen of its partitions is made again",
  { skip },
  async () => {
    const { page, troubles } = await open(`/runs/${run}?view=steps&status=failed`);
    const drawn = page.locator("tbody tr:has-text('flaky') .gantt").first();
    await drawn.locator(".bar.failed").nth(1).waitFor();
    const said = (await drawn.getAttribute("aria-label")) ?? "";
    assert.match(said, /attempt 1 failed: .*the till is closed.*; (?:waited: retry 1 of 1 .*; )?attempt 2 failed: /);
    assert.deepEqual(await broken(page), []);
    await page.click("button:has-text('by partition')");
    await page.waitForURL(/view=partitions/);
    const failed = page.locator("tbody tr:has(.badge.bad)");
    await failed.locator("code:has-text('2026-11-03..2026-11-04')").waitFor();
    await page.locator("tbody tr:has-text('flaky'):has(.badge.good) code:has-text('2026-11-01..2026-11-02')").waitFor();
    await failed.locator("input[type=checkbox]").check();
    const chosen = page.locator("section[aria-label='What is made again']");
    assert.match(
      await chosen.innerText(),
      new RegExp(`iroko runs retry ${run} --select flaky --partitions 2026-11-03..2026-11-04`),
    );
    assert.deepEqual(await broken(page), []);
    await chosen.locator("label:has-text('Partitions') input").fill("2026-11-04");
    await at.instance.project.write("mended", "");
    await chosen.locator("button:has-text('Make these again')").click();
    await page.waitForURL((url) => !url.pathname.endsWith(run));
    await page.waitForSelector("main .sentence .badge:has-text('succeeded')");
    const made = await openClient({ url: at.url }).runs.get({ id: new URL(page.url()).pathname.split("/").at(-1)! });
    assert.deepEqual([made.parent, made.planned, made.partitions], [run, 1, "2026-11-04"]);
    assert.deepEqual(troubles, []);
    await page.context().close();
  },
);

test(
  "a schedule tells what each tick asked for and why, what the next makes, and has a run of it planned",
  { skip },
  async (t) => {
    const { db } = at.instance;
    const seen = Temporal.Now.instant();
    const later = seen.add({ hours: 24 });
    for (const now of [seen, later]) await evaluateSchedules({ db, now: () => now });
    const server = await startServer({ instance: { db }, port: 0, now: () => later, checkAnswers: true });
    t.after(() => server.close());
    const [tick] = (await openClient({ url: server.url }).schedules.ticks({ location: "test", key: "nightly" })).items;
    const at02 = Temporal.Instant.from(tick!.scheduledFor).toZonedDateTimeISO("Africa/Lagos");
    const day = at02.toPlainDate().subtract({ days: 1 }).toString();
    assert.deepEqual([tick?.status, tick?.partitions], ["requested", day]);
    const { page, troubles } = await open("/schedules", server.url);
    const schedule = page.locator("section.schedule#nightly");
    const last = schedule.locator("li:has(.badge:has-text('requested'))");
    await last.locator(`code:has-text("${day}")`).waitFor();
    assert.match(await last.innerText(), new RegExp(`${at02.toPlainDate().toString()} 02:00:00`));
    await schedule.locator("button:has-text('All ticks')").click();
    await schedule.locator("h3:has-text('All ticks')").waitFor();
    await last.locator(`code:has-text("${day}")`).waitFor();
    await schedule.locator("button:has-text('What the next one makes')").click();
    await schedule.locator("section[aria-label='What the next tick makes'] tbody tr:has-text('flaky')").waitFor();
    assert.deepEqual(await broken(page), []);
    await schedule.locator("a:has-text('Plan a run of its job')").click();
    await page.waitForURL(/\/launchpad\?/);
    assert.equal(await page.inputValue("input[name=select]"), "+flaky");
    assert.equal(await page.inputValue("input[name=priority]"), "4");
    assert.equal(await page.inputValue("input[name='config.raw.rows']"), "7");
    assert.deepEqual(troubles, []);
    await page.context().close();
  },
);

test(
  "the instance says of each of its parts whether it is well, since when, and what would mend it",
  { skip },
  async () => {
    const { page, troubles } = await open("/instance");
    const health = page.locator("ul[aria-label=Health]");
    for (const about of ["code of test", "workers", "clock", "queue", "store", "database"])
      await health.locator(`li:has(.badge:has-text("${about}"))`).waitFor();
    assert.match(await health.innerText(), /PostgreSQL \d+\.?\d* .*answers/);
    await page.waitForSelector("h2:has-text('Database') + dl :text('Connections')");
    assert.deepEqual(await broken(page), []);
    assert.deepEqual(troubles, []);
    await page.context().close();
  },
);

test(
  "of a step is told what it printed, all or by stream, and what happened to it; of a run, too",
  { skip },
  async () => {
    const { page, troubles } = await open(`/runs/${run}?step=0`);
    await page.waitForSelector(".log .line.stdout:has-text('config')");
    await page.waitForSelector(".log .line.stderr:has-text('careful')");
    await page.click("[aria-label='What is told of it'] button:has-text('stderr')");
    await page.waitForSelector(".log .line.stdout", { state: "detached" });
    assert.equal(await page.locator(".log .line.stderr").count(), 1);
    assert.match(await page.innerText("section.step .command code"), /--step 0 --stream stderr/);
    assert.deepEqual(await broken(page), []);
    await page.reload();
    await page.waitForSelector(".log .line.stderr:has-text('careful')");
    assert.equal(await page.locator(".log .line.stdout").count(), 0);
    await page.click("[aria-label='What is told of it'] button:has-text('events')");
    await page.waitForSelector("section.step li:has-text('materialization')");
    const { items } = await openClient({ url: at.url }).runs.events({ id: run, step: 0 });
    assert.ok(items.length > 0 && items.every(({ step }) => step === 0));
    assert.equal(await page.locator("section.step li[id^=step-event-]").count(), items.length);
    await page.click("[aria-label='Shown by'] button:has-text('events')");
    await page.waitForSelector("li:has-text('run submitted')");
    await page.click("li:has-text('run submitted') summary");
    await page.waitForSelector("li:has-text('run submitted') pre:has-text('\"trigger\"')");
    assert.deepEqual(await broken(page), []);
    assert.deepEqual(troubles, []);
    await page.context().close();
  },
);
