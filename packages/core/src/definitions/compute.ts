import { assetSource, type AnyAsset, type AssetSource } from "./asset-handle.ts";
import { codeVersionOf } from "./code-version.ts";
import { readDeps } from "./dependency.ts";
import { toMetadata } from "./metadata-values.ts";
import type { ComputeDefinition, MaterializeContext, MetricsContext, OutputDefinition } from "./model.ts";
import { readBackfill, type Config, type Resources, type SqlSource, type BackfillOption } from "./options.ts";
import type { MetadataInput } from "./metadata-values.ts";
import { problem, type DefinitionProblem } from "./problem.ts";
import { defaultRetryPolicy, type RetryPolicy } from "./retry-policy.ts";
import { unpartitioned, type PartitionsDefinition } from "../partitions/partitions-definition.ts";

/** `ComputeOptions` with the types forgotten. */
export interface UntypedCompute extends SqlSource {
  readonly partitions?: PartitionsDefinition | undefined;
  readonly deps?: Readonly<Record<string, unknown>> | undefined;
  readonly resources?: Resources | undefined;
  readonly config?: Config;
  readonly backfill?: BackfillOption | undefined;
  readonly retry?: RetryPolicy | undefined;
  readonly timeoutSeconds?: number | undefined;
  readonly pools?: readonly string[] | undefined;
  readonly codeVersion?: string | undefined;
  readonly readsPrevious?: boolean | undefined;
  readonly metrics?: ((context: never) => MetadataInput | Promise<MetadataInput>) | undefined;
  readonly materialize: (context: never) => unknown;
}

/** A function and its outputs as the engine sees them. */
export function readCompute(
  name: string,
  outputs: Readonly<Record<string, OutputDefinition>>,
  options: UntypedCompute,
): { readonly definition: ComputeDefinition; readonly problems: readonly DefinitionProblem[] } {
  const deps = readDeps(options.deps);
  const materialize = options.materialize as (context: MaterializeContext) => unknown;
  const metrics = options.metrics as ((context: MetricsContext) => MetadataInput | Promise<MetadataInput>) | undefined;
  const definition: ComputeDefinition = {
    name,
    outputs,
    deps: deps.definitions,
    resources: options.resources ?? {},
    config: options.config,
    partitions: options.partitions ?? unpartitioned,
    backfill: readBackfill(options.backfill),
    retry: options.retry ?? defaultRetryPolicy,
    ...(options.timeoutSeconds === undefined ? {} : { timeoutSeconds: options.timeoutSeconds }),
    pools: options.pools ?? [],
    codeVersion: codeVersionOf(options, materialize),
    readsPrevious: options.readsPrevious ?? false,
    ...(options.sql === undefined ? {} : { sql: options.sql }),
    materialize: (context) => materialize(context),
    ...(metrics === undefined ? {} : { metrics: async (context) => toMetadata(await metrics(context)) }),
  };
  return { definition, problems: strangerProblems(`asset "${name}"`, deps.strangers) };
}

/** JavaScript callers get at load what the compiler tells others. */
export function strangerProblems(subject: string, strangers: readonly string[]): readonly DefinitionProblem[] {
  return strangers.map((name) =>
    problem(
      "NOT_AN_ASSET",
      `${subject}, deps.${name}`,
      `deps.${name} is not an asset.`,
      "Give an asset, one output of a multi-asset, an external asset, or dep(asset, { map }).",
    ),
  );
}

/** The value that stands for one output of a compute. */
export function handleOf(
  output: OutputDefinition,
  definition: ComputeDefinition,
  problems: readonly DefinitionProblem[],
): AnyAsset {
  const source: AssetSource = { kind: "compute", definition, problems };
  return Object.freeze({
    kind: "asset",
    key: output.key,
    partitions: definition.partitions,
    [assetSource]: source,
  });
}
