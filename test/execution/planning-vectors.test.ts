/**
 * The planning vectors in the real engine: each case as assets of one location, all made once, then a run in which things
 * fail as the case says. It ends as the conformance run says it does, whose answers are made without an engine.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { listCheckResults, listSteps, materializationsOf } from "@iroko/core/engine";
import { labelOf, planning, planningInput, planningOutcome, type PlanningInput } from "../conformance/planning.ts";
import type { PlannedStep } from "@iroko/core";
import { testInstance, type TestInstance } from "../support/test-instance.ts";

const cases = planning
  .read(readFileSync(new URL("../vectors/planning.json", import.meta.url), "utf8"))
  .flatMap((vector, index) => {
    const answer = planningOutcome.safeParse(vector.answer());
    return answer.success
      ? [{ name: vector.name, prefix: `c${index}_`, input: planningInput.parse(vector.input), answer: answer.data }]
      : []; // refused: there is nothing to run
  });

const whole = { kind: "unspecified" as const };

let instance: TestInstance;
before(
  async () => {
    const definitions = cases.map(({ prefix, input }) => definitionsOf(prefix, input));
    const names = (of: "assets" | "checks"): string => definitions.flatMap((each) => each[of]).join(", ");
    instance = await testInstance({
      "iroko.config.ts": `
      import { existsSync } from "node:fs";
      import { z } from "zod";
      import { asset, assetCheck, define, multiAsset, output, retryPolicy } from "@iroko/core";
      import { jsonLines } from "./json-lines.ts";
      const schema = z.object({ n: z.int() });
      const retry = retryPolicy({ maxRetries: 0 });
      const goesWrong = () => existsSync(new URL("wrong", import.meta.url));
      const give = async (fails, nothing) => {
        if (goesWrong() && fails) throw new Error("no");
        return goesWrong() && nothing ? undefined : [{ n: 1 }];
      };
      const check = (name, blocking, fails) => ({
        name, kind: "own", severity: "error", blocking, columns: [], history: 0,
        run: async () => ({ passed: !(goesWrong() && fails) }),
      });
      ${definitions.map(({ text }) => text).join("\n")}
      export default define({ assets: [${names("assets")}], checks: [${names("checks")}] });
    `,
    });
    await instance.deploy();
    await instance.startWorker();
    const { status } = await instance.ended(await instance.submit({ select: "*", partitions: whole }), 240);
    assert.equal(status, "succeeded");
    await instance.project.write("wrong", "");
  },
  { timeout: 300_000 },
);
after(() => instance[Symbol.asyncDispose]());

for (const { name, prefix, input, answer } of cases) {
  test(name, { timeout: 120_000 }, async () => {
    const all = [
      ...Object.keys(input.assets),
      ...Object.values(input.multi ?? {}).flatMap(({ outs }) => Object.keys(outs)),
    ];
    const select = (input.select ?? all).map((key) => `key:${prefix}${key}`).join(" or ");
    const run = await instance.submit({ select, partitions: whole, force: true });
    const { status } = await instance.ended(run, 100);
    const plain = (text: string): string => text.replaceAll(prefix, "");
    const label = (step: Pick<PlannedStep, "kind" | "name" | "assets">): string =>
      labelOf(input, { kind: step.kind, name: plain(step.name), assets: step.assets.map(plain) });
    const steps = await listSteps(instance.db, run, { limit: 1000 });
    const made = await materializationsOf(instance.db, run);
    const checks = await Promise.all(all.map((key) => listCheckResults(instance.db, `${prefix}${key}`)));
    const ended = checks.flat().filter((result) => result.run === run);
    assert.deepEqual(
      {
        success: status === "succeeded",
        materialized: made.map(({ asset }) => plain(asset)).toSorted(),
        failed: steps
          .filter((step) => step.status === "failed")
          .map(label)
          .toSorted(),
        checks: Object.fromEntries(ended.map(({ asset, name: check, passed }) => [`${plain(asset)}:${check}`, passed])),
        steps: steps.map(label).toSorted(),
      },
      {
        success: answer.success,
        materialized: answer.materialized,
        failed: answer.failed_steps.toSorted(),
        checks: answer.checks ?? {},
        steps: answer.levels.flat().toSorted(),
      },
    );
    const skipped = new Set(steps.filter((step) => step.status === "skipped").map(label));
    assert.deepEqual(
      answer.skipped_steps.filter((each) => !skipped.has(each)),
      [],
    );
  });
}

interface DefinitionsText {
  readonly text: string;
  /** Names of constants. */
  readonly assets: readonly string[];
  readonly checks: readonly string[];
}

