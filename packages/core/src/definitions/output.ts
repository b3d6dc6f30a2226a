import type { Asset } from "./asset-handle.ts";
import { readColumnLineage, type ColumnLineage } from "./column-lineage.ts";
import type { InputOf, Io, RowOf, Schema } from "./materialized.ts";
import type { OutputDefinition } from "./model.ts";
import type { OutputOptions } from "./options.ts";
import { problem, type DefinitionProblem } from "./problem.ts";
import { readSchema } from "./read-schema.ts";

/** An output whose types are not looked at. It names no type parameter, lest `output()` take its own from here. */
export interface AnyOutput {
  readonly kind: "output";
}

/** One of a multi-asset's outputs. */
export interface Output<
  Key extends string = string,
  S extends Schema = Schema,
  I extends Io = Io,
  Optional extends boolean = boolean,
> extends AnyOutput {
  readonly key: Key;
  readonly schema: S;
  readonly io: I;
  readonly optional: Optional;
  readonly options: Omit<OutputOptions<Key, S, I>, "key" | "schema" | "output">;
}

/** An output of a `multiAsset`. An optional one may be left out by `materialize`; what depends on it is then skipped. */
export function output<
  const Key extends string,
  S extends Schema = undefined,
  I extends Io = undefined,
  const Optional extends boolean = false,
>(options: OutputOptions<Key, S, I> & { readonly optional?: Optional }): Output<Key, S, I, Optional> {
  const { key, schema, output: io, optional, ...rest } = options;
  return Object.freeze({
    kind: "output",
    key,
    schema: schema as S,
    io: io as I,
    optional: (optional ?? false) as Optional,
    options: rest,
  });
}

/** The output as the engine sees it, and the mistakes in its schema. */
export function readOutput(
  options: Omit<OutputOptions<string, Schema, Io>, "checks" | "columnLineage"> & {
    readonly checks?: OutputDefinition["checks"] | undefined;
    readonly columnLineage?: ColumnLineage | undefined;
    readonly optional?: boolean | undefined;
  },
): { readonly definition: OutputDefinition; readonly problems: readonly DefinitionProblem[] } {
  const read = options.schema === undefined ? undefined : readSchema(options.schema);
  const definition: OutputDefinition = {
    key: options.key,
    ...readDescription(options),
    schema: read?.schema,
    io: options.output,
    ...(options.retention === undefined ? {} : { retention: options.retention }),
    checks: options.checks ?? [],
    ...(options.columnLineage === undefined ? {} : { columnLineage: readColumnLineage(options.columnLineage) }),
    optional: options.optional ?? false,
  };
  return { definition, problems: schemaProblems(options.key, read) };
}

export function readDescription(
  options: Pick<
    OutputOptions<string, Schema, Io>,
    "group" | "kinds" | "owners" | "tags" | "description" | "renamedFrom"
  >,
): Pick<OutputDefinition, "group" | "kinds" | "owners" | "tags" | "description" | "renamedFrom"> {
  const { group = "default", kinds = [], owners = [], tags = {}, description, renamedFrom } = options;
  return { group, kinds, owners, tags, description, renamedFrom };
}

export function schemaProblems(
  key: string,
  read: ReturnType<typeof readSchema> | undefined,
): readonly DefinitionProblem[] {
  return (read?.problems ?? []).map(({ column, message, hint }) =>
    problem("SCHEMA_UNSUPPORTED", `asset "${key}", schema${column === undefined ? "" : `.${column}`}`, message, hint),
  );
}

/** The handle that an output becomes. */
export type AssetOf<O, P extends Asset["partitions"]> =
  O extends Output<infer Key, infer S, infer I, boolean> ? Asset<Key, RowOf<S>, P, InputOf<I>> : never;
