/**
 * The page's own files, as the bundler left them: hashed ones that never change, and a document for each address that it draws,
 * to which is added what every page asks at first.
 */
import { existsSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { IrokoError } from "@iroko/core";
import type { Context, Hono } from "hono";
import type { TellAtFirst } from "./told-at-first.ts";

/** Addresses that the page draws, and which of its parts does; the same list, with the parts, is in page/src/routes.ts. */
export const pagePaths: Readonly<Record<string, string>> = {
  "/": "home",
  "/lineage": "lineage",
  "/assets/:key": "asset",
  "/launchpad": "launchpad",
  "/runs": "runs",
  "/runs/:id": "run",
  "/schedules": "schedules",
  "/instance": "instance",
};

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8",
};
/** From beside `src`, as from beside `dist`. */
const folder = new URL("../../dist/page/", import.meta.url);
const asked = "no-cache";
const askedByOne = "private, no-cache";
const forToday = "public, max-age=86400";
const forGood = "public, max-age=31536000, immutable";

export function pageFiles(app: Hono, tellAtFirst: TellAtFirst): void {
  // Each has a document of its own, which names what the part needs, so that a browser need not find out.
  for (const [path, part] of Object.entries(pagePaths)) {
    app.get(path, async (c) => sendTelling(c, `${part}.html`, await tellAtFirst(c)));
  }
  app.get("/files/:file{[\\w-]+\\.(?:js|css)}", (c) => send(c, `files/${c.req.param("file")}`, forGood));
  app.get("/icon.svg", (c) => send(c, "icon.svg", forToday));
  // For those pages that the server writes itself, which cannot know the hash.
  app.get("/style.css", (c) => send(c, /files\/[\w-]+\.css/.exec(readDocument())?.[0] ?? "", asked));
}

/** The document that draws whatever address it is at, for where nothing is. */
export function pageDocument(c: Context, status: 404): Response | Promise<Response> {
  c.status(status);
  return send(c, "index.html", asked);
}

const isDocument = (name: string): boolean => name.endsWith(".html");

interface PageFile {
  readonly plain: Buffer<ArrayBuffer>;
  readonly brotli: Buffer<ArrayBuffer> | undefined;
}
const read = new Map<string, PageFile>();

function send(c: Context, name: string, cacheControl: string): Response | Promise<Response> {
  const file = read.get(name) ?? readFile(name);
  if (file === undefined) return isDocument(name) ? notBuilt() : c.notFound();
  describe(c, name, cacheControl);
  return file.brotli === undefined || !takesBrotli(c) ? c.body(file.plain) : sendBrotli(c, file.brotli);
}

const compress = promisify(brotliCompress);
/** Half a millisecond for a document; a hundredth smaller would take ten times as long. */
const quickly = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

async function sendTelling(c: Context, name: string, told: string | undefined): Promise<Response> {
  if (told === undefined) return send(c, name, askedByOne);
  const { plain } = readFile(name) ?? notBuilt();
  const element = `  <script type="application/json" id="told">${told}</script>\n  `;
  const text = plain.toString().replace("</body>", () => `${element}</body>`);
  describe(c, name, askedByOne);
  return takesBrotli(c) ? sendBrotli(c, await compress(text, quickly)) : c.body(text);
}

function describe(c: Context, name: string, cacheControl: string): void {
  c.header("content-type", types[extname(name)]);
  c.header("cache-control", cacheControl);
  c.header("vary", "accept-encoding");
}

const takesBrotli = (c: Context): boolean => /\bbr\b/.test(c.req.header("accept-encoding") ?? "");

function sendBrotli(c: Context, body: Buffer<ArrayBuffer>): Response {
  c.header("content-encoding", "br");
  return c.body(body);
}

/** Which build of the page is served; undefined: none is there. */
export function pageBuild(): string | undefined {
  const document = readFile("index.html")?.plain.toString() ?? "";
  return /<meta name="build" content="(\w+)"/.exec(document)?.[1];
}

function readDocument(): string {
  return (readFile("index.html") ?? notBuilt()).plain.toString();
}

/** Kept where it cannot change: the document may be built anew below a running server. */
function readFile(name: string): PageFile | undefined {
  const path = new URL(name, folder);
  if (name === "" || !existsSync(path)) return undefined;
  const compressed = new URL(`${name}.br`, folder);
  const file = {
    plain: readFileSync(path),
    brotli: existsSync(compressed) ? readFileSync(compressed) : undefined,
  };
  if (!isDocument(name)) read.set(name, file);
  return file;
}

function notBuilt(): never {
  throw new IrokoError("PAGE_NOT_BUILT", "The page has not been built from its sources.", {
    hint: "In a checkout of Iroko: npm run build. A package from the registry has it: install it again.",
  });
}
