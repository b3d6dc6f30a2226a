import { formatPartitions, isEmptySet, type PartitionSet, type SnapshotAsset } from "@iroko/core";
import { listCheckResults } from "@iroko/core/engine";
import { Hono } from "hono";
import { readQuery } from "../http/input.ts";
import { readStatuses, type AssetStatus } from "../model/asset-status.ts";
import { findAsset, type CatalogAsset } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";
import { partitionKey } from "../model/run-view.ts";
import { selectedAssets, selectionQuery } from "../model/selected-assets.ts";

/** GET /assets?select=TEXT, /assets/:key, /assets/:key/checks */
export function assetsApi({ db, moment, catalog }: Instance): Hono {
  return new Hono()
    .get("/assets", async (c) => {
      const assets = await selectedAssets(db, await catalog(), readQuery(c, selectionQuery), await moment());
      const definitions = assets.map(({ asset }) => asset);
      const statuses = await readStatuses(db, definitions, await moment());
      return c.json({ assets: assets.map((each) => summary(each, statuses.get(each.asset.key)!)) });
    })
    .get("/assets/:key", async (c) => {
      const found = findAsset(await catalog(), c.req.param("key"));
      const { asset, location } = found;
      const statuses = await readStatuses(db, [asset], await moment());
      const { schema, checks, storage, codeVersion, partitions } = asset;
      return c.json({
        ...summary(found, statuses.get(asset.key)!),
        schema: schema ?? null,
        storage: storage ?? null,
        codeVersion: codeVersion ?? null,
        partitionsDefinition: partitions,
        checks: [
          ...checks.map(({ name, severity, blocking, description }) => ({ name, severity, blocking, description })),
          ...(location.graph.checks.get(asset.key) ?? []).map(({ name, severity, blocking, description }) => ({
            name,
            severity,
            blocking,
            description,
          })),
        ],
      });
    })
    .get("/assets/:key/checks", async (c) => {
      const { asset } = findAsset(await catalog(), c.req.param("key"));
      const results = await listCheckResults(db, asset.key);
      return c.json({
        checks: results.map(({ partition, ...result }) => ({
          ...result,
          partition: partitionKey(asset.partitions, partition),
        })),
      });
    });
}

function summary({ asset, location }: CatalogAsset, status: AssetStatus): Record<string, unknown> {
  const { key, kind, group, kinds, owners, tags, description } = asset;
  return {
    key,
    kind,
    group,
    kinds,
    owners,
    tags,
    description: description ?? null,
    location: location.name,
    upstream: location.graph.upstream.get(key) ?? [],
    downstream: location.graph.downstream.get(key) ?? [],
    status: statusJson(asset, status),
  };
}

/** Sets in the text form; null where there is none. */
function statusJson({ partitions }: SnapshotAsset, status: AssetStatus): Record<string, unknown> {
  const { health, sentence, exists, made, missing, failed, running, rows, bytes, lastMadeAt } = status;
  const text = (set: PartitionSet): string | null => (isEmptySet(set) ? null : formatPartitions(partitions, set));
  return {
    health,
    sentence,
    partitions: {
      exists: text(exists),
      made: text(made),
      missing: text(missing),
      failed: text(failed),
      running: text(running),
    },
    rows,
    bytes,
    lastMadeAt,
  };
}
