import { api } from "@iroko/core/client";
import { listPartitionNumbers } from "@iroko/core/engine";
import type { Answer } from "../http/answer.ts";
import { assetOutlook } from "../model/asset-outlook.ts";
import { assetRows } from "../model/asset-rows.ts";
import { findAsset } from "../model/catalog.ts";
import { columnOrigins } from "../model/column-origins.ts";
import type { Instance } from "../model/instance.ts";
import { mostPartitions, partitionSeries } from "../model/partition-series.ts";
import { partitionNamed } from "./assets.ts";

export function assetDataApi(answer: Answer, instance: Instance): void {
  const { catalog, dataReader } = instance;
  const originsOf = columnOrigins(dataReader);

  answer(api.assets.outlook, async ({ key }) => {
    const known = await catalog();
    return assetOutlook(instance, known, findAsset(known, key));
  });

  answer(api.assets.columns, async ({ key }) => originsOf(findAsset(await catalog(), key)));

  answer(api.assets.series, async ({ key }) => {
    const { asset } = findAsset(await catalog(), key);
    // Names of several dimensions do not begin with time.
    const by = asset.partitions.kind === "multi" ? "madeAt" : "name";
    return partitionSeries(asset, await listPartitionNumbers(instance.db, key, { limit: mostPartitions, by }));
  });

  answer(api.assets.rows, async ({ key, partition }) => {
    const found = findAsset(await catalog(), key);
    return assetRows(instance, found, partitionNamed(found.asset, partition));
  });
}
