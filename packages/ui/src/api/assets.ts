import {
  formatPartitions,
  IrokoError,
  isEmptySet,
  partitionOf,
  type Metadata,
  type Partition,
  type PartitionSet,
  type SnapshotAsset,
} from "@iroko/core";
import { api, type Asset, type AssetCompute, type AssetStatus as WireStatus } from "@iroko/core/client";
import {
  askMappings,
  assetStanding,
  countAssets,
  explainAsset,
  listCheckResults,
  listEvents,
  listPartitions,
  listVersions,
  purgedAt,
  readMoment,
} from "@iroko/core/engine";
import type { Answer, Sendable } from "../http/answer.ts";
import { pageOf } from "../http/page-of.ts";
import { sliceAfter } from "../http/slice-after.ts";
import { readStatuses, type AssetStatus } from "../model/asset-status.ts";
import { findAsset, findLocation, type CatalogAsset } from "../model/catalog.ts";
import { eventView } from "../model/event-view.ts";
import type { Instance } from "../model/instance.ts";
import { gridOf } from "../model/partition-grid.ts";
import { partitionKey } from "../model/run-view.ts";
import { rollback } from "../model/rollback.ts";
import { selectedAssets } from "../model/selected-assets.ts";
import { readStale } from "../model/stale-view.ts";

export function assetsApi(answer: Answer, instance: Instance): void {
  const { db, now, moment, catalog, standings } = instance;
  const { list, counts, get, grid, staleness, explain, standing, partitions, versions, checks, events } = api.assets;

  answer(list, async (input) => {
    const known = await catalog();
    const at = await moment(known);
    const selected = await selectedAssets(instance, known, input, at);
    return pageOf(list, input, {
      async read(page) {
        const shown = sliceAfter(selected, ({ asset }) => asset.key, page, known.assets.keys());
        const stands = await readStatuses(
          standings.statuses,
          shown.map(({ asset }) => asset),
          at,
        );
        return shown.map((found) => ({ found, status: stands.get(found.asset.key)! }));
      },
      cursor: ({ found }) => found.asset.key,
      item: ({ found, status }) => summary(found, status),
    });
  });

  answer(counts, async (input) => {
    const location = findLocation(await catalog(), input.location);
    const at = await readMoment(db, location.snapshot, now());
    const all = await askMappings({ db, location: location.name }, () =>
      countAssets(db, location.snapshot, input, at, standings),
    );
    return pageOf(counts, input, {
      read: async (page) => sliceAfter(all, ({ asset }) => asset.key, page, location.graph.assets.keys()),
      cursor: ({ asset }) => asset.key,
      item: ({ asset: { key, group, kinds, owners, kind }, ...numbers }) => ({
        key,
        group,
        kinds,
        owners,
        external: kind === "external",
        ...numbers,
      }),
    });
  });

  answer(get, async ({ key }) => {
    const known = await catalog();
    const found = findAsset(known, key);
    const { asset, location } = found;
    const stands = await readStatuses(standings.statuses, [asset], await moment(known));
    const { schema, storage, codeVersion } = asset;
    return {
      ...summary(found, stands.get(key)!),
      schema: schema ?? null,
      storage: storage ?? null,
      codeVersion: codeVersion ?? null,
      partitionsDefinition: asset.partitions,
      compute: computeOf(found),
      checks: [...asset.checks, ...(location.graph.checks.get(key) ?? [])].map(
        ({ name, severity, blocking, description = null }) => ({ name, severity, blocking, description }),
      ),
    };
  });

  answer(grid, async ({ key, ...shown }) => {
    const { asset, location } = findAsset(await catalog(), key);
    const at = await moment();
    const stands = await readStatuses(standings.statuses, [asset], at);
    const { stale } = await readStale(standings, location, asset, at);
    return gridOf(asset, { ...stands.get(key)!, stale }, shown, at);
  });

  answer(staleness, async ({ key }) => {
    const known = await catalog();
    const { asset, location } = findAsset(known, key);
    const { stale, causes } = await readStale(standings, location, asset, await moment(known));
    return { stale: textOf(asset, stale), causes };
  });

  answer(explain, async ({ key, partitions: of }) => {
    const { location } = findAsset(await catalog(), key);
    const target = of === undefined ? key : `${key}@${of}`;
    const at = await readMoment(db, location.snapshot, now());
    return askMappings({ db, location: location.name }, () => explainAsset(db, location, target, at, standings));
  });

  answer(standing, async ({ key, partition }) => {
    const { asset, location } = findAsset(await catalog(), key);
    const at = await readMoment(db, location.snapshot, now());
    const one =
      partition === undefined && asset.partitions.kind !== "none" ? undefined : partitionNamed(asset, partition);
    const [stands, purged] = await Promise.all([
      askMappings({ db, location: location.name }, () => assetStanding(db, location.snapshot, key, at, standings)),
      one === undefined ? undefined : purgedAt(db, key, one.id),
    ]);
    return { partitions: stands, purgedAt: purged ?? null };
  });

  answer(partitions, async (input) => {
    const { asset } = findAsset(await catalog(), input.key);
    const only = input.partition === undefined ? {} : { only: partitionNamed(asset, input.partition).id };
    return pageOf(partitions, input, {
      read: (page) => listPartitions(db, asset.key, { ...page, ...only }),
      cursor: ({ partition }) => partition,
      item: ({ partition, etag: _etag, asset: _asset, definitionHash: _hash, inputs: _inputs, ...row }) => ({
        id: partition,
        key: partitionKey(asset.partitions, partition),
        ...row,
      }),
    });
  });

  answer(versions, async (input) => {
    const { asset } = findAsset(await catalog(), input.key);
    const { id } = partitionNamed(asset, input.partition);
    return pageOf(versions, input, {
      read: ({ limit, after }) =>
        listVersions(db, asset.key, id, limit, after === undefined ? undefined : Number(after)),
      cursor: ({ version }) => version,
      item: ({ etag: _etag, ...version }) => version,
    });
  });

  answer(checks, async (input) => {
    const { asset } = findAsset(await catalog(), input.key);
    const only = input.partition === undefined ? undefined : partitionNamed(asset, input.partition).id;
    return pageOf(checks, input, {
      read: ({ limit, after }) =>
        listCheckResults(db, asset.key, only, { limit, ...(after === undefined ? {} : { after: checkCursor(after) }) }),
      cursor: ({ passed, name, partition }) => JSON.stringify([passed, name, partition]),
      item: ({ asset: _asset, partition, ...result }) => ({
        ...result,
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the check's step wrote it
        metadata: result.metadata as Metadata | null,
        partition: partitionKey(asset.partitions, partition),
      }),
    });
  });

  answer(events, async (input) => {
    const known = await catalog();
    const { asset } = findAsset(known, input.key);
    return pageOf(events, input, {
      read: ({ limit, after }) =>
        listEvents(db, { asset: asset.key }, { limit, ...(after === undefined ? {} : { before: Number(after) }) }),
      cursor: ({ id }) => id,
      item: (event) => eventView(known, event),
    });
  });

  answer(api.assets.rollback, async ({ key, partition, to }) => {
    const found = findAsset(await catalog(), key);
    return rollback(instance, found, partitionNamed(found.asset, partition), to);
  });
}

