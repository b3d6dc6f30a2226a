/** The page on attacks is true: each has tests, and each test that it names is there. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readDoc } from "./read-doc.ts";

const [, ...attacks] = readDoc("reference/security.md").split(/^## /m);

test("the page lists attacks", () => {
  assert.ok(attacks.length >= 20, `${attacks.length}`);
});

for (const attack of attacks) {
  const [title = ""] = attack.split("\n", 1);
  const named = [...attack.matchAll(/^- \[[\w-]+\]\(\.\.\/\.\.\/(test\/[\w./-]+)\): `(.+)`$/gm)];

  test(`${title}: the tests that stop it are there, or there is nothing to try`, () => {
    assert.equal(named.length, [...attack.matchAll(/^- /gm)].length, "each entry names a file and a test");
    assert.ok(named.length > 0 || attack.includes("Nothing to try."));
    for (const [, file = "", name = ""] of named) {
      const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
      assert.ok(text.includes(`"${name}"`) || text.includes(`\`${name}\``), `${file}: ${name}`);
    }
  });
}