/** A case as the user's code would be; dependencies are constants, so each stands after those it reads. */
function definitionsOf(prefix: string, { assets, multi = {}, checks = {}, ...wrong }: PlanningInput): DefinitionsText {
  const isIn = (list: readonly string[] | undefined, ...names: readonly string[]): boolean =>
    names.some((name) => list?.includes(name));
  const handles = new Map<string, string>();
  for (const key of Object.keys(assets)) handles.set(key, `${prefix}${key}`);
  for (const [name, { outs }] of Object.entries(multi))
    for (const key of Object.keys(outs)) handles.set(key, `${prefix}multi_${name}.${key}`);
  const depsOf = (keys: readonly string[]): string =>
    `{ ${[...new Set(keys)].map((key) => `${key}: ${handles.get(key)}`).join(", ")} }`;

  const texts: { readonly makes: readonly string[]; readonly reads: readonly string[]; readonly text: string }[] = [];
  for (const [key, { deps = [], optional = false, checks: own = {} }] of Object.entries(assets)) {
    const inside = Object.entries(own).map(
      ([check, { blocking }]) => `check("${check}", ${blocking}, ${isIn(wrong.failing_checks, `${key}:${check}`)})`,
    );
    const gives = `give(${isIn(wrong.fail, key)}, ${isIn(wrong.no_output, key)})`;
    const common = `schema, output: jsonLines("${prefix}${key}"), checks: [${inside.join(", ")}]`;
    texts.push({
      makes: [key],
      reads: deps,
      text: optional
        ? `const ${prefix}${key}_m = multiAsset({ outputs: { ${key}: output({ key: "${prefix}${key}", optional: true, ${common} }) }, deps: ${depsOf(deps)}, retry, materialize: () => ({ ${key}: ${gives} }) });
           const ${prefix}${key} = ${prefix}${key}_m.${key};`
        : `const ${prefix}${key} = asset({ key: "${prefix}${key}", deps: ${depsOf(deps)}, retry, ${common}, materialize: () => ${gives} });`,
    });
  }
  for (const [name, { outs }] of Object.entries(multi)) {
    const deps = Object.values(outs).flatMap((out) => (out.deps ?? []).filter((dep) => !Object.hasOwn(outs, dep)));
    const outputs = Object.entries(outs).map(
      ([key, { optional = false }]) =>
        `${key}: output({ key: "${prefix}${key}", schema, output: jsonLines("${prefix}${key}"), optional: ${optional} })`,
    );
    const gives = Object.keys(outs).map(
      (key) => `${key}: give(${isIn(wrong.fail, key)}, ${isIn(wrong.no_output, key)})`,
    );
    const first = isIn(wrong.fail, name) ? `if (goesWrong()) throw new Error("no"); ` : "";
    texts.push({
      makes: Object.keys(outs),
      reads: deps,
      text: `const ${prefix}multi_${name} = multiAsset({ outputs: { ${outputs.join(", ")} }, deps: ${depsOf(deps)}, retry, materialize() { ${first}return { ${gives.join(", ")} }; } });`,
    });
  }
  const ordered: string[] = [];
  const done = new Set<string>();
  while (ordered.length < texts.length) {
    const next = texts.find((each) => !done.has(each.makes[0]!) && each.reads.every((key) => done.has(key)));
    assert.ok(next, "a case that is answered has no circle");
    for (const key of next.makes) done.add(key);
    ordered.push(next.text);
  }
  const standalone = Object.entries(checks).map(([name, { asset, blocking }]) => ({
    constant: `${prefix}check_${name}`,
    text: `const ${prefix}check_${name} = assetCheck({ name: "${name}", asset: ${handles.get(asset)}, blocking: ${blocking}, retry, async run() {
      if (goesWrong() && ${isIn(wrong.fail, name, `${asset}:${name}`)}) throw new Error("no");
      return { passed: !(goesWrong() && ${isIn(wrong.failing_checks, name, `${asset}:${name}`)}) };
    } });`,
  }));
  return {
    text: [...ordered, ...standalone.map(({ text }) => text)].join("\n"),
    assets: [
      ...Object.entries(assets).map(([key, { optional = false }]) => `${prefix}${key}${optional ? "_m" : ""}`),
      ...Object.keys(multi).map((name) => `${prefix}multi_${name}`),
    ],
    checks: standalone.map(({ constant }) => constant),
  };
}
