/** The typed faces of `MaterializeContext`. */
import type { PartitionOf } from "./asset-handle.ts";
import type { DepsOf } from "./dependency.ts";
import type { Logger, Relation, StepScope } from "./io-manager.ts";
import type { OpenedOf } from "./resource.ts";
import type { z } from "zod";

/** What `materialize` is given. `Outputs` are rows by output name: a plain asset's only output is "self". */
export interface AssetContext<P, D, R, C, Outputs> {
  readonly runId: string;
  /** From 1; what the retry policy counts. */
  readonly attempt: number;
  /** The step's partitions, ascending. */
  readonly partitions: readonly PartitionOf<P>[];
  /** The only one; throws in a step of several. */
  readonly partition: PartitionOf<P>;
  /** Dependencies of `partition`; in a step of several, of each by `depsOf`. */
  readonly deps: DepsOf<D>;
  depsOf(partition: PartitionOf<P>): DepsOf<D>;
  /** Current versions of the step's own outputs before it; needs `readsPrevious: true`. */
  previous(partition: PartitionOf<P>): { readonly [Name in keyof Outputs]: Relation<Outputs[Name]> | undefined };
  /**
   * The outputs wanted of this step, by name: some of a multi-asset's may be selected, missing or left to retry. What is
   * given of the others is left alone.
   */
  readonly selectedOutputs: ReadonlySet<keyof Outputs & string>;
  /** Opened on first use, closed when the step ends. */
  readonly resources: OpenedOf<R>;
  readonly config: C extends z.ZodType ? z.output<C> : undefined;
  /** Aborts when the step is canceled or its worker goes. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly scope: StepScope;
}

/** What `metrics` is given, once an output's file is built. */
export interface AssetMetricsContext<P, D, R, C, Outputs> extends AssetContext<P, D, R, C, Outputs> {
  /** The output's name. */
  readonly output: keyof Outputs & string;
  /** The staged file. */
  readonly self: Relation<Outputs[keyof Outputs]>;
}
