/** The bundled page as a browser gets it: small, compressed, kept for good where it cannot change, and all of it asked for at once. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { brotliDecompressSync } from "node:zlib";
import { chromium as playwright } from "playwright-core";
import { chromium, skipWithoutChromium } from "../support/chromium.ts";
import { startHttpFaultProxy } from "../support/http-fault-proxy.ts";
import { waitFor } from "../support/wait-for.ts";
import { pagePaths } from "../../packages/ui/src/http/page-files.ts";
import { now, sample, type Sample } from "./sample.ts";

let at: Sample;
before(async () => {
  at = await sample({ worker: false });
});
after(() => at[Symbol.asyncDispose]());

const firstLoadBytes = 90_000;
const pageBytes = 40_000;

/** What a browser asks for as soon as it has read a document. */
const namedIn = (document: string): readonly string[] =>
  Array.from(document.matchAll(/<(?:script|link)\b[^>]* (?:src|href)="([^"]+)"/g), ([, href]) => href!).filter(
    (href) => href !== "/icon.svg",
  );
const filesIn = (document: string): readonly string[] => namedIn(document).filter((href) => href.startsWith("/files/"));
const textOf = async (path: string): Promise<string> => (await fetch(new URL(path, at.url))).text();

async function sizeOf(path: string): Promise<number> {
  const answer = await fetch(new URL(path, at.url), { headers: { "accept-encoding": "br" } });
  assert.equal(answer.status, path.includes(":") ? 404 : 200, path);
  return Number(answer.headers.get("content-length"));
}

test("the server and the page agree on the addresses that the page draws", () => {
  const routes = readFileSync(new URL("../../packages/ui/page/src/routes.ts", import.meta.url), "utf8");
  assert.deepEqual(
    pagePaths,
    Object.fromEntries(
      Array.from(
        routes.matchAll(/pattern: "([^"]+)", load: \(\) => import\("\.\/pages\/(\w+)\//g),
        ([, path, part]) => [path, part],
      ),
    ),
  );
});

test("the page of an asset or a run that is not there is a 404, in full; of one that is there it is not", async () => {
  const run = await at.instance.submit({ select: "raw_sales", partitions: { kind: "text", text: "2026-11-01" } }, now);
  const statusOf = async (path: string): Promise<number> => {
    const answer = await fetch(new URL(path, at.url));
    assert.match(await answer.text(), /<title>[\s\S]*<\/html>/);
    return answer.status;
  };
  for (const path of ["/assets/raw_sales", "/assets/shop%2Ftill?tab=why", `/runs/${run}`, "/runs", "/lineage"])
    assert.equal(await statusOf(path), 200, path);
  // A database that takes its time is not waited for.
  for (const path of ["/assets/raw_sale", "/assets/%00", "/runs/x", "/runs/01a1fcb6-6e98-7530-869b-e3e5d512bb64"])
    await waitFor(`${path} to be a 404`, async () => (await statusOf(path)) === 404, { seconds: 30 });
});

test("the document is asked for each time, its files never again, and both come compressed", async () => {
  const document = await fetch(new URL("/", at.url), { headers: { "accept-encoding": "br" } });
  assert.equal(document.headers.get("cache-control"), "private, no-cache");
  assert.equal(document.headers.get("content-encoding"), "br");
  const text = await document.text();
  assert.match(text, /<noscript>[\s\S]*iroko runs list/);
  const files = filesIn(text);
  assert.ok(files.length >= 2, text);
  for (const path of files) {
    const file = await fetch(new URL(path, at.url), { headers: { "accept-encoding": "br" } });
    assert.equal(file.headers.get("cache-control"), "public, max-age=31536000, immutable");
    assert.equal(file.headers.get("content-encoding"), "br");
    const plain = await fetch(new URL(path, at.url), { headers: { "accept-encoding": "identity" } });
    assert.equal(plain.headers.get("content-encoding"), null);
    assert.equal(await file.text(), await plain.text());
  }
});

