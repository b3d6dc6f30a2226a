/** The page of an asset in a real browser: its sentence, where columns come from, rows, the way back, the field of partitions. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { daily, fixed, multi, unpartitioned } from "@iroko/core";
import type { AssetOutlook, PartitionGrid } from "@iroko/core/client";
import { chromium as playwright, type Browser, type Page } from "playwright-core";
import { outlookSentence, whenText, type OutlookOf } from "../../packages/ui/page/src/pages/asset/outlook.ts";
import { readAllSql, readSql } from "../../packages/ui/page/src/pages/asset/read-sql.ts";
import { rollbackQuestion } from "../../packages/ui/page/src/pages/asset/rollback-question.ts";
import { chromium, skipWithoutChromium } from "../support/chromium.ts";
import { waitFor } from "../support/wait-for.ts";
import { assetSample } from "./asset-sample.ts";
import { cellsOf } from "./cells-of.ts";
import { json, sample, type Sample } from "./sample.ts";

const skip = skipWithoutChromium;
let at: Sample;
let browser: Browser;

before(async () => {
  if (skip !== false || "missing" in chromium) return;
  [at, browser] = await Promise.all([
    assetSample(),
    playwright.launch({ executablePath: chromium.path, args: ["--no-sandbox"] }),
  ]);
  for (const force of [false, true]) {
    const run = await at.instance.submit({
      select: "shop/sales or totals",
      partitions: { kind: "text", text: "2026-11-01..2026-11-03" },
      force,
    });
    await at.instance.ended(run);
  }
});
after(async () => {
  await browser?.close();
  await at?.[Symbol.asyncDispose]();
});

async function open(
  path: string,
  url = at.url,
): Promise<{ readonly page: Page; readonly asked: string[]; readonly troubles: string[] }> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  page.setDefaultTimeout(60_000);
  const [asked, troubles]: [string[], string[]] = [[], []];
  page.on("dialog", (dialog) => {
    asked.push(dialog.message());
    void dialog.accept();
  });
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && troubles.push(message.text()));
  page.on("pageerror", (error) => troubles.push(error.message));
  await page.goto(url + path);
  return { page, asked, troubles };
}

async function violations(page: Page): Promise<readonly string[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(axe);
  return await page.evaluate(async () => {
    const { violations: found } = await (
      globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      }
    ).axe.run();
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
  });
}

const outlook: AssetOutlook = {
  partitions: 4_812,
  missing: 3,
  failed: 0,
  stale: 0,
  fresh: 4_809,
  freshTo: "2026-11-20",
  lagging: null,
  next: { at: "2026-11-22T01:00:00Z", schedule: "nightly", timezone: "Africa/Lagos" },
  schedules: 1,
  timezone: "Africa/Lagos",
  store: null,
};
const evening = Date.parse("2026-11-21T20:00:00Z");
const days = daily({ start: "2013-09-17", timezone: "Africa/Lagos" });
const shops = fixed(["Kano", "Lagos"]);
const says = (changes: Partial<AssetOutlook>, of: Partial<OutlookOf> = {}): string =>
  outlookSentence(
    { ...outlook, next: null, schedules: 0, ...changes },
    { partitions: days, isExternal: false, lastMadeAt: "2026-11-21T17:00:00Z", ...of },
    evening,
  ).replace("; no schedule asks for it", "");

test("an asset's sentence says how far it is fresh, what lacks and when it is made next", () => {
  const { next } = outlook;
  assert.equal(
    says({ next, schedules: 1 }),
    "Fresh to 20 Nov; 3 of 4,812 partitions missing; next run tonight 02:00 WAT.",
  );
  assert.equal(
    says({ missing: 0, failed: 1, stale: 2, freshTo: "2025-12-31", schedules: 1 }),
    "Fresh to 31 Dec 2025; all 4,812 partitions made; 1 failed; 2 stale; its schedules are off or paused.",
  );
  const never = { freshTo: null, fresh: 0, partitions: 5, missing: 5 };
  assert.equal(says(never, { lastMadeAt: null }), "Never made; 5 of 5 partitions missing.");
  assert.equal(says({ ...never, missing: 3, stale: 2 }), "Nothing of it is fresh; 3 of 5 partitions missing; 2 stale.");
  assert.equal(says({ ...never, partitions: 0, missing: 0 }), "No partition exists yet.");
});

test("of an asset without partitions its sentence says when it was made", () => {
  const one = { partitions: unpartitioned };
  const outlookOfOne = { partitions: 1, missing: 0, fresh: 1, freshTo: null };
  assert.equal(says(outlookOfOne, one), "Fresh, last made 3 h ago.");
  assert.equal(
    says({ ...outlookOfOne, stale: 1, fresh: 0, failed: 1 }, one),
    "Stale, last made 3 h ago; the last try failed.",
  );
  assert.equal(says(outlookOfOne, { ...one, lastMadeAt: null }), "Never made.");
  assert.equal(says({}, { isExternal: true }), "Made elsewhere, last observed 3 h ago.");
  assert.equal(says({}, { isExternal: true, lastMadeAt: null }), "Made elsewhere, never observed.");
});

test("of an asset whose partitions have no order in time its sentence says how many are fresh", () => {
  const of = { partitions: shops };
  const outlookOfKeys = { partitions: 40, missing: 3, fresh: 35, stale: 2, freshTo: null };
  assert.equal(says(outlookOfKeys, of), "35 of 40 partitions fresh; 3 missing; 2 stale.");
  assert.equal(says({ ...outlookOfKeys, missing: 0, fresh: 40, stale: 0 }, of), "All 40 partitions fresh.");
});

test("of several dimensions an asset's sentence says which keys lag, or how many", () => {
  const of = { partitions: multi({ shop: shops, day: days }) };
  const lagging = { dimensions: ["shop"], count: 1, of: 2, furthest: [{ key: "Kano", freshTo: "2026-11-18" }] };
  const made = { missing: 0 };
  assert.equal(says({ ...made, lagging }, of), "Fresh to 20 Nov; Kano to 18 Nov; all 4,812 partitions made.");
  const none = { key: "Jos", freshTo: null };
  const two = { ...lagging, count: 2, of: 9, furthest: [none, ...lagging.furthest] };
  assert.equal(
    says({ lagging: two }, of),
    "Fresh to 20 Nov; Jos not at all, Kano to 18 Nov; 3 of 4,812 partitions missing.",
  );
  assert.equal(
    says({ ...made, lagging: { ...two, count: 12, of: 40 } }, of),
    "Fresh to 20 Nov; 12 of 40 keys of shop lag, among them Jos not at all; all 4,812 partitions made.",
  );
  assert.equal(
    says({ freshTo: null, fresh: 9, lagging: { ...two, count: 31, of: 40 } }, of),
    "9 of 4,812 partitions fresh; nothing fresh of 31 of 40 keys of shop; 3 missing.",
  );
});

test("a time to come is told by its day, its hour and its zone's name", () => {
  const when = (at: string, zone = "Africa/Lagos"): string => whenText(at, zone, evening);
  assert.equal(when("2026-11-21T21:30:00Z"), "tonight 22:30 WAT");
  assert.equal(when("2026-11-22T11:00:00Z"), "tomorrow 12:00 WAT");
  assert.equal(when("2026-11-25T01:00:00Z", "Europe/Berlin"), "Wed 02:00 CET");
  assert.equal(when("2026-12-03T07:00:00Z", "America/New_York"), "3 Dec 02:00 EST");
  assert.equal(whenText("2026-11-21T11:00:00Z", "UTC", Date.parse("2026-11-21T08:00:00Z")), "today 11:00 UTC");
});

test("SQL to copy reads one object, or all partitions, wherever the store is", () => {
  assert.equal(
    readSql("s3://bucket/p/", "_v/a/x.parquet"),
    "select * from read_parquet('s3://bucket/p/_v/a/x.parquet')",
  );
  assert.equal(readSql("file:///srv/it's", "a.parquet"), "select * from read_parquet('/srv/it''s/a.parquet')");
  const storage = { path: "raw/sales", extension: ".parquet" };
  assert.equal(readAllSql(null, storage, "time"), "select * from read_parquet('raw/sales/*.parquet')");
  assert.equal(readAllSql(null, storage, "multi"), "select * from read_parquet('raw/sales/**/*.parquet')");
  assert.equal(readAllSql(null, storage, "none"), "select * from read_parquet('raw/sales.parquet')");
});

