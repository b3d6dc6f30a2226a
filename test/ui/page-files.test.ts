/** The bundled page as a browser gets it: small, compressed, kept for good where it cannot change. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { brotliDecompressSync } from "node:zlib";
import { pagePaths } from "../../packages/ui/src/http/page-files.ts";
import { sample, type Sample } from "./sample.ts";

let at: Sample;
before(async () => {
  at = await sample({ worker: false });
});
after(() => at[Symbol.asyncDispose]());

const firstLoadBytes = 90_000;
const pageBytes = 40_000;

/** The paths of the hashed files that a document or a script names. */
const filesIn = (text: string): readonly string[] =>
  [...new Set(text.match(/[\w-]+-[\w-]{8}\.(?:js|css)/g) ?? [])].map((name) => `files/${name}`);

async function sizeOf(path: string): Promise<number> {
  const answer = await fetch(new URL(path, at.url), { headers: { "accept-encoding": "br" } });
  assert.equal(answer.status, 200, path);
  return Number(answer.headers.get("content-length"));
}

test("the server and the page agree on the addresses that the page draws", () => {
  const routes = readFileSync(new URL("../../packages/ui/page/src/routes.ts", import.meta.url), "utf8");
  assert.deepEqual(
    pagePaths.toSorted(),
    Array.from(routes.matchAll(/pattern: "([^"]+)"/g), ([, pattern]) => pattern!).toSorted(),
  );
});

test("the document is asked for each time, its files never again, and both come compressed", async () => {
  const document = await fetch(new URL(pagePaths[0]!, at.url), { headers: { "accept-encoding": "br" } });
  assert.equal(document.headers.get("cache-control"), "no-cache");
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

test("the first load is at most 90 kB in brotli, and each page's own part at most 40 kB", async () => {
  const text = await (await fetch(new URL(pagePaths[0]!, at.url))).text();
  const first = filesIn(text);
  const sizes = await Promise.all(["/instance", "/icon.svg", ...first].map(sizeOf));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(total > 5_000 && total <= firstLoadBytes, `${total} bytes`);

  const script = first.find((name) => name.endsWith(".js"))!;
  const later = filesIn(await (await fetch(new URL(script, at.url))).text()).filter((name) => !first.includes(name));
  assert.ok(later.length > 0);
  for (const path of later) {
    const size = await sizeOf(path);
    assert.ok(size <= pageBytes, `${path} has ${size} bytes`);
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
