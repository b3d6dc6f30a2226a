import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { PartitionHistory } from "../../definitions/check.ts";
import { canonicalJson, sha256 } from "../../definitions/hash.ts";
import type { StepScope } from "../../definitions/io-manager.ts";
import { readProduct, type ReadProduct } from "../../definitions/materialized.ts";
import { toMetadata } from "../../definitions/metadata-values.ts";
import type { Metadata } from "../../definitions/metadata.ts";
import type { ComputeDefinition, MetricsContext, OutputDefinition } from "../../definitions/model.ts";
import { IrokoError } from "../../errors.ts";
import type { Partition } from "../../partitions/partitions-definition.ts";
import type { BuiltOutput, StepMessage, StepSpec } from "../step-protocol.ts";
import { isPlain, missingOutput } from "./answers.ts";
import { blockingFailure, runOutputChecks } from "./output-checks.ts";
import { nameOf, toPartitionRecord } from "./partition-record.ts";
import { contextOf, type ContextParts } from "./step-context.ts";
import { loadAs, type Stored } from "./step-inputs.ts";
import { inUserCode } from "./user-code.ts";

export interface OutputTurn {
  readonly compute: ComputeDefinition;
  readonly name: string;
  readonly output: OutputDefinition;
  readonly partition: Partition;
  /** The step, narrowed to this partition. */
  readonly parts: ContextParts;
  /** Earlier partitions' row counts, oldest first. */
  readonly history: readonly PartitionHistory[];
}

/**
 * One partition of one output: stored, checked, measured. What it throws is not built; outcomes of checks that kept it
 * from being built are told by themselves.
 *
 * @returns undefined for an optional output that was left out
 */
export async function buildOutput(
  turn: OutputTurn,
  value: unknown,
  tell: (message: StepMessage) => void,
): Promise<BuiltOutput | undefined> {
  const { compute, name, output, partition, parts } = turn;
  const started = performance.now();
  const subject = `Asset "${nameOf(output.key, partition)}"`;
  const product = await inUserCode(subject, () => readProduct(value, partition));
  parts.scope.signal.throwIfAborted();
  const built = {
    asset: output.key,
    output: name,
    partition: toPartitionRecord(partition),
    schemaHash: output.schema?.hash ?? "",
    sourceVersions: sourceVersionsOf(compute, product.sourceVersions),
  };
  if (!output.io || !output.schema) {
    if (value === undefined && output.optional) return undefined;
    // An asset of its own may give nothing to store; an output among others that is not named was not made.
    if (value === undefined && !isPlain(compute)) throw missingOutput(compute, name, partition);
    const staged = { rows: 0, bytes: 0, sha256: "", dataVersion: versionOfNothing(turn, product) };
    return { ...built, staged, metadata: product.metadata, checks: [], seconds: secondsSince(started) };
  }
  if (product.data === undefined || product.data === null) {
    if (output.optional) return undefined;
    throw missingOutput(compute, name, partition);
  }
  const stored: Stored = { asset: output.key, schema: output.schema, io: output.io };
  const file = fileFor(parts.spec, stored, partition);
  const slot = { asset: output.key, partition, schema: output.schema, file, scope: parts.scope };
  const { metadata: measured, ...written } = await inUserCode(subject, () => stored.io.stage(product.data, slot));
  parts.scope.signal.throwIfAborted();
  const staged = { ...written, dataVersion: product.dataVersion ?? written.dataVersion };
  const self = loadSelf(stored, partition, file, staged, parts.scope);
  const checks = await checked(turn, stored, self, tell);
  const metrics = await metricsOf(turn, self);
  const metadata = { ...measured, ...product.metadata, ...metrics };
  return { ...built, file, staged, metadata, checks, seconds: secondsSince(started) };
}

/** By asset instead of by dependency. */
function sourceVersionsOf(
  compute: ComputeDefinition,
  versions: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(versions).map(([name, version]) => {
      const dependency = compute.deps[name];
      if (dependency) return [dependency.asset, version];
      throw new IrokoError(
        "OUTPUT_INVALID",
        `"${compute.name}" gave a source version of "${name}", which it does not depend on.`,
        {
          hint: `Its dependencies are ${Object.keys(compute.deps).join(", ") || "none"}.`,
          place: { subject: `asset "${compute.name}"` },
        },
      );
    }),
  );
}

async function checked(
  { output, partition, parts, name, history }: OutputTurn,
  stored: Stored,
  self: () => ReturnType<typeof loadAs>,
  tell: (message: StepMessage) => void,
): Promise<BuiltOutput["checks"]> {
  if (output.checks.length === 0) return [];
  const context = contextOf(parts);
  const ran = await runOutputChecks(
    output.checks,
    {
      asset: output.key,
      partition,
      schema: stored.schema,
      self: await self(),
      deps: context.deps as never,
      previous: context.previous(partition)[name],
      scope: parts.scope,
    },
    history,
  );
  parts.scope.signal.throwIfAborted();
  const records = ran.map(({ record }) => record);
  const failure = blockingFailure(ran);
  if (!failure) return records;
  for (const check of records) tell({ type: "checked", check });
  throw failure;
}

async function metricsOf(
  { compute, output, name, partition, parts }: OutputTurn,
  self: () => ReturnType<typeof loadAs>,
): Promise<Metadata> {
  if (!compute.metrics) return {};
  const relation = await self();
  // The getters of the step's context throw or compute: they are kept as they are, not spread.
  const context = Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(contextOf(parts)),
      output: { value: name, enumerable: true },
      self: { value: relation, enumerable: true },
    },
  ) as MetricsContext;
  const metrics = await inUserCode(`Metrics of asset "${nameOf(output.key, partition)}"`, () =>
    compute.metrics!(context),
  );
  return toMetadata(metrics);
}

/** The staged file as a relation; loaded by the first check or metric that wants it. */
function loadSelf(
  stored: Stored,
  partition: Partition,
  file: string,
  staged: BuiltOutput["staged"],
  scope: StepScope,
): () => ReturnType<typeof loadAs> {
  const { rows, bytes, dataVersion } = staged;
  const object = {
    partition,
    version: 0,
    file,
    rows,
    bytes,
    schemaHash: stored.schema.hash,
    dataVersion,
    metadata: {},
  };
  let loaded: ReturnType<typeof loadAs> | undefined;
  return () => (loaded ??= loadAs(stored, "self", [object], scope));
}

/** Of an asset that stores nothing: what was given, else what it was made from. */
function versionOfNothing({ compute, output, partition, parts }: OutputTurn, product: ReadProduct): string {
  if (product.data !== undefined) {
    throw new IrokoError("OUTPUT_INVALID", `Asset "${output.key}" stores nothing, and gave data.`, {
      hint: "Give it a schema and an output to store the data, or return only { metadata, dataVersion }.",
      place: { subject: `asset "${output.key}"` },
    });
  }
  // Weak dependencies make nothing stale, so they do not change the version either.
  const read = parts.inputs.dataVersions(partition).filter(({ name }) => compute.deps[name]?.weak === false);
  return product.dataVersion ?? sha256(canonicalJson([compute.codeVersion, read]));
}

/** Its name tells outputs and partitions of the step apart, and attempts: a built file of an earlier one may wait there. */
function fileFor(spec: StepSpec, { asset, io }: Stored, partition: Partition): string {
  const folder = join(spec.directory, "out");
  mkdirSync(folder, { recursive: true });
  const index = spec.partitions.findIndex(({ id }) => id === partition.id);
  return join(folder, `${encodeURIComponent(asset)}-${spec.attempt}-${index}${io.extension}`);
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}