test("before a way back is gone it is said what readers will see and what becomes stale", () => {
  const version = { version: 1, rows: 1_200, madeAt: "2026-11-20T01:02:03Z" };
  assert.equal(
    rollbackQuestion("a@x", 2, version, ["b", "c"]),
    [
      "Readers of a@x will see version 1 (1,200 rows), made 2026-11-20 01:02 UTC, under a new number.",
      "Version 2, which they see now, is kept as long as others are.",
      "What was made from it is stale then, until somebody or a schedule has it made again: b, c.",
      "Go back to it?",
    ].join("\n\n"),
  );
  assert.match(rollbackQuestion("a", undefined, version, []), /Nothing is made from it\./);
});

test("the sentence stands on top, and every column says where it comes from and who reads it", { skip }, async () => {
  const { page, troubles } = await open("/assets/shop%2Fsales?tab=schema");
  await page.waitForSelector(".outlook:has-text('Fresh to 3 Nov')");
  assert.match(await page.innerText(".outlook"), /^Fresh to 3 Nov; 2 of 5 partitions missing; next run .*02:00 WAT\.$/);
  await page.waitForSelector("tr:has(code:text-is('amount')) a:text-is('totals')");
  assert.match(await page.innerText("tr:has(code:text-is('amount'))"), /code[\s\S]*totals in revenue/);
  assert.match(await page.innerText("tr:has(code:text-is('note'))"), /totals \(to choose or order rows\)/);
  assert.match(await page.innerText("main"), /Which columns these read is not known[\s\S]*mailing/);
  await page.click("tr:has(code:text-is('amount')) a:text-is('totals')");
  await page.waitForSelector("tr:has(code:text-is('revenue')) a:text-is('shop/sales.amount')");
  assert.match(await page.innerText("tr:has(code:text-is('sold'))"), /rows of shop\/sales/);
  assert.match(await page.innerText("tr:has(code:text-is('day'))"), /a constant, or the partition/);
  await page.getByText(/read_parquet\('.*\/store\/totals\/\*\.parquet'\)/).waitFor();
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(troubles, []);
  await page.context().close();
});

