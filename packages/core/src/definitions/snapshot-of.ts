import { z } from "zod";
import { envReferences, resolveEnv } from "./env.ts";
import { canonicalJson, sha256, shortHash } from "./hash.ts";
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
  type SnapshotCompute,
  type SnapshotDependency,
} from "./snapshot.ts";
import { identityMapping } from "../partitions/mapping.ts";

/** What the control plane needs of definitions, as data. The same definitions give the same hash, on any machine. */
export function snapshotOf(definitions: Definitions): Snapshot {
  const { computes, externals, checks, jobs, schedules } = definitions;
  const content = {
    format: snapshotFormat as typeof snapshotFormat,
    assets: [...computes.flatMap(madeAssets), ...externals.map(externalOf)].toSorted(byField("key")),
    computes: computes.map(computeOf).toSorted(byField("name")),
    checks: checks.map(assetCheckOf).toSorted(byField("asset", "name")),
    jobs: [...jobs].toSorted(byField("key")),
    schedules: [...schedules].toSorted(byField("key")),
    environment: environmentOf(definitions),
  };
  const json = canonicalJson(content);
  // Read back from the text that was hashed: no undefined, no function, nothing that JSON would change on its way.
  return { ...(JSON.parse(json) as typeof content), hash: sha256(json) };
}

function madeAssets(compute: ComputeDefinition): readonly SnapshotAsset[] {
  const shared = computeFacts(compute);
  return Object.entries(compute.outputs).map(([name, output]) => ({
    ...describe(output),
    kind: "asset",
    partitions: compute.partitions,
    compute: compute.name,
    output: name,
    optional: output.optional,
    observable: false,
    checks: output.checks.map(checkOf),
    codeVersion: compute.codeVersion,
    definitionHash: shortHash(canonicalJson({ ...shared, output: outputFacts(output) })),
  }));
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
  const retention = "retention" in asset ? asset.retention : undefined;
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
    ...(retention === undefined ? {} : { retention }),
  "key" | "group" | "kinds" | "owners" | "tags" | "description" | "renamedFrom" | "schema" | "storage" | "retention"
> {
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

function computeOf(compute: ComputeDefinition): SnapshotCompute {
  const { name, partitions, backfill, retry, pools, readsPrevious, codeVersion, sql } = compute;
  const outputs = Object.entries(compute.outputs);
  const config = configSchema(compute);
  return {
    name,
    outputs: outputs.map(([output, { key, optional }]) => ({ name: output, asset: key, optional })),
    deps: dependenciesOf(compute.deps),
    partitions,
    backfill,
    retry,
    pools,
    readsPrevious,
    codeVersion,
    definitionHash: shortHash(
      canonicalJson({ ...computeFacts(compute), outputs: outputs.map(([, output]) => outputFacts(output)) }),
    ),
    ...(sql === undefined ? {} : { sql }),
    ...(config === undefined ? {} : { config }),
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
function computeFacts(compute: ComputeDefinition): object {
  const { name, partitions, codeVersion, readsPrevious, sql } = compute;
  return {
    name,
    deps: dependenciesOf(compute.deps),
    partitions,
    codeVersion,
    readsPrevious,
    sql: sql === undefined ? undefined : { text: sql.text, metrics: sql.metrics },
    resources: resourceFacts(compute.resources),
    config: configSchema(compute),
  };
}

function outputFacts(output: OutputDefinition): unknown {
  const { key, schema, optional, checks } = output;
  return { key, schema, optional, storage: storageOf(output), checks: checks.map(checkOf) };
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
