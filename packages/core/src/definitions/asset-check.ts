import type { AnyAsset, Asset } from "./asset-handle.ts";
import type { CheckOutcome } from "./check.ts";
import { codeVersionOf } from "./code-version.ts";
import { strangerProblems } from "./compute.ts";
import type { AssetContext } from "./context.ts";
import { readDeps, type CheckDeps, type Deps } from "./dependency.ts";
import type { AssetCheckDefinition } from "./model.ts";
import type { Resources } from "./options.ts";
import type { DefinitionProblem } from "./problem.ts";
import { defaultRetryPolicy, type RetryPolicy } from "./retry-policy.ts";

/** A check of its own step, as a value for `define`. */
export interface AssetCheck {
  readonly kind: "assetCheck";
  readonly definition: AssetCheckDefinition;
  readonly problems: readonly DefinitionProblem[];
}

export interface AssetCheckOptions<A extends AnyAsset, D extends Deps, R extends Resources> {
  /** What is checked; the function sees it as `ctx.deps.self`. */
  readonly asset: A;
  /** Unique among the asset's checks. */
  readonly name: string;
  readonly description?: string | undefined;
  /** Further assets to read. */
  readonly deps?: D & CheckDeps<NoInfer<D>, A["partitions"]>;
  readonly resources?: R;
  /** Failed, it keeps dependants waiting; it never undoes a commit. false unless given. */
  readonly blocking?: boolean | undefined;
  /** "error" unless given. */
  readonly severity?: "error" | "warn" | undefined;
  readonly retry?: RetryPolicy | undefined;
  readonly codeVersion?: string | undefined;
  readonly run: (
    context: AssetContext<A["partitions"], D & { readonly self: A }, R, undefined, {}>,
  ) => CheckOutcome | Promise<CheckOutcome>;
}

/**
 * A check over several assets, once a partition of `asset` is made. For a check on an asset's own rows, before its
 * commit, give the asset `checks`.
 */
export function assetCheck<A extends Asset, D extends Deps = {}, R extends Resources = {}>(
  options: AssetCheckOptions<A, D, R>,
): AssetCheck {
  const { asset, name, description, blocking, severity, resources, retry } = options;
  const run: AssetCheckDefinition["run"] = options.run;
  const deps = readDeps(options.deps);
  const definition: AssetCheckDefinition = {
    asset: asset.key,
    name,
    description,
    blocking: blocking ?? false,
    severity: severity ?? "error",
    deps: { self: { asset: asset.key, mapping: { kind: "identity" }, weak: false }, ...deps.definitions },
    partitions: asset.partitions,
    resources: resources ?? {},
    retry: retry ?? defaultRetryPolicy,
    codeVersion: codeVersionOf(options, run),
    run: (context) => run(context),
  };
  const problems = strangerProblems(`check "${name}" on asset "${asset.key}"`, deps.strangers);
  return Object.freeze({ kind: "assetCheck", definition, problems });
}
