/**
 * What steps, names, keys, tags and addresses may hold, tried on every page in a browser: it is text, the layout holds, and
 * nobody else is asked for anything.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { addDynamicKeys } from "@iroko/core/engine";
import type { Page } from "playwright-core";
import { skipWithoutChromium } from "../support/chromium.ts";
import { openPage } from "./browser.ts";
import { sample, type Sample } from "./sample.ts";

const skip = skipWithoutChromium;
const pwn = "globalThis.pwned = 1";
/** Each once did something somewhere. */
const corpus = [
  `<script>${pwn}</script>`,
  `<img src=x onerror="${pwn}">`,
  `"><svg onload="${pwn}">`,
  `' autofocus onfocus='${pwn}`,
  `</title></pre></textarea></noscript><script>${pwn}</script>`,
  `<iframe srcdoc="<script>parent.pwned = 1</script>"></iframe>`,
  `javascript:${pwn}`,
  `[click](javascript:${pwn}) ![x](data:text/html,<script>${pwn}</script>)`,
  `{{constructor.constructor('${pwn}')()}} \${${pwn}}`,
  `__proto__`,
  `constructor`,
  `![](https://evil.example/x.png) <https://evil.example> <link rel=stylesheet href=//evil.example/x.css>`,
  `<style>body{display:none}</style><base href="https://evil.example/">`,
  `<form action="https://evil.example"><button>Sign in</button></form>`,
  `\u202Egnp.exe\u202C العربية עברית`,
  `=HYPERLINK("javascript:${pwn}")`,
  "x".repeat(3_000),
];
const lines = [
  ...corpus,
  "\u001B[31mred\u001B[0m \u001B]8;;javascript:alert(1)\u0007link\u001B]8;;\u0007 \u0008\u0007\u000B\u007F\u0085\u2028",
];

/** The names that the grammar lets through and JavaScript, HTML or the layout may stumble over. */
const names = [`a_${"very_long_".repeat(18)}name`, "constructor/toString", "_/a.b-c", "0"];

const module = `
  import { asset, define, dynamic, retryPolicy } from "@iroko/core";
  const corpus = ${JSON.stringify(corpus)};
  const names = ${JSON.stringify(names)};
  const shops = dynamic("shops");
  const first = asset({
    key: "first", group: "group", partitions: shops, description: corpus.join("\\n"),
    materialize(ctx) {
      for (const line of ${JSON.stringify(lines)}) { console.log(line); console.error(line); }
      return { metadata: {
        markdown: { type: "markdown", value: corpus.join("\\n\\n") },
        script: { type: "url", value: "javascript:${pwn}" },
        data: { type: "url", value: "data:text/html,<script>${pwn}</script>" },
        upper: { type: "url", value: "JaVaScRiPt:${pwn}" },
        text: { type: "text", value: corpus.join(" ") },
        path: { type: "path", value: corpus[1] },
        json: { type: "json", value: { [corpus[0]]: corpus } },
        table: { type: "table", columns: [corpus[0], "b"], rows: corpus.map((each) => [each, 1]) },
      } };
    },
  });
  const failing = names.map((key) => asset({
    key, deps: { first }, retry: retryPolicy({ maxRetries: 1, baseSeconds: 0.01, capSeconds: 0.02 }), 
    materialize() {
      console.log("y".repeat(1_000_000));
      throw new Error(corpus.join("\\n"));
    },
  }));
  export default define({ assets: [first, ...failing] });
`;

let at: Sample;
let run: string;
before(async () => {
  if (skip !== false) return;
  at = await sample({ module });
  await at.instance.db.transaction((tx) => addDynamicKeys(tx, "shops", keys));
  const tags = Object.fromEntries(corpus.slice(0, 8).map((each, tag) => [`${tag} ${each}`.slice(0, 60), each]));
  run = await at.instance.submit({ select: "*", partitions: { kind: "text", text: "missing" } }, undefined, { tags });
  await at.instance.ended(run, 240);
});
after(() => at?.[Symbol.asyncDispose]());