test("a partition shows its first rows, masked, and a way back that is asked about first", { skip }, async () => {
  const { page, asked, troubles } = await open("/assets/shop%2Fsales?of=2026-11-01");
  const panel = page.locator("section[aria-label='Versions of shop/sales@2026-11-01']");
  await panel.getByRole("button", { name: "Show the first rows" }).click();
  await panel.getByText("50 of 120 rows of version 2.").waitFor();
  const rows = await panel.locator("section[aria-label='First rows'] table").innerText();
  assert.match(rows, /•••/);
  assert.match(rows, /<b>2026-11-01/, "text of others is text");
  assert.match(rows, /phone varchar/, "a column is told with its type");
  await panel
    .getByText(/^select \* from read_parquet\('.*_v\/raw\/sales\/.*'\)$/)
    .last()
    .waitFor();
  assert.doesNotMatch(rows, /\+234/);
  assert.deepEqual(await violations(page), []);
  await panel.getByRole("button", { name: "Go back to it" }).click();
  await panel.locator("tr", { hasText: "this one" }).locator("td").first().getByText("3", { exact: true }).waitFor();
  assert.equal(asked.length, 1);
  assert.match(asked[0]!, /Readers of shop\/sales@2026-11-01 will see version 1 \(120 rows\)[\s\S]*totals/);
  assert.deepEqual(troubles, []);
  await page.context().close();
});

test("where one key lags the others, the sentence names it and how far it is", { skip }, async () => {
  const partitions = {
    kind: "text",
    text: "shop=Lagos,day=2026-11-01..2026-11-04 or shop=Kano,day=2026-11-02",
  } as const;
  await at.instance.ended(await at.instance.submit({ select: "cube", partitions }));
  const { page } = await open("/assets/cube");
  await page.waitForSelector(".outlook:has-text('Fresh to')");
  assert.equal(
    await page.innerText(".outlook"),
    "Fresh to 4 Nov; Kano to 2 Nov; 5 of 10 partitions missing; no schedule asks for it.",
  );
  await page.context().close();
});

test("a check shows the rows that broke it", { skip }, async () => {
  const { page } = await open("/assets/totals?tab=checks");
  await page.locator("details summary").first().click();
  assert.match(await page.innerText("tbody"), /no_refunds[\s\S]*2026-11-0[123][\s\S]*-5/);
  const broken = page.getByRole("region", { name: /^Rows that broke it of 2026-11-0[123]$/ });
  assert.deepEqual(await broken.locator("th").allInnerTexts(), ["id", "amount"]);
  assert.deepEqual(await broken.locator("td").allInnerTexts(), ["7", "-5"]);
  assert.deepEqual(await violations(page), []);
  await page.context().close();
});

