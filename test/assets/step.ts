/** A step to run asset code in: a real scope, real files, a real DuckDB. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  readSchema,
  type IoManager,
  type OutputSlot,
  type Partition,
  type PartitionId,
  type PinnedObject,
  type Relation,
  type Staged,
  type StepScope,
  type TableSchema,
} from "../../packages/core/src/index.ts";
import type { z } from "zod";

export interface TestStep {
  readonly scope: StepScope;
  readonly directory: string;
  abort(reason?: Error): void;
  slot(schema: TableSchema, options?: { readonly asset?: string; readonly partition?: Partition }): OutputSlot;
  /** Stages a value and gives the object that a reader would pin. */
  stage(io: IoManager, value: unknown, slot: OutputSlot): Promise<PinnedObject & { readonly staged: Staged }>;
  load(io: IoManager, name: string, schema: TableSchema, objects: readonly PinnedObject[]): Promise<Relation<never>>;
}

export function step(t: TestContext, { memoryBytes = 600 * 2 ** 20, threads = 2, folder = "step" } = {}): TestStep {
  const root = mkdtempSync(join(tmpdir(), "iroko-test-"));
  const directory = mkdtempSync(join(root, folder));
  const controller = new AbortController();
  const closers: (() => void | Promise<void>)[] = [];
  const silent = () => undefined;
  const scope: StepScope = {
    directory,
    memoryBytes,
    threads,
    signal: controller.signal,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    onClose: (close) => void closers.push(close),
  };
  t.after(async () => {
    for (const close of closers.toReversed()) await close();
    rmSync(root, { recursive: true });
  });
  let files = 0;
  return {
    scope,
    directory,
    abort: (reason) => controller.abort(reason),
    slot: (schema, { asset = "things", partition = whole } = {}) => ({
      asset,
      partition,
      schema,
      file: join(directory, `${(files += 1)}-${encodeURIComponent(partition.key)}.parquet`),
      scope,
    }),
    stage: async (io, value, slot) => {
      const staged = await io.stage(value, slot);
      return { ...pinned(slot, staged), staged };
    },
    load: async (io, name, schema, objects) =>
      (await io.load({ name, asset: name, schema, objects, scope })) as Relation<never>,
  };
}

function pinned(slot: OutputSlot, staged: Staged): PinnedObject {
  const { rows, bytes, dataVersion } = staged;
  return {
    partition: slot.partition,
    version: 1,
    file: slot.file,
    rows,
    bytes,
    dataVersion,
    schemaHash: slot.schema.hash,
    metadata: staged.metadata ?? {},
  };
}

export const whole: Partition = { id: "" as PartitionId, key: "" };

/** A day in Lagos. */
export function day(key: string): Partition & { readonly window: NonNullable<Partition["window"]> } {
  const start = Temporal.PlainDate.from(key).toZonedDateTime("Africa/Lagos");
  const window = { start: start.toInstant(), end: start.add({ days: 1 }).toInstant() };
  return { id: window.start.toString() as PartitionId, key, window };
}

export function tableOf(object: z.ZodObject): TableSchema {
  const { schema, problems } = readSchema(object);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join(" "));
  return schema;
}

export async function rowsOf<Row>(relation: Relation<Row>): Promise<Row[]> {
  return await Array.fromAsync(relation.rows());
}
