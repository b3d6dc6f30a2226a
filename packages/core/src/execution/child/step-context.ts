import type { ComputeDefinition, MaterializeContext } from "../../definitions/model.ts";
import type { Relation, StepScope } from "../../definitions/io-manager.ts";
import { IrokoError } from "../../errors.ts";
import type { Partition } from "../../partitions/partitions-definition.ts";
import type { StepSpec } from "../step-protocol.ts";
import { describeIssues } from "./describe-issues.ts";
import type { StepInputs } from "./step-inputs.ts";

export interface ContextParts {
  readonly spec: StepSpec;
  /** How errors call the step: `asset "cleaned"`. */
  readonly subject: string;
  readonly partitions: readonly Partition[];
  /** The names of the outputs that the step is to make. */
  readonly selectedOutputs: ReadonlySet<string>;
  readonly inputs: StepInputs;
  readonly resources: Readonly<Record<string, unknown>>;
  readonly config: unknown;
  readonly scope: StepScope;
}

export function contextOf(parts: ContextParts): MaterializeContext {
  const { spec, subject, partitions, selectedOutputs, inputs, resources, config, scope } = parts;
  const only = (what: string): Partition => {
    if (partitions.length === 1) return partitions[0]!;
    throw new IrokoError(
      "PARTITIONS_MIXED",
      `${subject} asked for ${what} in a step of ${partitions.length} partitions.`,
      {
        hint: "Read ctx.partitions and ctx.depsOf(partition); give byPartition((partition) => …) where each has its own value.",
      },
    );
  };
  return {
    runId: spec.runId,
    attempt: spec.attempt,
    partitions,
    get partition() {
      return only("ctx.partition");
    },
    get deps() {
      return inputs.of("dependency", only("ctx.deps"));
    },
    depsOf: (partition) => inputs.of("dependency", partition),
    previous: (partition) => inputs.of("previous", partition) as Readonly<Record<string, Relation<never> | undefined>>,
    selectedOutputs,
    resources,
    config,
    signal: scope.signal,
    log: scope.log,
    scope,
  };
}

export async function readConfig(compute: ComputeDefinition, given: unknown): Promise<unknown> {
  if (!compute.config) return undefined;
  const parsed = await compute.config.safeParseAsync(given ?? {});
  if (parsed.success) return parsed.data;
  throw new IrokoError(
    "CONFIG_INVALID",
    `The config of asset "${compute.name}" does not fit: ${describeIssues(parsed.error)}.`,
    {
      hint: "Correct the job's config, or the config given with the run.",
      place: { subject: `asset "${compute.name}", config` },
    },
  );
}
