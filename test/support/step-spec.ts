import type { InputRecord, PartitionRecord, StepSpec } from "@iroko/core/engine";

/** The day that starts in UTC; steps carry partitions as records. */
export function day(key: string): PartitionRecord {
  const start = Temporal.PlainDate.from(key);
  const at = (date: Temporal.PlainDate): string => `${date.toString()}T00:00:00Z`;
  return { id: at(start), key, window: [at(start), at(start.add({ days: 1 }))] };
}

export const only: PartitionRecord = { id: "", key: "" };

export function stepSpec(spec: Partial<StepSpec> & Pick<StepSpec, "name" | "directory">): StepSpec {
  return {
    runId: "0198c000-0000-7000-8000-000000000000",
    n: 0,
    kind: "materialize",
    assets: [spec.name],
    partitions: [only],
    attempt: 1,
    config: null,
    inputs: {},
    history: {},
    memoryBytes: 256 * 1024 ** 2,
    threads: 1,
    ...spec,
  };
}

/** A file on this machine as a pinned input. */
export function input(role: InputRecord["role"], name: string, asset: string, file: string, rows: number): InputRecord {
  const object = {
    partition: only,
    version: 1,
    file,
    rows,
    bytes: 0,
    schemaHash: "",
    dataVersion: `v-${rows}`,
    metadata: {},
  };
  return { role, name, asset, objects: [object] };
}
