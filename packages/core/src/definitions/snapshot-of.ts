import { z } from "zod";
import { readField } from "./column-lineage.ts";
import { envReferences, resolveEnv } from "./env.ts";
import { canonicalCopy, canonicalJson, sha256, shortHash } from "./hash.ts";
import type {
  AssetCheckDefinition,
  ComputeDefinition,
  Definitions,
  DependencyDefinition,
  ExternalAssetDefinition,
  OutputDefinition,
  ResourceDefinition,
} from "./model.ts";
import {
  snapshotFormat,
  type Snapshot,
  type SnapshotAsset,
  type SnapshotAssetCheck,
  type SnapshotCheck,
  type SnapshotColumnLineage,
  type SnapshotCompute,
  type SnapshotDependency,
} from "./snapshot.ts";
import { identityMapping } from "../partitions/mapping.ts";

/** What the control plane needs of definitions, as data. The same definitions give the same hash, on any machine. */
export function snapshotOf(definitions: Definitions): Snapshot {
  const { computes, externals, checks, jobs, schedules } = definitions;
  const copies = new Map<object, unknown>();
  const made = computes.map((compute) => computeOf(compute, copies));
  const content = {
    format: snapshotFormat as typeof snapshotFormat,
    assets: [...made.flatMap(({ assets }) => assets), ...externals.map(externalOf)].toSorted(byField("key")),
    computes: made.map(({ compute }) => compute).toSorted(byField("name")),
    checks: checks.map(assetCheckOf).toSorted(byField("asset", "name")),
    jobs: [...jobs].toSorted(byField("key")),
    schedules: [...schedules].toSorted(byField("key")),
    environment: environmentOf(definitions),
  };
  // As it reads back from the text that is hashed: no undefined, no function, nothing that JSON changes on its way.
  const copy = canonicalCopy(content, copies) as typeof content;
  return { ...copy, hash: sha256(JSON.stringify(copy)) };
}

function externalOf(external: ExternalAssetDefinition): SnapshotAsset {
  const compares = Object.entries(external.compares()).map(([name, asset]): SnapshotDependency => ({
    name,
    asset,
    mapping: identityMapping,
    weak: true,
  }));
  const { partitions, resources } = external;
  const facts = {
    partitions,
    compares,
    schema: external.schema,
    storage: storageOf(external),
    resources: resourceFacts(resources),
  };
  return {
    ...describe(external),
    kind: "external",
    partitions,
    optional: false,
    observable: "observe" in external,
    checks: [],
    definitionHash: shortHash(canonicalJson(facts)),
    ...(compares.length === 0 ? {} : { compares }),
  };
}

function describe(
  asset: OutputDefinition | ExternalAssetDefinition,
): Pick<
  SnapshotAsset,
  "key" | "group" | "kinds" | "owners" | "tags" | "description" | "renamedFrom" | "schema" | "storage" | "retention"
> {
  const retention = "retention" in asset ? asset.retention : undefined;
  const { key, group, kinds, owners, tags, description, renamedFrom, schema } = asset;
  const storage = storageOf(asset);
  return {
    key,
    group,
    kinds,
    owners,
    tags,
    ...(description === undefined ? {} : { description }),
    ...(renamedFrom === undefined ? {} : { renamedFrom }),
    ...(schema === undefined ? {} : { schema }),
    ...(storage === undefined ? {} : { storage }),
    ...(retention === undefined ? {} : { retention }),
  };
}

function storageOf({ io }: OutputDefinition | ExternalAssetDefinition): SnapshotAsset["storage"] {
  return io === undefined ? undefined : { kind: io.kind, path: io.path, extension: io.extension };
}

function checkOf({
  name,
  kind,
  description,
  severity,
  blocking,
  columns,
  history,
  sql,
}: OutputDefinition["checks"][number]): SnapshotCheck {
  return {
    name,
    kind,
    ...(description === undefined ? {} : { description }),
    severity,
    blocking,
    columns,
    history,
    ...(sql === undefined ? {} : { sql }),
  };
}

/**
 * A compute and the assets that it makes; they share what decides how it runs.
 *
 * @param copies of what stands in several places: added to, so that each is put in order once
 */
