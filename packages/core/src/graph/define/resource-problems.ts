import { envReferences, resolveEnv } from "../../definitions/env.ts";
import { canonicalJson } from "../../definitions/hash.ts";
import type { ResourceDefinition } from "../../definitions/model.ts";
import { problem, type DefinitionProblem } from "../../definitions/problem.ts";
import type { Collected } from "./collect.ts";

/** Resources of one key that are not one, and configurations that do not parse; references are left to the worker. */
export function resourceProblems({ computes, externals, checks }: Collected): readonly DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const byKey = new Map<string, ResourceDefinition>();
  for (const { resources } of [...computes, ...externals, ...checks]) {
    for (const resource of Object.values(resources)) {
      const known = byKey.get(resource.key);
      if (known === resource) continue;
      if (known === undefined) {
        byKey.set(resource.key, resource);
        problems.push(...configProblems(resource));
      } else if (known.open !== resource.open || canonicalJson(known.values) !== canonicalJson(resource.values)) {
        problems.push(
          problem(
            "RESOURCE_DUPLICATE",
            `resource "${resource.key}"`,
            `Two different resources have the key "${resource.key}".`,
            "Give each its own key, or use one value for both.",
          ),
        );
      }
    }
  }
  return problems;
}

function configProblems({ key, config, values }: ResourceDefinition): readonly DefinitionProblem[] {
  const references = envReferences(values);
  const unknown = references.filter(({ reference }) => reference.default === undefined);
  const parsed = config.safeParse(resolveEnv(values, (reference) => reference.default));
  if (parsed.success) return [];
  return parsed.error.issues
    .filter(
      ({ path }) => !unknown.some((reference) => startsWith(path, reference.path) || startsWith(reference.path, path)),
    )
    .map(({ path, message }) =>
      problem(
        "RESOURCE_CONFIG",
        `resource "${key}", ${path.length === 0 ? "configuration" : path.join(".")}`,
        `${message}.`,
        "Give what the resource's config asks for, or an env() reference.",
      ),
    );
}

function startsWith(path: readonly PropertyKey[], start: readonly PropertyKey[]): boolean {
  return start.every((part, index) => path[index] === part);
}
