import { problem, type DefinitionProblem } from "../../definitions/problem.ts";
import { IrokoError } from "../../errors.ts";
import { possibleAssets, type SelectionGraph } from "../selection.ts";
import type { Collected } from "./collect.ts";

/** Jobs of one key, and jobs that select nothing or cannot be read. */
export function jobProblems(collected: Collected): readonly DefinitionProblem[] {
  const graph = selectionGraph(collected);
  const problems: DefinitionProblem[] = [];
  const seen = new Set<string>();
  for (const { key, select, priority, maxConcurrency } of collected.jobs) {
    const subject = `job "${key}"`;
    if (seen.has(key))
      problems.push(problem("JOB_INVALID", subject, `Two jobs have the key "${key}".`, "Rename one of them."));
    seen.add(key);
    if (key === "") problems.push(problem("JOB_INVALID", subject, "A job's key is empty.", "Give it a name."));
    if (!Number.isSafeInteger(priority))
      problems.push(
        problem("JOB_INVALID", subject, `A priority cannot be ${priority}.`, "Give an integer; higher goes first."),
      );
    problems.push(...limitProblems("JOB_INVALID", subject, maxConcurrency));
    try {
      possibleAssets(graph, select);
    } catch (error) {
      if (!(error instanceof IrokoError)) throw error;
      const { column } = error.place ?? {};
      problems.push({
        ...problem(error.code, `${subject}, select`, error.message, error.hint ?? "See the guide to selections."),
        place: { subject: `${subject}, select`, ...(column === undefined ? {} : { column }) },
      });
    }
  }
  return problems;
}

export function limitProblems(
  code: "JOB_INVALID" | "SCHEDULE_INVALID",
  subject: string,
  maxConcurrency: number | undefined,
): readonly DefinitionProblem[] {
  if (maxConcurrency === undefined || (Number.isSafeInteger(maxConcurrency) && maxConcurrency > 0)) return [];
  const message = `At most ${maxConcurrency} steps at once is no limit.`;
  return [problem(code, subject, message, "Give a whole number from 1; leave maxConcurrency out for no limit.")];
}

function selectionGraph({ byKey, computes }: Collected): SelectionGraph {
  const upstream = new Map<string, string[]>();
  const downstream = new Map<string, string[]>(Array.from(byKey.keys(), (key) => [key, []]));
  for (const { outputs, deps } of computes) {
    const own = new Set(Object.values(outputs).map(({ key }) => key));
    const needs = [...new Set(Object.values(deps).map(({ asset }) => asset))].filter(
      (key) => byKey.has(key) && !own.has(key),
    );
    for (const key of own) {
      upstream.set(key, needs);
      for (const need of needs) downstream.get(need)!.push(key);
    }
  }
  const assets = new Map(
    Array.from(byKey, ([key, { asset, compute }]) => [
      key,
      { ...asset, kind: compute === undefined ? ("external" as const) : ("asset" as const) },
    ]),
  );
  return { assets, upstream, downstream };
}
