import { assetSource, type AssetSource } from "../../definitions/asset-handle.ts";
import type {
  AssetCheckDefinition,
  ComputeDefinition,
  ExternalAssetDefinition,
  JobDefinition,
  OutputDefinition,
  ScheduleDefinition,
} from "../../definitions/model.ts";
import { problem, type DefinitionProblem } from "../../definitions/problem.ts";
import type { PartitionsDefinition } from "../../partitions/partitions-definition.ts";
import type { DefineOptions } from "../define.ts";

/** Everything that was given, by what it is, each definition once. */
export interface Collected {
  readonly computes: readonly ComputeDefinition[];
  readonly externals: readonly ExternalAssetDefinition[];
  readonly checks: readonly AssetCheckDefinition[];
  readonly jobs: readonly JobDefinition[];
  readonly schedules: readonly ScheduleDefinition[];
  /** Of two assets with one key the first. */
  readonly byKey: ReadonlyMap<string, DefinedAsset>;
  /** Every asset in the order given, those of equal keys too. */
  readonly assets: readonly DefinedAsset[];
  /** What was noticed while the definitions were made. */
  readonly problems: readonly DefinitionProblem[];
}

/** One asset: an output of a compute, or an external one. */
export interface DefinedAsset {
  readonly asset: OutputDefinition | ExternalAssetDefinition;
  readonly key: string;
  readonly partitions: PartitionsDefinition;
  readonly compute: ComputeDefinition | undefined;
}

export function collect(options: DefineOptions): Collected {
  const sources = new Map<unknown, AssetSource>();
  const problems: DefinitionProblem[] = [];
  options.assets.forEach((given: unknown, index) => {
    const source = sourceOf(given);
    if (source !== undefined) sources.set(source.definition, source);
    else
      problems.push(
        problem(
          "NOT_AN_ASSET",
          `define, assets[${index}]`,
          `This is not an asset but ${given === null ? "null" : typeof given}.`,
          "Give what asset, multiAsset, externalAsset or sqlAsset returned.",
        ),
      );
  });
  const computes: ComputeDefinition[] = [];
  const externals: ExternalAssetDefinition[] = [];
  const assets: DefinedAsset[] = [];
  for (const source of sources.values()) {
    problems.push(...source.problems);
    if (source.kind === "external") {
      const { definition } = source;
      externals.push(definition);
      assets.push({ asset: definition, key: definition.key, partitions: definition.partitions, compute: undefined });
    } else {
      const compute = source.definition;
      computes.push(compute);
      for (const asset of Object.values(compute.outputs))
        assets.push({ asset, key: asset.key, partitions: compute.partitions, compute });
    }
  }
  const byKey = new Map<string, DefinedAsset>();
  for (const asset of assets) if (!byKey.has(asset.key)) byKey.set(asset.key, asset);
  const checks = options.checks ?? [];
  return {
    computes,
    externals,
    checks: checks.map(({ definition }) => definition),
    jobs: options.jobs ?? [],
    schedules: options.schedules ?? [],
    byKey,
    assets,
    problems: [...problems, ...checks.flatMap((check) => check.problems)],
  };
}

function sourceOf(given: unknown): AssetSource | undefined {
  if (typeof given !== "object" || given === null || !(assetSource in given)) return undefined;
  return given[assetSource] as AssetSource;
}
