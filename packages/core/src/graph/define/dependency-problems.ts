import type { ComputeDefinition, DependencyDefinition } from "../../definitions/model.ts";
import { problem, type DefinitionProblem } from "../../definitions/problem.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { checkMapping, inferMapping, whyNotInferred } from "../../partitions/check-mapping.ts";
import type { PartitionsDefinition } from "../../partitions/partitions-definition.ts";
import type { Collected } from "./collect.ts";

/** What was meant is looked for among all assets: not for thousands that were left out at once. */
const mostGuesses = 100;

/** Dependencies on what is not defined, and those whose partitions cannot be joined. */
export function dependencyProblems({ computes, externals, checks, byKey }: Collected): readonly DefinitionProblem[] {
  const keys = [...byKey.keys()];
  let guesses = mostGuesses;
  const unknown = (subject: string, asset: string): DefinitionProblem => {
    const hint = guesses > 0 ? ` ${didYouMeanHint(asset, keys, "assets")}` : "";
    guesses -= 1;
    return problem(
      "DEPENDENCY_UNKNOWN",
      subject,
      `Asset "${asset}" is not among the definitions.`,
      `Add it to define({ assets }).${hint}`,
    );
  };
  const inDeps = (
    subject: string,
    {
      deps,
      partitions,
    }: { readonly deps: Readonly<Record<string, DependencyDefinition>>; readonly partitions: PartitionsDefinition },
  ): readonly DefinitionProblem[] =>
    Object.entries(deps).flatMap(([name, { asset, mapping }]) => {
      const place = `${subject}, deps.${name}`;
      const upstream = byKey.get(asset);
      if (upstream === undefined) return [unknown(place, asset)];
      const used = mapping ?? inferMapping(upstream.partitions, partitions);
      const because =
        used === undefined
          ? `nothing says which partitions of "${asset}" each of its own needs; ${whyNotInferred(upstream.partitions, partitions)}`
          : checkMapping(used, upstream.partitions, partitions);
      if (because === undefined) return [];
      return [
        problem(
          "PARTITION_MAPPING",
          place,
          `It cannot be joined to asset "${asset}": ${because}.`,
          "Say how they join, with dep(asset, { map }).",
        ),
      ];
    });

  return [
    ...computes.flatMap(reservedNames),
    ...computes.flatMap((compute) => inDeps(`asset "${compute.name}"`, compute)),
    ...checks.flatMap((check) => inDeps(`check "${check.name}" on asset "${check.asset}"`, check)),
    ...externals.flatMap(({ key, compares }) =>
      Object.entries(compares()).flatMap(([name, asset]) =>
        byKey.has(asset) ? [] : [unknown(`asset "${key}", compares.${name}`, asset)],
      ),
    ),
  ];
}

/** Relations that every step has, beside its dependencies. */
const reserved: readonly string[] = ["self", "previous"];

function reservedNames({ name, deps }: ComputeDefinition): readonly DefinitionProblem[] {
  return Object.keys(deps)
    .filter((dep) => reserved.includes(dep))
    .map((dep) =>
      problem(
        "DEPENDENCY_NAME",
        `asset "${name}", deps.${dep}`,
        `A dependency cannot be named "${dep}": in SQL that is ${dep === "self" ? "the asset's own new rows" : "the version before"}.`,
        "Name it differently.",
      ),
    );
}
