/**
 * Bundles the page into dist/page, where the server finds it: hashed files that never change, a document for each page, and
 * the brotli twins of all. A page's document names every file that the page needs at first, so that a browser asks for it at
 * once: over a slow link each file that is found only in another costs a round trip. The largest is named first: it gets the
 * connection that is open already.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const outDir = join(import.meta.dirname, "..", "dist", "page");

/** What a page is going to ask the server, whatever its address says; who asks, and where the stream is, the server adds. */
const askedAtFirst: Readonly<Record<string, readonly string[]>> = { home: ["/api/v1/home"] };

/** `home.html` beside `index.html`, and so on: the same document, with the page's own part and answers on their way. */
const documents: Plugin = {
  name: "documents",
  apply: "build",
  enforce: "post",
  generateBundle(_, bundle) {
    const chunks = Object.values(bundle).filter((each) => each.type === "chunk");
    const importsOf = (file: string): readonly string[] =>
      chunks.find(({ fileName }) => fileName === file)!.imports.flatMap((each) => [each, ...importsOf(each)]);
    const index = bundle["index.html"];
    if (index?.type !== "asset") throw new Error("The bundle has no index.html.");
    // Each file's name has its hash in it, and the index names or leads to all of them.
    const build = createHash("sha256").update(index.source).digest("hex").slice(0, 12);
    const told = String(index.source).replace("<title>", `<meta name="build" content="${build}" />\n    <title>`);
    const document = largestFirst(
      told,
      (file) => String(chunks.find(({ fileName }) => fileName === file)?.code).length,
    );
    index.source = document;
    const entry = chunks.find(({ isEntry }) => isEntry)!.fileName;
    const first = new Set([entry, ...importsOf(entry)]);
    for (const { facadeModuleId, fileName } of chunks.filter(({ isDynamicEntry }) => isDynamicEntry)) {
      const page = basename(dirname(facadeModuleId!));
      const own = new Set([fileName, ...importsOf(fileName)].filter((file) => !first.has(file)));
      const links = [
        ...Array.from(own, (file) => `<link rel="modulepreload" crossorigin href="/${file}">`),
        ...(askedAtFirst[page] ?? []).map((href) => `<link rel="preload" as="fetch" crossorigin href="${href}">`),
      ];
      const source = document.replace("</head>", `  ${links.join("\n    ")}\n  </head>`);
      this.emitFile({ type: "asset", fileName: `${page}.html`, source });
    }
  },
};

/** The document with the largest of its scripts named before all other files. */
function largestFirst(document: string, lengthOf: (file: string) => number): string {
  const scripts = Array.from(
    document.matchAll(/^ *<(?:script|link rel="modulepreload").* (?:src|href)="\/(.+\.js)".*\n/gm),
  );
  const [largest] = scripts.toSorted(([, a], [, b]) => lengthOf(b) - lengthOf(a));
  const [first] = scripts;
  if (first === undefined || largest === undefined) throw new Error("The document names no script.");
  return largest === first ? document : document.replace(largest[0], "").replace(first[0], largest[0] + first[0]);
}

/** Compressed once here, not at each request. */
const brotli: Plugin = {
  name: "brotli",
  apply: "build",
  closeBundle() {
    for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.(?:js|css|svg|html)$/.test(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path);
      writeFileSync(`${path}.br`, brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
    }
  },
};

export default defineConfig({
  root: import.meta.dirname,
  publicDir: join(import.meta.dirname, "public"),
  build: {
    outDir,
    emptyOutDir: true,
    assetsDir: "files",
    target: "es2023",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // What several pages share is one file, not a dozen: a browser has six connections, and each file costs a head.
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "parts", test: /\/src\/(?!pages\/)/, minShareCount: 2 }] } },
    },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [documents, brotli],
});
