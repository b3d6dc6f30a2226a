/** What `materialize` gave, taken apart: for each output and partition its own value. */
import { isByPartition } from "../../definitions/by-partition.ts";
import type { ComputeDefinition } from "../../definitions/model.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { IrokoError } from "../../errors.ts";
import type { Partition } from "../../partitions/partitions-definition.ts";

/** What was given for one output, when its turn comes; undefined where nothing was. */
export type ValueOf = (output: string) => Promise<unknown>;

/**
 * The values of one partition, by output name. Asked in the partitions' order; `byPartition` functions run here, and
 * those of single outputs when the output's turn comes.
 *
 * @param count of the step's partitions
 * @throws {IrokoError} OUTPUT_MISSING, OUTPUT_UNKNOWN, and PARTITIONS_MIXED when the turn comes
 */
export async function valuesFor(
  compute: ComputeDefinition,
  answer: unknown,
  partition: Partition,
  count: number,
): Promise<ValueOf> {
  const given = await (isByPartition(answer) ? answer.of(partition) : answer);
  const values = isPlain(compute) ? { self: given } : namedValues(compute, given);
  // Promises of later outputs may fail before their turn: that is looked at then.
  for (const value of Object.values(values)) if (value instanceof Promise) value.catch(() => {});
  return async (output) => {
    const value = await values[output];
    if (!isByPartition(answer)) refuseShared(compute, output, value, count);
    return value;
  };
}

/** A plain asset: its one output is "self", and its answer needs no name. */
export function isPlain(compute: ComputeDefinition): boolean {
  const names = Object.keys(compute.outputs);
  return names.length === 1 && names[0] === "self";
}

export function missingOutput(compute: ComputeDefinition, output: string, partition: Partition): IrokoError {
  const of = partition.key === "" ? "" : ` for partition "${partition.key}"`;
  const what = isPlain(compute)
    ? `Asset "${compute.name}" gave nothing`
    : `"${compute.name}" gave nothing for its output "${output}"`;
  return new IrokoError("OUTPUT_MISSING", `${what}${of}.`, {
    hint: isPlain(compute)
      ? "Return its rows or a relation from materialize; an empty array is an empty partition."
      : `Return { ${output}: … } with the other outputs, or mark it \`optional: true\`.`,
    place: { subject: `asset "${compute.name}"` },
  });
}

function namedValues(compute: ComputeDefinition, value: unknown): Readonly<Record<string, unknown>> {
  const names = Object.keys(compute.outputs);
  if (!isPlainObject(value)) {
    throw new IrokoError(
      "OUTPUT_MISSING",
      `"${compute.name}" has the outputs ${names.join(", ")}, and gave one value without a name.`,
      {
        hint: `Return an object of values by output name: { ${names.map((name) => `${name}: …`).join(", ")} }.`,
        place: { subject: `asset "${compute.name}"` },
      },
    );
  }
  for (const name of Object.keys(value)) {
    if (names.includes(name)) continue;
    throw new IrokoError(
      "OUTPUT_UNKNOWN",
      `"${compute.name}" gave a value for "${name}", which is none of its outputs.`,
      {
        hint: didYouMeanHint(name, names, "outputs"),
        place: { subject: `asset "${compute.name}"` },
      },
    );
  }
  return value;
}

/** One value cannot be the data of many partitions; that there is nothing to store can be said once for all. */
function refuseShared(compute: ComputeDefinition, output: string, value: unknown, count: number): void {
  if (count === 1 || value === undefined || isByPartition(value) || !compute.outputs[output]?.io) return;
  const whose = isPlain(compute) ? `Asset "${compute.name}"` : `Output "${output}" of "${compute.name}"`;
  throw new IrokoError("PARTITIONS_MIXED", `${whose} gave one value in a step of ${count} partitions.`, {
    hint: "Return byPartition((partition) => …): it is asked for each partition in turn.",
    place: { subject: `asset "${compute.name}"` },
  });
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || isByPartition(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
