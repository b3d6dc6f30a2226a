import type { PartitionHistory } from "../../definitions/check.ts";
import type { ComputeDefinition, Definitions } from "../../definitions/model.ts";
import type { Partition } from "../../partitions/partitions-definition.ts";
import type { StepMessage, StepSpec } from "../step-protocol.ts";
import { valuesFor } from "./answers.ts";
import { buildOutput } from "./build-output.ts";
import { lendResources } from "./lent-resources.ts";
import { toPartition } from "./partition-record.ts";
import { contextOf, readConfig, type ContextParts } from "./step-context.ts";
import { loadInputs } from "./step-inputs.ts";
import type { StepScope } from "../../definitions/io-manager.ts";
import { inUserCode } from "./user-code.ts";

/** Makes the step's partitions in order, all outputs of one before the next: the good ones stand when a later one fails. */
export async function materializeStep(
  definitions: Definitions,
  compute: ComputeDefinition,
  spec: StepSpec,
  tell: (message: StepMessage) => void,
  scope: StepScope,
): Promise<void> {
  const partitions = spec.partitions.map(toPartition);
  const outputs = Object.entries(compute.outputs).filter(([, output]) => spec.assets.includes(output.key));
  const subject = `Asset "${compute.name}"`;
  const parts: ContextParts = {
    spec,
    subject,
    partitions,
    selectedOutputs: new Set(outputs.map(([name]) => name)),
    config: await readConfig(compute, spec.config),
    inputs: await loadInputs(
      definitions,
      spec,
      {
        dependency: Object.fromEntries(Object.entries(compute.deps).map(([name, { asset }]) => [name, asset])),
        previous: Object.fromEntries(Object.entries(compute.outputs).map(([name, { key }]) => [name, key])),
      },
      scope,
    ),
    resources: await lendResources(compute.resources, scope),
    scope,
  };
  const histories = new Map(outputs.map(([, { key }]) => [key, new RowHistory(spec, key)]));

  const answer = await inUserCode(subject, () => compute.materialize(contextOf(parts)));
  for (const partition of partitions) {
    scope.signal.throwIfAborted();
    const valueOf = await inUserCode(subject, () => valuesFor(compute, answer, partition, partitions.length));
    for (const [name, output] of outputs) {
      const history = histories.get(output.key)!;
      const turn = {
        compute,
        name,
        output,
        partition,
        parts: { ...parts, partitions: [partition] },
        history: history.before(partition),
      };
      const built = await buildOutput(turn, await inUserCode(subject, () => valueOf(name)), tell);
      if (!built) continue;
      tell({ type: "built", output: built });
      history.add(partition, built.staged.rows);
    }
  }
}

/** Row counts of one asset's partitions: those the parent knew of, and those made in this step. */
class RowHistory {
  readonly #rows = new Map<string, PartitionHistory>();

  constructor(spec: StepSpec, asset: string) {
    for (const { partition, rows } of spec.history[asset] ?? []) this.add(toPartition(partition), rows);
  }

  add(partition: Partition, rows: number): void {
    this.#rows.set(partition.id, { partition, rows });
  }

  /** Oldest first; without windows there is no before, and all the others are told. */
  before({ id, window }: Partition): readonly PartitionHistory[] {
    const others = [...this.#rows.values()].filter(({ partition }) => partition.id !== id);
    if (!window) return others;
    const startOf = ({ partition }: PartitionHistory): number => partition.window?.start.epochMilliseconds ?? 0;
    return others
      .filter((entry) => startOf(entry) < window.start.epochMilliseconds)
      .toSorted((a, b) => startOf(a) - startOf(b));
  }
}
