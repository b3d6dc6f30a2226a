import { unpartitioned, type PartitionsDefinition, type Unpartitioned } from "../partitions/partitions-definition.ts";
import { assetSource, isAsset, type AnyAsset, type Asset, type AssetSource, type PartitionOf } from "./asset-handle.ts";
import type { Logger, Relation, StepScope } from "./io-manager.ts";
import type { InputOf, Io, RowOf, Schema } from "./materialized.ts";
import { toMetadata, type MetadataInput } from "./metadata-values.ts";
import type { ExternalAssetDefinition, ObservationResult, ObserveContext } from "./model.ts";
import type { DescriptionOptions, Resources } from "./options.ts";
import { readDescription, schemaProblems } from "./output.ts";
import { readSchema } from "./read-schema.ts";
import type { OpenedOf } from "./resource.ts";
import { defaultRetryPolicy, type RetryPolicy } from "./retry-policy.ts";

/** What `observe` is given. */
export interface ExternalAssetContext<P, R> {
  /** The partitions to look at: those that exist now. */
  readonly partitions: readonly PartitionOf<P>[];
  readonly resources: OpenedOf<R>;
  /** Current versions of the `compares` assets, by name. */
  current(partition: PartitionOf<P>): Readonly<Record<string, Relation<Record<string, unknown>> | undefined>>;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly scope: StepScope;
}

/** What was seen of one partition. Equal data versions leave what depends on it fresh. */
export interface Observation<P> {
  readonly partition: PartitionOf<P>;
  readonly dataVersion: string;
  readonly metadata?: MetadataInput | undefined;
}

export interface ExternalAssetOptions<
  Key extends string,
  S extends Schema,
  P extends PartitionsDefinition,
  R extends Resources,
  I extends Io,
> extends DescriptionOptions {
  readonly key: Key;
  readonly schema?: S;
  /** How dependants read it; without it they order after it only. */
  readonly output?: I;
  readonly partitions?: P;
  readonly resources?: R;
  readonly retry?: RetryPolicy | undefined;
  /**
   * Assets whose current versions the observation may read, by key or as values. They usually depend on this one: as
   * values they need the annotation `(): Readonly<Record<string, AnyAsset>> =>`, or TypeScript goes round in circles.
   */
  readonly compares?: (() => Readonly<Record<string, AnyAsset | string>>) | undefined;
  /** Looks at it, and gives a data version for each partition asked for. */
  readonly observe?:
    | ((
        context: ExternalAssetContext<NoInfer<P>, NoInfer<R>>,
      ) => readonly Observation<NoInfer<P>>[] | Promise<readonly Observation<NoInfer<P>>[]>)
    | undefined;
}

/** An asset that something else makes: a file that arrives, a table of another system. */
export function externalAsset<
  const Key extends string,
  S extends Schema = undefined,
  P extends PartitionsDefinition = Unpartitioned,
  R extends Resources = {},
  I extends Io = undefined,
>(options: ExternalAssetOptions<Key, S, P, R, I>): Asset<Key, RowOf<S>, P, InputOf<I>> {
  const { key, schema, output, partitions, resources, retry, compares } = options;
  const observe = options.observe as ((context: ObserveContext) => Promise<readonly Observation<P>[]>) | undefined;
  const read = schema === undefined ? undefined : readSchema(schema);
  const definition: ExternalAssetDefinition = {
    key,
    ...readDescription(options),
    schema: read?.schema,
    io: output,
    partitions: partitions ?? unpartitioned,
    resources: resources ?? {},
    retry: retry ?? defaultRetryPolicy,
    compares: () =>
      Object.fromEntries(
        Object.entries(compares?.() ?? {}).map(([name, value]) => [name, isAsset(value) ? value.key : value]),
      ),
    ...(observe === undefined ? {} : { observe: async (context) => (await observe(context)).map(readObservation) }),
  };
  const source: AssetSource = { kind: "external", definition, problems: schemaProblems(key, read) };
  const handle: AnyAsset = Object.freeze({
    kind: "external",
    key,
    partitions: definition.partitions,
    [assetSource]: source,
  });
  return handle as Asset<Key, RowOf<S>, P, InputOf<I>>;
}

function readObservation<P>({ partition, dataVersion, metadata }: Observation<P>): ObservationResult {
  return { partition, dataVersion, ...(metadata === undefined ? {} : { metadata: toMetadata(metadata) }) };
}
