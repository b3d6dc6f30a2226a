/** The page's own files, as the bundler left them: a document for each address it draws, and hashed files that never change. */
import { existsSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { IrokoError } from "@iroko/core";
import type { Context, Hono } from "hono";

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
const forToday = "public, max-age=86400";
const forGood = "public, max-age=31536000, immutable";

export function pageFiles(app: Hono): void {
  // Each has a document of its own, which names what the part needs, so that a browser need not find out.
  for (const [path, part] of Object.entries(pagePaths)) app.get(path, (c) => send(c, `${part}.html`, asked));
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
  c.header("content-type", types[extname(name)]);
  c.header("cache-control", cacheControl);
  c.header("vary", "accept-encoding");
  if (file.brotli === undefined || !/\bbr\b/.test(c.req.header("accept-encoding") ?? "")) return c.body(file.plain);
  c.header("content-encoding", "br");
  return c.body(file.brotli);
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