test("the first load is at most 90 kB in brotli, and what each page adds to it at most 40 kB", async () => {
  const shared = new Set(filesIn(await textOf("/nowhere")));
  assert.ok(shared.size >= 2);
  for (const path of Object.keys(pagePaths)) {
    const files = filesIn(await textOf(path));
    const [own, others] = await Promise.all(
      [files.filter((file) => !shared.has(file)), ["/icon.svg", path, ...shared]].map(async (paths) =>
        (await Promise.all(paths.map(sizeOf))).reduce((sum, size) => sum + size, 0),
      ),
    );
    assert.ok(own! > 0 && own! <= pageBytes, `${path} adds ${own} bytes`);
    assert.ok(others! > 5_000 && own! + others! <= firstLoadBytes, `${path} takes ${own! + others!} bytes`);
  }
});

test("a page's document names each file that its script imports, so that none is found late", async () => {
  for (const path of Object.keys(pagePaths)) {
    const files = filesIn(await textOf(path));
    for (const file of files.filter((each) => each.endsWith(".js"))) {
      const imports = (await textOf(file)).matchAll(/(?:from|import)\s*"\.\/([\w-]+\.js)"/g);
      for (const [, name] of imports) assert.ok(files.includes(`/files/${name}`), `${path}: ${file} imports ${name}`);
    }
  }
});

test(
  "home is usable after two round trips: the document, then at once, on a browser's six connections, all that it names",
  { skip: skipWithoutChromium, timeout: 300_000 },
  async () => {
    assert.ok(!("missing" in chromium));
    await using stack = new AsyncDisposableStack();
    const proxy = stack.use(await startHttpFaultProxy(at.url));
    const named = namedIn(await textOf("/"));
    assert.ok(named.length <= 5, named.join(" "));
    assert.ok(named.includes("/api/v1/home"));
    const asked = new Set<string>();
    const all = Promise.withResolvers<void>();
    // Nothing that is named is answered before all of it is asked for, and nothing else ever is.
    proxy.decide = (_, url) => {
      if (url === "/") return undefined;
      if (!named.includes(url) || asked.has(url)) return { kind: "silence" };
      asked.add(url);
      if (asked.size === named.length) all.resolve();
      return { kind: "hold", until: all.promise };
    };
    const browser = await playwright.launch({ executablePath: chromium.path, args: ["--no-sandbox"] });
    stack.defer(() => browser.close());
    const page = await browser.newPage();
    await page.goto(proxy.endpoint, { waitUntil: "commit" });
    await page.waitForSelector(".card:has-text('Failed')", { timeout: 240_000 });
  },
);

test("a document tells who asks and where the stream stands, and comes without them while the database is busy", async () => {
  const session = await at.instance.db.session("in the way");
  const told = async (): Promise<string | undefined> =>
    /<script type="application\/json" id="told">(.*)<\/script>/.exec(await textOf("/runs"))?.[1];
  try {
    await waitFor("a server that is awake", async () => (await told()) !== undefined, { seconds: 120 });
    await session.query("begin");
    await session.query("lock table iroko.event");
    assert.equal(await told(), undefined);
    await session.query("rollback");
    await waitFor("it to be told", async () => (await told()) !== undefined, { seconds: 120 });
    const { position, answers } = JSON.parse((await told())!);
    assert.match(position, /^\d+\.\d+$/);
    assert.equal(answers["/api/v1/session"].kind, "machine");
  } finally {
    await session.end();
  }
});

test("nothing outside of the page's files is served from their address", async () => {
  for (const path of [
    "/files/index.html",
    "/files/..%2findex.html",
    "/files/%2e%2e/index.html",
    "/files/x.js",
    "/files/",
  ])
    assert.equal((await fetch(new URL(path, at.url))).status, 404, path);
});

test("the compressed twin says what the file says", () => {
  const folder = new URL("../../packages/ui/dist/page/", import.meta.url);
  const plain = readFileSync(new URL("index.html", folder), "utf8");
  assert.equal(brotliDecompressSync(readFileSync(new URL("index.html.br", folder))).toString(), plain);
});
