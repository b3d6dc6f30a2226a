/** A real browser, by real TLS: signing in without JavaScript, a change by the page's button, a role that may not, signing out. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { listAudit, listAutomations } from "@iroko/core/engine";
import { startServer, type RunningServer } from "@iroko/ui";
import { chromium as playwright, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { chromium, skipWithoutChromium } from "../support/chromium.ts";
import { selfSigned } from "../support/self-signed.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";
import { password, peopleOf } from "./public-server.ts";
import { sample, type Sample } from "./sample.ts";

const skip = skipWithoutChromium;
const folder = tempDir();
let at: Sample;
let server: RunningServer;
let browser: Browser;

before(async () => {
  if (skip !== false || "missing" in chromium) return;
  at = await sample({ worker: false });
  await peopleOf(at.instance.db);
  const port = await freePort();
  server = await startServer({
    instance: { db: at.instance.db },
    port,
    publicUrl: `https://localhost:${port}`,
    tls: await selfSigned(folder),
  });
  browser = await playwright.launch({ executablePath: chromium.path, args: ["--no-sandbox"] });
});
after(async () => {
  await browser?.close();
  await server?.close();
  await at?.[Symbol.asyncDispose]();
});

async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(server.url + path);
  return page;
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.fill("#name", name);
  await page.fill("#password", password);
  await page.click("button");
  await page.waitForURL((url) => url.pathname !== "/login");
}

test(
  "somebody signs in and out by forms alone, and comes to the address asked for",
  { skip, timeout: 120_000 },
  async () => {
    const page = await open("/schedules", { javaScriptEnabled: false });
    assert.equal(await page.title(), "Sign in · Iroko");
    await page.fill("#name", "viewer");
    await page.fill("#password", "wrong wrong wrong");
    await page.click("button");
    await page.waitForSelector('[role="alert"]');
    await signIn(page, "viewer");
    assert.equal(new URL(page.url()).pathname, "/schedules");
    const cookies = await page.context().cookies();
    assert.deepEqual(
      cookies.map(({ name, httpOnly, secure, sameSite }) => `${name} ${httpOnly} ${secure} ${sameSite}`).toSorted(),
      ["__Host-iroko true true Strict", "__Host-iroko-csrf false true Strict"],
    );
    await page.goto(`${server.url}/logout`);
    await page.click("button");
    await page.waitForURL("**/login");
    await page.goto(`${server.url}/schedules`);
    assert.equal(await page.title(), "Sign in · Iroko");
  },
);

test(
  "an operator's button changes something and the audit says whose it was; a viewer's does not",
  { skip, timeout: 120_000 },
  async () => {
    const { db } = at.instance;
    const paused = async () => (await listAutomations(db, "test")).some((schedule) => schedule.paused);
    /** As the page's own code sends it. */
    const pause = (page: Page): Promise<string> =>
      page.evaluate(`(async () => {
        const token = /__Host-iroko-csrf=([^;]+)/.exec(document.cookie)?.[1] ?? "";
        const headers = { "content-type": "application/json", "x-iroko-csrf": token };
        const answer = await fetch("/api/v1/schedules/test/nightly/pause", { method: "POST", headers, body: "{}" });
        return answer.status + " " + await answer.text();
      })()`);
    const viewer = await open("/schedules");
    await signIn(viewer, "viewer");
    assert.match(await pause(viewer), /^403 .*"message":"[^"]*\boperator\b/);
    assert.equal(await paused(), false);
    const operator = await open("/schedules");
    await signIn(operator, "operator");
    await operator.getByRole("button", { name: "Pause" }).first().click();
    await waitFor("the schedule to be paused", paused, { seconds: 60 });
    const [row] = await listAudit(db, 1, { operation: "schedules.pause", actor: "operator" });
    assert.deepEqual([row?.actorKind, row?.via, row?.outcome], ["user", "page", "done"]);
    assert.match(row!.address!, /^(127\.0\.0\.1|::1)$/);
  },
);

test(
  "a viewer can press nothing that changes something, and is told whose role it takes",
  { skip, timeout: 300_000 },
  async () => {
    const page = await open("/schedules");
    await signIn(page, "viewer");
    await page.waitForSelector(".who:has-text('viewer')");
    const { instance } = at;
    const run = await instance.submit({ select: "raw_sales", partitions: { kind: "text", text: "2026-11-01" } });
    const actions = {
      "/schedules": /^(Pause|Resume)$/,
      [`/runs/${run}`]: /^Cancel$/,
      "/launchpad?select=raw_sales&partitions=missing": /^Show the plan$/,
    };
    for (const [path, name] of Object.entries(actions)) {
      await page.goto(server.url + path);
      const button = page.getByRole("button", { name }).first();
      await button.and(page.locator(":disabled, [aria-disabled=true]")).waitFor();
      assert.match((await button.getAttribute("title"))!, /needs the role operator; viewer is a viewer/, path);
    }
  },
);

test(
  "the form to sign in has no axe violations, in either theme, and no trouble with its policy",
  { skip, timeout: 120_000 },
  async () => {
    const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open("/login", { colorScheme, bypassCSP: true });
      await page.evaluate(axe);
      const violations = await page.evaluate<readonly string[]>(
        "axe.run().then(({ violations }) => violations.map(({ id }) => id))",
      );
      assert.deepEqual(violations, [], colorScheme);
    }
    const troubles: string[] = [];
    const page = await open("/login");
    page.on("console", (message) => troubles.push(message.text()));
    await page.reload();
    assert.deepEqual(troubles, []);
  },
);

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address() as { readonly port: number };
    probe.close(() => resolve(port));
  });
  return promise;
}