function summary({ asset, location }: CatalogAsset, status: AssetStatus): Sendable<Asset> {
  const { key, kind, group, kinds, owners, tags, description = null } = asset;
  return {
    key,
    kind,
    group,
    kinds,
    owners,
    tags,
    description,
    location: location.name,
    upstream: location.graph.upstream.get(key) ?? [],
    downstream: location.graph.downstream.get(key) ?? [],
    status: statusView(asset, status),
  };
}

function statusView(asset: SnapshotAsset, status: AssetStatus): Sendable<WireStatus> {
  const { health, sentence, exists, made, missing, failed, running, rows, bytes, lastMadeAt } = status;
  return {
    health,
    sentence,
    partitions: {
      exists: textOf(asset, exists),
      made: textOf(asset, made),
      missing: textOf(asset, missing),
      failed: textOf(asset, failed),
      running: textOf(asset, running),
    },
    rows,
    bytes,
    lastMadeAt,
  };
}

const textOf = ({ partitions }: SnapshotAsset, set: PartitionSet): string | null =>
  isEmptySet(set) ? null : formatPartitions(partitions, set);

function computeOf({ asset, location }: CatalogAsset): AssetCompute | null {
  const compute = asset.compute === undefined ? undefined : location.graph.computes.get(asset.compute);
  if (compute === undefined) return null;
  const { name, outputs, deps, pools, retry, sql, config = null } = compute;
  return {
    name,
    outputs: outputs.map((output) => output.asset),
    deps: deps.map((dep) => ({ name: dep.name, asset: dep.asset, weak: dep.weak })),
    pools,
    retry,
    sql: sql?.text ?? null,
    config,
  };
}

/** @throws {IrokoError} PARTITION_UNSPECIFIED, PARTITION_FORMAT, PARTITION_NOT_FOUND */
export function partitionNamed({ key, partitions }: SnapshotAsset, name: string | undefined): Partition {
  if (name !== undefined || partitions.kind === "none") return partitionOf(partitions, name ?? "");
  throw new IrokoError("PARTITION_UNSPECIFIED", `"${key}" has partitions: say which.`, {
    hint: "Give one's key as partition.",
  });
}

function checkCursor(text: string): { readonly passed: boolean; readonly name: string; readonly partition: string } {
  const [passed, name, partition] = JSON.parse(text) as [boolean, string, string];
  return { passed, name, partition };
}
