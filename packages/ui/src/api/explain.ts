import { askMappings, explainAsset, readMoment } from "@iroko/core/engine";
import { Hono } from "hono";
import { z } from "zod";
import { readQuery } from "../http/input.ts";
import { findAsset } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";

const query = z.strictObject({ partitions: z.string().min(1).max(20_000).optional() });

/** GET /assets/:key/explain: why its partitions are as they are, those that stand alike together; `partitions` as text. */
export function explainApi({ db, now, catalog }: Instance): Hono {
  return new Hono().get("/assets/:key/explain", async (c) => {
    const { partitions } = readQuery(c, query);
    const { asset, location } = findAsset(await catalog(), c.req.param("key"));
    const target = partitions === undefined ? asset.key : `${asset.key}@${partitions}`;
    const moment = await readMoment(db, location.snapshot, now());
    return c.json(await askMappings({ db, location: location.name }, () => explainAsset(db, location, target, moment)));
  });
}
