import { readField, transformations, type DeclaredColumn } from "../../definitions/column-lineage.ts";
import type { ComputeDefinition, OutputDefinition } from "../../definitions/model.ts";
import { problem, type DefinitionProblem } from "../../definitions/problem.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import type { Collected } from "./collect.ts";

/** Declared lineage of columns, or from columns, that are not there. */
export function columnLineageProblems({ computes, byKey }: Collected): readonly DefinitionProblem[] {
  const columnsOf = (asset: string): readonly string[] | undefined =>
    byKey.get(asset)?.asset.schema?.columns.map(({ name }) => name);

  const ofOutput = (compute: ComputeDefinition, { key, schema, columnLineage = {} }: OutputDefinition) =>
    Object.entries(columnLineage).flatMap(([column, declared]) => {
      const at = (message: string, hint: string): DefinitionProblem =>
        problem("COLUMN_LINEAGE_INVALID", `asset "${key}", columnLineage.${column}`, message, hint);
      if (schema === undefined)
        return [at("The asset has no schema, and so no columns.", "Give it a schema, or leave columnLineage out.")];
      const own = schema.columns.map(({ name }) => name);
      if (!own.includes(column)) return [at(`There is no column "${column}".`, didYouMeanHint(column, own, "columns"))];
      if (!isWellFormed(declared))
        return [
          at(
            "This does not say which columns it comes from.",
            `Give a list such as ["raw.amount"], or { inputFields, transformation, description }; a transformation is ${transformations.join(", ")}.`,
          ),
        ];
      return declared.inputFields.flatMap((field) => fieldProblem(field, compute, key, at) ?? []);
    });

  function fieldProblem(
    field: string,
    { deps, readsPrevious }: ComputeDefinition,
    key: string,
    at: (message: string, hint: string) => DefinitionProblem,
  ): DefinitionProblem | undefined {
    const names = [...Object.keys(deps), ...(readsPrevious ? ["previous"] : [])];
    const found = readField(field, names);
    const [first = field] = field.split(".");
    if (found === undefined)
      return at(
        `"${field}" is of no dependency.`,
        first === "previous"
          ? "It reads the version before with readsPrevious: true alone."
          : didYouMeanHint(first, names, "dependencies"),
      );
    const asset = found.name === "previous" ? key : deps[found.name]!.asset;
    const columns = columnsOf(asset);
    // Of what has no schema any column may be.
    if (found.column === null || columns === undefined || columns.includes(found.column)) return undefined;
    return at(`Asset "${asset}" has no column "${found.column}".`, didYouMeanHint(found.column, columns, "columns"));
  }

  return computes.flatMap((compute) => Object.values(compute.outputs).flatMap((output) => ofOutput(compute, output)));
}

/** What the compiler holds, of JavaScript. */
function isWellFormed(declared: DeclaredColumn): boolean {
  const { inputFields, transformation } = (declared ?? {}) as Partial<DeclaredColumn>;
  const isList = Array.isArray(inputFields) && inputFields.every((field) => typeof field === "string");
  return isList && (transformation === undefined || transformations.includes(transformation));
}
