import type { PartitionHistory } from "../../definitions/check.ts";
import type { ComputeDefinition, Definitions, OutputDefinition } from "../../definitions/model.ts";
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
  const histories = new Map(outputs.map(([, output]) => [output.key, new RowHistory(spec, output)]));

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

/** Row counts of one asset's partitions, for its checks: those the parent knew of, and those made in this step. */
class RowHistory {
  /** As many as a check asks for. */
  readonly #most: number;
  /** Oldest first; without windows, as they were made. */
  readonly #entries: { readonly start: number; readonly entry: PartitionHistory }[] = [];

  constructor(spec: StepSpec, { key, checks }: OutputDefinition) {
    this.#most = Math.max(0, ...checks.map(({ history }) => history));
    for (const { partition, rows } of spec.history[key] ?? []) this.add(toPartition(partition), rows);
  }

  add(partition: Partition, rows: number): void {
    if (this.#most === 0) return;
    const start = startOf(partition);
    const place = this.#placeOf((other) => other <= start);
    const isMadeAgain = this.#entries[place - 1]?.entry.partition.id === partition.id;
    this.#entries.splice(isMadeAgain ? place - 1 : place, isMadeAgain ? 1 : 0, { start, entry: { partition, rows } });
  }

  /** The last ones before a partition; without windows there is no before, and the last ones made are told. */
  before(partition: Partition): readonly PartitionHistory[] {
    if (this.#most === 0) return [];
    const start = startOf(partition);
    const until = partition.window ? this.#placeOf((other) => other < start) : this.#entries.length;
    return this.#entries.slice(Math.max(0, until - this.#most), until).map(({ entry }) => entry);
  }

  /** Behind the last one that starts so: from the end, since partitions come ascending. */
  #placeOf(isBefore: (start: number) => boolean): number {
    let place = this.#entries.length;
    while (place > 0 && !isBefore(this.#entries[place - 1]!.start)) place -= 1;
    return place;
  }
}

const startOf = ({ window }: Partition): number => window?.start.epochMilliseconds ?? 0;
