import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  isTerminal,
  mayBecome,
  runStatuses,
  runTransitions,
  stepStatuses,
  stepTransitions,
  type Transition,
} from "../../packages/core/src/planning/run-states.ts";

const page = readFileSync(new URL("../../docs/state-machine.md", import.meta.url), "utf8");
const [, steps = "", runs = ""] = page.split(/^## (?:Steps|Runs)$/m);

for (const { name, section, transitions } of [
  { name: "steps", section: steps, transitions: stepTransitions as readonly Transition<string>[] },
  { name: "runs", section: runs, transitions: runTransitions as readonly Transition<string>[] },
]) {
  test(`docs/state-machine.md tells the life of ${name} as the code has it`, () => {
    const rows = section.matchAll(/^\| (\S+) +\| (\S+) +\| (.+?) *\|$/gm);
    const told = Array.from(rows, ([, from, to, when]) => ({ ...(from === "–" ? {} : { from }), to, when }));
    assert.deepEqual(told.slice(2), transitions); // without the head and the rule below it
  });

  test(`docs/state-machine.md draws the life of ${name} as the code has it`, () => {
    const drawn = Array.from(section.matchAll(/^ +(\S+) --> (\S+)$/gm), ([, from, to]) => `${from} ${to}`);
    const ends = new Set(transitions.map(({ to }) => to).filter((status) => isTerminal(transitions, status)));
    const expected = transitions.map(({ from, to }) => `${from ?? "[*]"} ${to}`);
    assert.deepEqual(drawn.toSorted(), [...expected, ...Array.from(ends, (end) => `${end} [*]`)].toSorted());
  });
}

test("a step that has ended stays as it is", () => {
  for (const ended of ["succeeded", "failed", "skipped", "canceled"] as const) {
    for (const status of stepStatuses) assert.ok(!mayBecome(stepTransitions, ended, status), `${ended} to ${status}`);
  }
});

test("every status can be reached from the beginning", () => {
  const reached = (transitions: readonly Transition<string>[]) => {
    const found = new Set<string | undefined>([undefined]);
    for (const status of found) for (const { from, to } of transitions) if (from === status) found.add(to);
    return [...found].filter((status) => status !== undefined).toSorted();
  };
  assert.deepEqual(reached(stepTransitions), [...stepStatuses].toSorted());
  assert.deepEqual(reached(runTransitions), [...runStatuses].toSorted());
});