/** As many of them as may be keys: those are neither so long nor names of JavaScript's own. */
const keys = corpus
  .filter((each) => each.length < 200 && !(each in Object.prototype) && !/[\u202A-\u202E]/.test(each))
  .concat("العربية עברית");

test(
  "nothing that steps, keys or addresses hold is run, refused by the policy, or wider than the page",
  { skip },
  async () => {
    await using visit = await openPage(at.url, { viewport: { width: 420, height: 900 } });
    const { page } = visit;
    // What is not there is answered so; all else is trouble.
    const troubles = (): readonly string[] =>
      visit.troubles.filter((said) => !/^Failed to load resource: .* status of 40[04]/.test(said));
    page.on("dialog", (dialog) => {
      visit.troubles.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    const fine = [
      "/",
      "/lineage",
      "/lineage?view=outline",
      "/lineage?view=table",
      "/assets/first",
      "/assets/first?tab=events",
      "/assets/first?tab=why",
      ...names.map((name) => `/assets/${encodeURIComponent(name)}`),
      ...names.map((name) => `/lineage?focus=${encodeURIComponent(name)}&select=${encodeURIComponent(`"${name}"`)}`),
      "/runs",
      `/runs/${run}`,
      ...[0, 1, keys.length].map((step) => `/runs/${run}?view=steps&step=${step}&attempt=1`),
      "/launchpad?select=first&partitions=missing",
      "/schedules",
      "/instance",
    ];
    const hostile = corpus
      .filter((each) => each.length < 1_000)
      .map(encodeURIComponent)
      .flatMap((each, at) =>
        [
          `/lineage?select=${each}&focus=${each}&fold=${each}`,
          `/assets/${each}?tab=${each}`,
          `/assets/first?within=${each}&of=${each}&tab=${each}`,
          `/runs/${each}?step=${each}`,
          `/runs?status=${each}`,
          `/runs/${run}?step=0&attempt=${each}&find=${each}&view=${each}#${each}`,
          `/launchpad?select=${each}&partitions=${each}`,
        ].filter((_, route) => (at + route) % 4 === 0),
      );
    for (const path of [...fine, ...hostile]) {
      await page.goto(at.url + path);
      await page.waitForSelector("main h1, main .error").catch((error: unknown) => {
        throw new Error(`${path}: ${JSON.stringify(troubles())}`, { cause: error });
      });
      await page.waitForSelector(".loading", { state: "detached" });
      await page.evaluate("document.querySelectorAll('details:not([open]) > summary').forEach((each) => each.click())");
      assert.equal(await page.evaluate("'pwned' in globalThis"), false, path);
      assert.equal(await page.locator("a[href^='javascript:' i], a[href^='data:' i]").count(), 0, path);
      const wide = await page.evaluate<number>(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      assert.ok(wide <= 1, `${path} is ${wide} px too wide: ${wide <= 1 ? "" : await widest(page)}`);
      assert.deepEqual(troubles(), [], path);
    }
  },
);

test("a line of a log is shown as it is, its escapes harmless, its length scrolled", { skip }, async () => {
  await using visit = await openPage(`${at.url}/runs/${run}?step=0&attempt=1`);
  const { page } = visit;
  await page.waitForSelector("pre.log .stderr");
  const text = await page.textContent("pre.log");
  for (const each of corpus.slice(0, 6)) assert.ok(text!.includes(each), each);
  assert.equal(await page.locator("pre.log script, pre.log img, pre.log iframe, pre.log svg").count(), 0);
});

/** What reaches beyond the window. */
const widest = (page: Page): Promise<string> =>
  page.evaluate<string>(
    "[...document.querySelectorAll('main *')].filter((each) => each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.tagName + '.' + each.className).slice(0, 10).join(' ')",
  );
