/** Writes docs/images: each page in both themes at three widths, of the example's pipeline. `npm run screenshots [-- page …]` */
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { openClient } from "@iroko/core/client";
import { openDatabase } from "@iroko/core/engine";
import { startServer } from "@iroko/ui";
import { chromium as playwright, type BrowserContext, type CDPSession, type Page } from "playwright-core";
import { chromium } from "../test/support/chromium.ts";
import { createMigratedDatabase } from "../test/support/database.ts";
import { selfSigned } from "../test/support/self-signed.ts";
import { tempDir } from "../test/support/temp-dir.ts";
import { waitFor } from "../test/support/wait-for.ts";
import { cellsOf } from "../test/ui/cells-of.ts";
import { password, peopleOf } from "../test/ui/public-server.ts";
import { openShop } from "../test/ui/shop.ts";

if ("missing" in chromium) throw new Error(chromium.missing);
const folder = new URL("../docs/images/", import.meta.url).pathname;
const mostBytes = 60 * 1024;
const wanted = process.argv.slice(2);

// Most of twenty days made, the rest held up by a merchant that stands twice in the office's file, and the books being written.
await using shop = await openShop({ days: 20, recordsPerDay: 120, now: () => Temporal.Now.instant() });
const client = openClient({ url: shop.url });
const make = async (select: string, partitions: string, how: { readonly force?: boolean } = {}): Promise<string> => {
  const { run } = await client.runs.submit({ select, partitions, ...how });
  await shop.instance.ended(run, 300);
  return run;
};
const days = await make("not books", "2026-11-01..2026-11-17");
appendFileSync(process.env["POS_MERCHANTS"]!, merchantTwice());
const failed = await make("+daily_revenue_summary", "2026-11-18..2026-11-20", { force: true });
shop.books(4);
const { run: live } = await client.runs.submit({ select: "books" });
await waitFor("the books to be begun", async () => (await client.runs.get({ id: live })).running > 0, { seconds: 60 });
await peopleOf(shop.instance.db);
const port = await freePort();
const inPublic = await startServer({
  instance: { db: shop.instance.db },
  port,
  publicUrl: `https://localhost:${port}`,
  tls: await selfSigned(tempDir()),
});

await using nothing = await createMigratedDatabase();
const emptyDb = openDatabase(nothing.url);
const atFirst = await startServer({ instance: { db: emptyDb }, port: 0 });

interface Shot {
  readonly path: string;
  readonly of?: string;
  readonly before?: (page: Page) => Promise<unknown>;
}
const asset = "/assets/cleaned_pos_transactions";
const shots: Readonly<Record<string, Shot>> = {
  home: { path: "/" },
  lineage: {
    path: "/lineage?focus=cleaned_pos_transactions",
    before: (page) => page.waitForSelector("canvas[data-drawn]"),
  },
  asset: { path: asset },
  schema: { path: `${asset}?tab=schema` },
  checks: { path: `${asset}?tab=checks` },
  plan: {
    path: "/launchpad?select=%2Bdaily_revenue_summary&partitions=missing",
    before: (page) =>
      page.click("button:has-text('Show the plan')").then(() => page.waitForSelector("section[aria-label='The plan']")),
  },
  runs: { path: "/runs" },
  backfill: { path: `/runs/${days}` },
  failure: { path: `/runs/${failed}` },
  log: {
    path: `/runs/${live}?step=0`,
    before: (page) => page.locator("pre.log .line:has-text('page 4 of the books')").scrollIntoViewIfNeeded(),
  },
  steps: { path: `/runs/${failed}?view=steps` },
  brush: { path: asset, before: brush },
  schedules: { path: "/schedules" },
  instance: { path: "/instance" },
  api: { path: "/api" },
  access: { path: "/login", of: inPublic.url, before: (page) => signIn(page, "/instance", "h2:has-text('Users')") },
  account: {
    path: "/login",
    of: inPublic.url,
    before: (page) => signIn(page, "/account", "h1:has-text('Your account')"),
  },
  "sign-in": {
    path: "/login",
    of: inPublic.url,
    before: (page) =>
      page
        .context()
        .clearCookies()
        .then(() => page.goto(`${inPublic.url}/login`)),
  },
  "first-visit": { path: "/", of: atFirst.url },
  "not-found": { path: "/lineag" },
  search: {
    path: "/",
    before: (page) => page.keyboard.press("Control+k").then(() => page.waitForSelector(".palette")),
  },
  keys: { path: "/", before: (page) => page.keyboard.press("?").then(() => page.waitForSelector("dialog .keys")) },
  // The last one: the link stays cut.
  away: {
    path: "/",
    before: (page) =>
      page
        .context()
        .setOffline(true)
        .then(() => page.waitForSelector(".banner")),
  },
};

