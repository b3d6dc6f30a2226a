import { listPartitions } from "@iroko/core/engine";
import { Hono } from "hono";
import { z } from "zod";
import { limit, readQuery } from "../http/input.ts";
import { findAsset } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";
import { partitionKey } from "../model/run-view.ts";

const query = z.strictObject({ limit: limit(100, 1_000), after: z.string().max(500).optional() });

/** GET /assets/:key/partitions: those with a version or an outcome, newest first; `cursor` goes on as `after`. */
export function partitionsApi({ db, catalog }: Instance): Hono {
  return new Hono().get("/assets/:key/partitions", async (c) => {
    const page = readQuery(c, query);
    const { asset } = findAsset(await catalog(), c.req.param("key"));
    const rows = await listPartitions(db, asset.key, {
      limit: page.limit,
      ...(page.after === undefined ? {} : { after: page.after }),
    });
    return c.json({
      partitions: rows.map(({ partition, ...row }) => ({
        id: partition,
        key: partitionKey(asset.partitions, partition),
        ...row,
      })),
      cursor: rows.length === page.limit ? (rows.at(-1)?.partition ?? null) : null,
    });
  });
}
