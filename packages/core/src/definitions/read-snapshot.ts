import { z } from "zod";
import { IrokoError } from "../errors.ts";
import { transformations } from "./column-lineage.ts";
import { snapshotFormat, type Snapshot } from "./snapshot.ts";

/**
 * A snapshot out of JSON, as a deploy sends it or the database holds it.
 *
 * @throws {IrokoError} SNAPSHOT_INVALID when it was made by a newer Iroko, or is none
 */
export function readSnapshot(json: unknown): Snapshot {
  const format = z.object({ format: z.int() }).safeParse(json);
  if (format.success && format.data.format !== snapshotFormat) {
    throw new IrokoError(
      "SNAPSHOT_INVALID",
      `The snapshot has format ${format.data.format}; this Iroko reads format ${snapshotFormat}.`,
      {
        hint:
          format.data.format > snapshotFormat
            ? "Install the newer Iroko that made it."
            : "Register the definitions again: iroko deploy.",
      },
    );
  }
  const parsed = snapshotSchema.safeParse(json);
  // JSON has no undefined: a description that is not there reads as one all the same.
  if (parsed.success) return parsed.data as Snapshot;
  const [issue] = parsed.error.issues;
  throw new IrokoError(
    "SNAPSHOT_INVALID",
    `This is no snapshot: ${issue!.path.join(".") || "its root"}: ${issue!.message}.`,
    {
      hint: "Register the definitions again: iroko deploy.",
    },
  );
}

const strings = z.array(z.string());
const stringMap = z.record(z.string(), z.string());

const dimensionPartitions = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("time"),
    cadence: z.enum(["hour", "day", "week", "month", "cron"]),
    start: z.string(),
    end: z.string().exactOptional(),
    timezone: z.string(),
    format: z.string(),
    cron: z.string(),
    endOffset: z.int(),
    exclusions: strings.exactOptional(),
  }),
  z.object({ kind: z.literal("fixed"), keys: strings }),
  z.object({ kind: z.literal("dynamic"), name: z.string() }),
]);

const partitions = z.discriminatedUnion("kind", [
  dimensionPartitions,
  z.object({
    kind: z.literal("multi"),
    dimensions: z.array(z.object({ name: z.string(), partitions: dimensionPartitions })),
  }),
  z.object({ kind: z.literal("none") }),
]);

const dimensionMapping = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("identity") }),
  z.object({ kind: z.literal("all") }),
  z.object({ kind: z.literal("last") }),
  z.object({ kind: z.literal("specific"), keys: strings }),
  z.object({ kind: z.literal("static"), upstreamByDownstream: z.record(z.string(), strings) }),
  z.object({ kind: z.literal("timeWindow"), startOffset: z.int(), endOffset: z.int(), allowNonexistent: z.boolean() }),
]);

const mapping = z.discriminatedUnion("kind", [
  dimensionMapping,
  z.object({
    kind: z.literal("multiToSingle"),
    dimension: z.string().exactOptional(),
    mapping: dimensionMapping.exactOptional(),
  }),
  z.object({ kind: z.literal("custom"), hash: z.string(), subject: z.string() }),
  z.object({
    kind: z.literal("multi"),
    dimensions: z.record(z.string(), z.object({ dimension: z.string(), mapping: dimensionMapping })),
  }),
]);

const dependency = z.object({ name: z.string(), asset: z.string(), mapping, weak: z.boolean() });

const backfill = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("perPartition") }),
  z.object({ kind: z.literal("batches"), size: z.int() }),
  z.object({ kind: z.literal("range") }),
]);

const retry = z.object({
  maxRetries: z.int(),
  backoff: z.enum(["constant", "linear", "exponential"]),
  baseSeconds: z.number(),
  capSeconds: z.number(),
  jitter: z.enum(["none", "full", "equal", "decorrelated"]),
  retryOn: z.union([z.literal("transient"), strings]),
});

