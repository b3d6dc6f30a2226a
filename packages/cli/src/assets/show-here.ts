/** One asset of a project's own instance, with what only the store can tell: where its files are, and what is in them. */
import { dataReader, footerOf, objectCache, readRows, type ShownRow } from "@iroko/assets";
import { assetColumns, assetGraph, assetOf, IrokoError, partitionOf, type SnapshotAsset } from "@iroko/core";
import { api } from "@iroko/core/client";
import {
  assetStanding,
  listCheckResults,
  listPartitions,
  listVersions,
  purgedAt,
  readMoment,
  type Store,
} from "@iroko/core/engine";
import { join } from "node:path";
import { allTold, asTold } from "../remote/as-told.ts";
import { partitionKey, publishedUri } from "../runs/published.ts";
import type { Session } from "../session.ts";
import { factsOf, hasNoRows, type AssetFacts, type AssetQuestion } from "./asset-facts.ts";

/** @throws {IrokoError} ASSET_NOT_FOUND, PARTITION_FORMAT, PARTITION_NOT_FOUND, what the store throws */
export async function showHere(session: Session, question: AssetQuestion): Promise<AssetFacts> {
  const { db, location } = session;
  const { snapshot } = location;
  const graph = assetGraph(snapshot);
  const asset = assetOf(graph, question.key);
  const { key } = asset;
  const id = question.partition === undefined ? undefined : partitionOf(asset.partitions, question.partition).id;
  const one = id ?? (asset.partitions.kind === "none" ? "" : undefined);
  const now = await readMoment(db, snapshot, Temporal.Now.instant());
  const [columnLineage, stands, records, checks, store, kept, purged] = await Promise.all([
    assetColumns(graph, asset, (queries) => dataReader().columnLineage(queries)),
    session.asking(() => assetStanding(db, snapshot, key, now)),
    listPartitions(db, key, { limit: question.versions, ...(id === undefined ? {} : { only: id }) }),
    listCheckResults(db, key, id),
    session.store(),
    one === undefined ? [] : listVersions(db, key, one),
    one === undefined ? undefined : purgedAt(db, key, one),
  ]);
  const newest = records.find(({ objectKey }) => objectKey !== null);
  const isParquet = asset.storage?.extension === ".parquet" && newest !== undefined;
  return factsOf({
    asset: {
      ...asset,
      description: asset.description ?? null,
      upstream: graph.upstream.get(key) ?? [],
      downstream: graph.downstream.get(key) ?? [],
      schema: asset.schema ?? null,
    },
    columnLineage,
    standing: asTold(api.assets.standing, { partitions: stands, purgedAt: purged ?? null }),
    partitions: allTold(
      api.assets.partitions,
      records.map((row) => ({ id: row.partition, key: partitionKey(asset, row.partition), ...row })),
    ),
    kept: allTold(api.assets.versions, kept),
    checks: allTold(
      api.assets.checks,
      checks.map((row) => ({ ...row, partition: partitionKey(asset, row.partition) })),
    ),
    uriOf: (partition) => publishedUri(store, asset, partition),
    footer: isParquet ? await footerOf(store, newest.objectKey!) : null,
    rows: question.rows === 0 ? null : await previewRows(session, store, asset, newest, question.rows),
  });
}

async function previewRows(
  { project }: Session,
  store: Store,
  { key, schema, storage }: SnapshotAsset,
  newest: { readonly objectKey: string | null; readonly etag: string | null } | undefined,
  limit: number,
): Promise<readonly ShownRow[]> {
  if (newest === undefined) throw hasNoRows(key);
  if (schema === undefined || storage?.extension !== ".parquet") {
    throw new IrokoError("PARQUET_INVALID", `"${key}" is not stored as Parquet: its rows cannot be shown.`);
  }
  const cache = objectCache({ directory: join(project.home, "cache"), maxBytes: 10 * 2 ** 30 });
  const { file } = await cache.fetch(store, newest.objectKey!, newest.etag!);
  return await readRows([file], schema, limit);
}
