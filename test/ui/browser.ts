/** A browser for a test file: pages of their own, and everything that went wrong on each. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before } from "node:test";
import { chromium as playwright, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { chromium } from "../support/chromium.ts";

export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, uncaught errors, what the policy refused, requests to other origins. */
  readonly troubles: string[];
}

let browser: Browser | undefined;
before(async () => {
  if ("missing" in chromium) return;
  browser = await playwright.launch({ executablePath: chromium.path, args: ["--no-sandbox"] });
});
after(() => browser?.close());

/** Under load a page may be slow: what does not come in this time does not come. */
const patienceMs = 120_000;

export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser!.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(patienceMs);
  const troubles: string[] = [];
  const { origin } = new URL(url);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) troubles.push(message.text());
  });
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("request", (request) => {
    const to = new URL(request.url());
    if (to.protocol.startsWith("http") && to.origin !== origin) troubles.push(`asked ${to.href}`);
  });
  await page.goto(url);
  return { page, troubles, [Symbol.asyncDispose]: () => context.close() };
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The rules of accessibility that the page breaks, with where; its context needs `bypassCSP`. */
export async function brokenRules(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  return await page.evaluate<string[]>(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' | ')))",
  );
}