const columnType = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("text") }),
  z.object({ kind: z.literal("boolean") }),
  z.object({
    kind: z.literal("integer"),
    bits: z.union([z.literal(8), z.literal(16), z.literal(32), z.literal(64)]),
    as: z.literal("bigint").exactOptional(),
  }),
  z.object({ kind: z.literal("float"), bits: z.union([z.literal(32), z.literal(64)]) }),
  z.object({ kind: z.literal("decimal"), precision: z.int(), scale: z.int() }),
  z.object({ kind: z.literal("timestamp") }),
  z.object({ kind: z.literal("date") }),
  z.object({ kind: z.literal("json") }),
  z.object({ kind: z.literal("bytes") }),
]);

const bound = z.object({ value: z.string(), inclusive: z.boolean() });

const schema = z.object({
  columns: z.array(
    z.object({
      name: z.string(),
      type: columnType,
      nullable: z.boolean(),
      sensitive: z.boolean(),
      description: z.string().exactOptional(),
      enum: strings.exactOptional(),
      minimum: bound.exactOptional(),
      maximum: bound.exactOptional(),
      minLength: z.int().exactOptional(),
      maxLength: z.int().exactOptional(),
      pattern: z.string().exactOptional(),
    }),
  ),
  hash: z.string(),
});

const severity = z.enum(["error", "warn"]);

const check = z.object({
  name: z.string(),
  kind: z.string(),
  description: z.string().exactOptional(),
  severity,
  blocking: z.boolean(),
  columns: strings,
  history: z.int(),
  sql: z.string().exactOptional(),
});

const asset = z.object({
  key: z.string(),
  kind: z.enum(["asset", "external"]),
  group: z.string(),
  kinds: strings,
  owners: strings,
  tags: stringMap,
  description: z.string().exactOptional(),
  renamedFrom: z.string().exactOptional(),
  partitions,
  compute: z.string().exactOptional(),
  output: z.string().exactOptional(),
  optional: z.boolean(),
  observable: z.boolean(),
  schema: schema.exactOptional(),
  storage: z.object({ kind: z.string(), path: z.string(), extension: z.string() }).exactOptional(),
  retention: z.object({ versions: z.int().exactOptional(), days: z.number().exactOptional() }).exactOptional(),
  checks: z.array(check),
  columnLineage: z
    .array(
      z.object({
        column: z.string(),
        from: z.array(z.object({ asset: z.string(), column: z.string().nullable() })),
        transformation: z.enum(transformations).exactOptional(),
        description: z.string().exactOptional(),
      }),
    )
    .exactOptional(),
  codeVersion: z.string().exactOptional(),
  definitionHash: z.string(),
  compares: z.array(dependency).exactOptional(),
});

const compute = z.object({
  name: z.string(),
  outputs: z.array(z.object({ name: z.string(), asset: z.string(), optional: z.boolean() })),
  deps: z.array(dependency),
  partitions,
  backfill,
  retry,
  timeoutSeconds: z.number().exactOptional(),
  pools: strings,
  readsPrevious: z.boolean(),
  codeVersion: z.string(),
  definitionHash: z.string(),
  sql: z
    .object({ text: z.string(), file: z.string().exactOptional(), metrics: z.string().exactOptional() })
    .exactOptional(),
  config: z.unknown().exactOptional(),
});

const assetCheck = z.object({
  asset: z.string(),
  name: z.string(),
  description: z.string().exactOptional(),
  blocking: z.boolean(),
  severity,
  deps: z.array(dependency),
  partitions,
  retry,
  codeVersion: z.string(),
  definitionHash: z.string(),
});

const job = z.object({
  key: z.string(),
  select: z.string(),
  description: z.string().optional(),
  config: z.record(z.string(), z.json()),
  tags: stringMap,
  priority: z.int(),
  maxConcurrency: z.int().positive().optional(),
});

const schedule = z.object({
  key: z.string(),
  job: z.string(),
  cron: z.string(),
  timezone: z.string(),
  partitions: z.enum(["endedSinceLastTick", "latest"]),
  catchUp: z.enum(["merge", "each", "skip"]),
  enabled: z.boolean(),
  maxConcurrency: z.int().positive().optional(),
  description: z.string().optional(),
});

const snapshotSchema = z.object({
  format: z.literal(snapshotFormat),
  hash: z.string(),
  assets: z.array(asset),
  computes: z.array(compute),
  checks: z.array(assetCheck),
  jobs: z.array(job),
  schedules: z.array(schedule),
  environment: strings,
});
