import assert from "node:assert/strict";
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { createTempDir } from "../support/temp-dir.ts";
import { readDepartures } from "./departures.ts";
import { outcomeOf, runFolder } from "./run.ts";
import { topic } from "./topic.ts";
import { topics } from "./topics.ts";
import { z } from "zod";

const departures = readDepartures();
const casesOf = (name: string): ReturnType<(typeof topics)[number]["read"]> =>
  topics
    .find((one) => one.name === name)!
    .read(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));

for (const { name: topicName } of topics) {
  for (const vector of casesOf(topicName)) {
    test(`${topicName}: ${vector.name}`, () => {
      const outcome = outcomeOf(vector, departures);
      if (outcome.kind === "failed") assert.fail(outcome.problem);
      // By a rule alone a case may differ in a folder of others' vectors; ours are all on the page.
      const isListed = departures.some(({ topic: of, name }) => of === topicName && name === vector.name);
      assert.equal(outcome.kind === "departed", isListed);
    });
  }
}

test("every departure that the page lists is of a case that there is", () => {
  const known = new Set(topics.flatMap(({ name }) => casesOf(name).map((vector) => `${name}: ${vector.name}`)));
  assert.deepEqual(
    departures.map(({ topic: of, name }) => `${of}: ${name}`).filter((name) => !known.has(name)),
    [],
  );
});

const doubling = topic({
  name: "doubling",
  input: z.number(),
  expected: z.number(),
  answer: (input) => input * 2,
});
const [agreeing, differing] = doubling.read(
  JSON.stringify([
    { name: "two", input: 2, expected: 4 },
    { name: "three", input: 3, expected: 7 },
  ]),
);
const departure = { topic: "doubling", name: "three", input: 3, answer: 6, because: "we can count" };

test("a case fails that differs and is not listed", () => {
  assert.equal(outcomeOf(differing!, []).kind, "failed");
});

test("a listed case departs only with the answer that is listed", () => {
  assert.deepEqual(outcomeOf(differing!, [departure]), { kind: "departed", because: "we can count" });
  assert.equal(outcomeOf(differing!, [{ ...departure, answer: 8 }]).kind, "failed");
});

test("a case fails that is listed and does not differ", () => {
  assert.equal(outcomeOf(agreeing!, []).kind, "passed");
  assert.equal(outcomeOf(agreeing!, [{ ...departure, name: "two", input: 2 }]).kind, "failed");
});

test("another question of the same name is another case", () => {
  assert.equal(outcomeOf(agreeing!, [{ ...departure, name: "two" }]).kind, "passed");
});

test("a topic's cases may be in several files, and in folders", () => {
  using folder = createTempDir("conformance");
  const one = (name: string): string => JSON.stringify([{ name, input: 1, expected: 2 }]);
  mkdirSync(join(folder.path, "doubling"));
  for (const file of ["doubling.json", "doubling-2.json", "doubling/more.json"])
    writeFileSync(join(folder.path, file), one(file));
  const { topics: reports } = runFolder(folder.path, [doubling], []);
  assert.deepEqual(
    reports.map(({ topic: of, outcomes }) => [of, outcomes.map(({ outcome }) => outcome.kind)]),
    [["doubling", ["passed", "passed", "passed"]]],
  );
});

test("a case that cannot be read fails, and the others are asked all the same", () => {
  const [odd, fine] = doubling.read(
    JSON.stringify([
      { name: "two", input: "2", expected: 4 },
      { name: "three", input: 3, expected: 6 },
    ]),
  );
  assert.equal(outcomeOf(odd!, []).kind, "failed");
  assert.equal(outcomeOf(fine!, []).kind, "passed");
});

const runCommand = (...options: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [fileURLToPath(new URL("main.ts", import.meta.url)), ...options], {
    encoding: "utf8",
    env: { ...process.env, INIT_CWD: "/" },
  });

test("the command prints counts, names what failed, and exits 1 for it", () => {
  using folder = createTempDir("conformance");
  const write = (valid: boolean): void =>
    writeFileSync(
      join(folder.path, "cron.json"),
      JSON.stringify([{ name: "four fields", input: { cron: "0 0 * *", validate: true }, expected: { valid } }]),
    );
  write(false);
  writeFileSync(join(folder.path, "automation.json"), "[]");
  const right = runCommand("--vectors", folder.path);
  assert.equal(right.status, 0, right.stderr);
  assert.match(right.stdout, /^cron +1 +0 +0$/m);
  assert.match(right.stdout, /^in all +1 +0 +0$/m);
  assert.match(right.stdout, /^left out: automation\.json/m);
  write(true);
  const wrong = runCommand("--vectors", folder.path);
  assert.equal(wrong.status, 1);
  assert.match(wrong.stdout, /^in all +0 +0 +1$/m);
  assert.match(wrong.stdout, /^failed: cron: four fields$/m);
});

for (const [what, file, content, message] of [
  ["nothing to ask", "README.md", "# Vectors", /^There are no vectors in /],
  ["a file of no topic", "crons.json", "[]", /crons\.json is of no topic\. The topics are cron, /],
  ["a file that is no JSON", "cron.json", "[{", /cron\.json is no list of cases .*JSON/],
  ["a file that is no list", "cron.json", "{}", /cron\.json is no list of cases .*expected array/],
  ["a case without a name", "cron.json", '[{ "input": 1 }]', /cron\.json is no list of cases .*\n.*name/],
] as const) {
  test(`the command says in one sentence of ${what}, and exits 2`, () => {
    using folder = createTempDir("conformance");
    writeFileSync(join(folder.path, file), content);
    const { status, stderr } = runCommand("--vectors", folder.path);
    assert.equal(status, 2);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /^ +at /m);
  });
}

test("the command exits 2 for a folder or an option that there is not", () => {
  assert.equal(runCommand("--vectors", "/nowhere/at/all").status, 2);
  assert.match(runCommand("--vectors", "/nowhere/at/all").stderr, /^There is no folder \/nowhere\/at\/all\.$/m);
  assert.equal(runCommand("--vector").status, 2);
});