function computeOf(
  definition: ComputeDefinition,
  copies: Map<object, unknown>,
): {
  readonly compute: SnapshotCompute;
  readonly assets: readonly SnapshotAsset[];
} {
  const { name, partitions, backfill, retry, timeoutSeconds, pools, readsPrevious, codeVersion, sql } = definition;
  const outputs = Object.entries(definition.outputs);
  const config = configSchema(definition);
  const deps = dependenciesOf(definition.deps);
  const described = outputs.map(([, output]) => ({ ...describe(output), checks: output.checks.map(checkOf) }));
  const repeated = [partitions, deps, ...described.flatMap(({ schema, checks }) => [schema ?? [], checks])];
  for (const part of repeated) if (!copies.has(part)) copies.set(part, canonicalCopy(part));
  const shared = canonicalJson(computeFacts(definition, deps, config), copies);
  const facts = outputs.map(([, output], at) => canonicalJson(outputFacts(output, described[at]!), copies));
  const definitionHash = shortHash(shared + facts.join(""));
  return {
    compute: {
      name,
      outputs: outputs.map(([output, { key, optional }]) => ({ name: output, asset: key, optional })),
      deps,
      partitions,
      backfill,
      retry,
      pools,
      readsPrevious,
      codeVersion,
      definitionHash,
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      ...(sql === undefined ? {} : { sql }),
      ...(config === undefined ? {} : { config }),
    },
    assets: outputs.map(([output, { optional }], at) => ({
      ...described[at]!,
      kind: "asset",
      partitions,
      compute: name,
      output,
      optional,
      observable: false,
      ...columnLineageOf(outputs[at]![1], definition.deps),
      codeVersion,
      definitionHash: outputs.length === 1 ? definitionHash : shortHash(shared + facts[at]!),
    })),
  };
}

/** With the assets behind the names of dependencies; `define()` has refused what is none. */
function columnLineageOf(
  { key, columnLineage }: OutputDefinition,
  deps: ComputeDefinition["deps"],
): Pick<SnapshotAsset, "columnLineage"> {
  if (columnLineage === undefined) return {};
  const names = [...Object.keys(deps), "previous"];
  return {
    columnLineage: Object.entries(columnLineage).map(
      ([column, { inputFields, transformation, description }]): SnapshotColumnLineage => ({
        column,
        from: inputFields.map((field) => {
          const { name, column: of } = readField(field, names)!;
          return { asset: name === "previous" ? key : deps[name]!.asset, column: of };
        }),
        ...(transformation === undefined ? {} : { transformation }),
        ...(description === undefined ? {} : { description }),
      }),
    ),
  };
}

function assetCheckOf(check: AssetCheckDefinition): SnapshotAssetCheck {
  const { asset, name, description, blocking, severity, partitions, retry, codeVersion } = check;
  const deps = dependenciesOf(check.deps);
  return {
    asset,
    name,
    ...(description === undefined ? {} : { description }),
    blocking,
    severity,
    deps,
    partitions,
    retry,
    codeVersion,
    definitionHash: shortHash(
      canonicalJson({ deps, partitions, codeVersion, resources: resourceFacts(check.resources) }),
    ),
  };
}

/** `define()` has written every mapping out. */
function dependenciesOf(deps: Readonly<Record<string, DependencyDefinition>>): readonly SnapshotDependency[] {
  return Object.entries(deps).map(([name, { asset, mapping = identityMapping, weak }]) => ({
    name,
    asset,
    mapping,
    weak,
  }));
}

/** What decides how a compute runs: a worker that has the same may run a step planned with this. */
function computeFacts(
  { name, partitions, codeVersion, readsPrevious, sql, resources }: ComputeDefinition,
  deps: readonly SnapshotDependency[],
  config: unknown,
): object {
  return {
    name,
    deps,
    partitions,
    codeVersion,
    readsPrevious,
    sql: sql === undefined ? undefined : { text: sql.text, metrics: sql.metrics },
    resources: resourceFacts(resources),
    config,
  };
}

function outputFacts(
  { optional }: OutputDefinition,
  { key, schema, storage, checks }: Pick<SnapshotAsset, "key" | "schema" | "storage" | "checks">,
): unknown {
  return { key, schema, optional, storage, checks };
}

/** References by name: a value of the environment changes nothing here. */
function resourceFacts(resources: Readonly<Record<string, ResourceDefinition>>): unknown {
  return Object.entries(resources).map(([name, { key, values }]) => ({
    name,
    key,
    values: resolveEnv(values, ({ name: variable, default: value }) => ({ env: variable, default: value })),
  }));
}

function environmentOf({ computes, externals, checks }: Definitions): readonly string[] {
  const resources = [...computes, ...externals, ...checks].flatMap((definition) => Object.values(definition.resources));
  return [
    ...new Set(resources.flatMap(({ values }) => envReferences(values).map(({ reference }) => reference.name))),
  ].toSorted();
}

function configSchema({ config }: ComputeDefinition): unknown {
  // "any": what JSON schema cannot say is left open; the worker parses with zod itself.
  return config === undefined ? undefined : z.toJSONSchema(config, { io: "input", unrepresentable: "any" });
}

function byField<Field extends string>(
  ...fields: readonly Field[]
): (a: Readonly<Record<Field, string>>, b: Readonly<Record<Field, string>>) => number {
  return (a, b) => {
    const field = fields.find((name) => a[name] !== b[name]);
    return field === undefined ? 0 : a[field] < b[field] ? -1 : 1;
  };
}
