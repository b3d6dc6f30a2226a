/** The whole of what a module defines, checked at once. It lies here rather than in definitions/: jobs select by the graph. */
import type { AnyAsset } from "../definitions/asset-handle.ts";
import type { AssetCheck } from "../definitions/asset-check.ts";
import { placedMapping } from "../definitions/custom-mapping.ts";
import { definitionsBrand } from "../definitions/definitions-brand.ts";
import type { Definitions, DependencyDefinition, JobDefinition, ScheduleDefinition } from "../definitions/model.ts";
import type { MultiAssetSource } from "../definitions/multi-asset.ts";
import type { DefinitionProblem } from "../definitions/problem.ts";
import { IrokoError } from "../errors.ts";
import { inferMapping } from "../partitions/check-mapping.ts";
import type { PartitionsDefinition } from "../partitions/partitions-definition.ts";
import { collect, type Collected } from "./define/collect.ts";
import { checkProblems } from "./define/check-problems.ts";
import { columnLineageProblems } from "./define/column-lineage-problems.ts";
import { cycleProblems } from "./define/cycle-problems.ts";
import { dependencyProblems } from "./define/dependency-problems.ts";
import { jobProblems } from "./define/job-problems.ts";
import { keyProblems } from "./define/key-problems.ts";
import { outputProblems } from "./define/output-problems.ts";
import { policyProblems } from "./define/policy-problems.ts";
import { resourceProblems } from "./define/resource-problems.ts";
import { scheduleProblems } from "./define/schedule-problems.ts";

export interface DefineOptions {
  /** Assets, multi-assets (whole) and external assets. */
  readonly assets: readonly (AnyAsset | MultiAssetSource)[];
  /** Checks that are steps of their own. */
  readonly checks?: readonly AssetCheck[] | undefined;
  readonly jobs?: readonly JobDefinition[] | undefined;
  readonly schedules?: readonly ScheduleDefinition[] | undefined;
}

/**
 * Everything a module defines: its default export.
 *
 * @throws {IrokoError} DEFINITIONS_INVALID; `details.problems` lists every mistake, each with code, place and remedy
 */
export function define(options: DefineOptions): Definitions {
  const collected = collect(options);
  const problems = [...collected.problems, ...checks.flatMap((check) => check(collected))];
  if (problems.length > 0) throw definitionsInvalid(problems);
  return Object.freeze({ ...withMappings(collected), [definitionsBrand]: true });
}

const checks: readonly ((collected: Collected) => readonly DefinitionProblem[])[] = [
  keyProblems,
  outputProblems,
  dependencyProblems,
  cycleProblems,
  checkProblems,
  columnLineageProblems,
  resourceProblems,
  policyProblems,
  jobProblems,
  scheduleProblems,
];

function definitionsInvalid(problems: readonly DefinitionProblem[]): IrokoError {
  const count = problems.length === 1 ? "one mistake" : `${problems.length} mistakes`;
  const lines = problems.map(({ place, message, hint }) => `- ${place?.subject}: ${message} ${hint}`);
  return new IrokoError("DEFINITIONS_INVALID", `The definitions hold ${count}:\n${lines.join("\n")}`, {
    hint: problems.length === 1 ? "Mend it, and load them again." : "Mend them, and load them again.",
    details: { problems },
  });
}

/** Writes out what `define` has inferred: how each dependency is joined. */
function withMappings({ computes, externals, checks: assetChecks, jobs, schedules, byKey }: Collected): Definitions {
  const resolved = <D extends { readonly deps: Readonly<Record<string, DependencyDefinition>> }>(
    definition: D & { readonly partitions: PartitionsDefinition },
    subject: string,
  ): D => ({
    ...definition,
    deps: Object.fromEntries(
      Object.entries(definition.deps).map(([name, dep]) => {
        const upstream = byKey.get(dep.asset)!.partitions;
        const mapping = dep.mapping ?? inferMapping(upstream, definition.partitions);
        const sides = { upstream, downstream: definition.partitions };
        const placed = mapping?.kind === "custom" ? placedMapping(mapping, `${subject}, deps.${name}`, sides) : mapping;
        return [name, { ...dep, mapping: placed }];
      }),
    ),
  });
  return {
    computes: computes.map((compute) => resolved(compute, `asset "${compute.name}"`)),
    externals,
    checks: assetChecks.map((check) => resolved(check, `check "${check.name}" on asset "${check.asset}"`)),
    jobs,
    schedules,
  };
}
