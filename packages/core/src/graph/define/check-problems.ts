import { problem, type DefinitionProblem } from "../../definitions/problem.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import type { Collected } from "./collect.ts";

/** Checks on columns that are not there, and names used twice on one asset. */
export function checkProblems({ computes, checks, byKey }: Collected): readonly DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const names = new Map<string, Set<string>>();
  const named = (asset: string, name: string, subject: string): void => {
    const taken = names.get(asset) ?? new Set();
    if (taken.has(name))
      problems.push(
        problem(
          "CHECK_INVALID",
          subject,
          `Asset "${asset}" has two checks named "${name}".`,
          "Name one of them differently.",
        ),
      );
    names.set(asset, taken.add(name));
  };
  for (const { outputs } of computes) {
    for (const { key, schema, checks: own } of Object.values(outputs)) {
      const columns = schema?.columns.map((column) => column.name) ?? [];
      for (const { name, columns: wanted } of own) {
        const subject = `asset "${key}", check "${name}"`;
        named(key, name, subject);
        if (schema === undefined) {
          problems.push(
            problem(
              "CHECK_INVALID",
              subject,
              "The asset stores nothing that could be checked.",
              "Give it a schema and an output, or use assetCheck.",
            ),
          );
          continue;
        }
        for (const column of wanted) {
          if (!columns.includes(column))
            problems.push(
              problem(
                "CHECK_INVALID",
                subject,
                `There is no column "${column}".`,
                didYouMeanHint(column, columns, "columns"),
              ),
            );
        }
      }
    }
  }
  for (const { asset, name } of checks) {
    if (byKey.has(asset)) named(asset, name, `check "${name}" on asset "${asset}"`);
  }
  return problems;
}