let signedIn: Awaited<ReturnType<BrowserContext["storageState"]>> | undefined;
const browser = await playwright.launch({ executablePath: chromium.path, args: ["--no-sandbox"] });
if (wanted.length === 0) rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1440, 900, 420]) {
    const viewport = { width, height: 900 };
    const context = await browser.newContext({
      colorScheme,
      viewport,
      reducedMotion: "reduce",
      ignoreHTTPSErrors: true,
      ...(signedIn === undefined ? {} : { storageState: signedIn }),
    });
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    const devtools = await context.newCDPSession(page);
    for (const [name, { path, of = shop.url, before }] of Object.entries(shots)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      await page.goto(of + path);
      await page.waitForSelector("main h1");
      await page.waitForSelector(".loading", { state: "detached" });
      await before?.(page);
      // What a page asks for after its first answer. Asked from here: the page's policy lets nothing be evaluated in it.
      await waitFor("all answers", async () => !/(?:^|\t)…/m.test(await page.innerText("main")), { seconds: 120 });
      const image = await shoot(devtools);
      writeFileSync(`${folder}${name}-${colorScheme}-${width}.webp`, image);
      console.log(`${name}-${colorScheme}-${width}.webp ${Math.round(image.length / 1024)} KB`);
    }
    await context.close();
  }
}
await browser.close();
shop.books(30);
await shop.instance.ended(live, 60);
await inPublic.close();
await atFirst.close();
await emptyDb.close();

/** The fourth to the ninth of the month, with what can be done with them. */
async function brush(page: Page): Promise<void> {
  const canvas = page.locator(".matrix canvas");
  const cell = await cellsOf(canvas);
  await page.mouse.move(...cell(0, 3));
  await page.mouse.down();
  await page.mouse.move(...cell(0, 8), { steps: 5 });
  await page.mouse.up();
  await page.locator("[aria-label='What is chosen']").scrollIntoViewIfNeeded();
}

/** As an admin, and on to a page: what of it is shown is at the top. */
async function signIn(page: Page, path: string, what: string): Promise<void> {
  // Whoever has signed in for a picture before this one still is: nobody may sign in again and again.
  if (new URL(page.url()).pathname === "/login") {
    await page.fill("input[name=name]", "admin");
    await page.fill("input[name=password]", password);
    await page.click("button.primary");
    await page.waitForURL((url) => url.pathname !== "/login");
    signedIn = await page.context().storageState();
  }
  await page.goto(inPublic.url + path);
  await page.locator(what).evaluate((element) => element.scrollIntoView());
}

/** As fine as it may be for its size. */
async function shoot(devtools: CDPSession): Promise<Buffer> {
  for (let quality = 60; ; quality -= 10) {
    const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality });
    const image = Buffer.from(data, "base64");
    if (image.length <= mostBytes || quality <= 10) return image;
  }
}

/** The last line of the office's file, again. */
function merchantTwice(): string {
  return `${readFileSync(process.env["POS_MERCHANTS"]!, "utf8").trimEnd().split("\n").at(-1)}\n`;
}

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port: free } = probe.address() as { readonly port: number };
    probe.close(() => resolve(free));
  });
  return promise;
}