const wideModule = `
  import { asset, daily, define, fixed, hourly, multi } from "@iroko/core";
  const made = () => ({ metadata: {} });
  const days = daily({ start: "2016-11-01", timezone: "Africa/Lagos" });
  export const hours = asset({ key: "hours", partitions: hourly({ start: "2015-06-01-00:00", timezone: "Africa/Lagos" }), materialize: made });
  export const cube = asset({
    key: "cube", partitions: multi({ shop: fixed(Array.from({ length: 27 }, (_, n) => n === 0 ? "Ọjà, 1" : "shop" + n)), day: days }), materialize: made,
  });
  export default define({ assets: [hours, cube] });
`;

test(
  "a hundred thousand cells are zoomed from years to hours, and two dimensions crossed, drawn as far as they are in sight",
  { skip, timeout: 180_000 },
  async () => {
    await using wide = await sample({ worker: false, module: wideModule });
    const grid = async (key: string, query: string): Promise<PartitionGrid> =>
      json<PartitionGrid>(await wide.get(`/api/v1/assets/${key}/grid?${query}`));
    const shape = ({ cell, rows }: PartitionGrid) => [
      cell,
      rows.length,
      rows.reduce((sum, { cells }) => sum + cells.replaceAll("-", "").length, 0),
    ];
    assert.deepEqual(shape(await grid("hours", "cell=year")), ["year", 2, 12]);
    assert.deepEqual(shape(await grid("hours", "cell=month")), ["month", 12, 138]);
    const days = await grid("hours", "cell=partition");
    assert.deepEqual([days.cell, days.mayBe], ["day", ["year", "month", "day", "partition"]], "too many hours");
    const cube = await grid("cube", "");
    assert.deepEqual([cube.count, cube.rows.length, cube.columns.length, cube.left], [98_739, 27, 3_657, 0]);
    assert.equal(cube.rows[0]!.key, '"Ọjà, 1"');
    const months = await grid("cube", "cell=month");
    assert.deepEqual([months.columns.length, months.crossed?.keys[0]], [121, "2016-11-01..2016-11-30"]);

    const { page } = await open("/assets/cube", wide.url);
    const canvas = page.locator(".matrix canvas");
    await page.waitForSelector("canvas[data-drawn='98739']");
    const { width: drawn } = (await canvas.boundingBox())!;
    assert.ok(drawn < 1_300, `${drawn} pixels, of 73,000`);
    await canvas.hover();
    await page.mouse.wheel(80_000, 0);
    await waitFor(
      "the field to be scrolled",
      async () => (await page.locator(".matrix").evaluate((box) => box.scrollLeft)) > 60_000,
      { seconds: 60 },
    );
    const box = (await canvas.boundingBox())!;
    // From the last day of the first row to the one before it of the second.
    const right = box.x + box.width - 11;
    await page.mouse.move(right, box.y + 18 + 9);
    await page.mouse.down();
    await page.mouse.move(right - 20, box.y + 18 + 20 + 9, { steps: 3 });
    await page.mouse.up();
    const chosen = page.locator("[aria-label='What is chosen']");
    await chosen.getByText('shop="Ọjà, 1"|shop1,day=2026-11-04..2026-11-05', { exact: true }).waitFor();
    assert.match((await chosen.locator("a:text-is('Make these')").getAttribute("href")) ?? "", /partitions=shop/);
    await page.goto(`${wide.url}/assets/hours`);
    await page.getByRole("button", { name: "months" }).click();
    await page.waitForURL(/cell=month/);
    await page.getByText("a cell for each month").waitFor();
    // June 2015 is the sixth cell of the first row.
    await page.mouse.dblclick(...(await cellsOf(canvas))(0, 5));
    await page.waitForURL(/within=2015-06-01-00/);
    await page.waitForSelector("canvas[data-drawn='720']");
    await page.focus(".matrix canvas");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowDown");
    await chosen.getByText("2015-06-01-00:00..2015-06-02-00:00", { exact: true }).waitFor();
    assert.deepEqual(await violations(page), []);
    await page.context().close();
  },
);
