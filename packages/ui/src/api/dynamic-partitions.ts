import { addDynamicKeys, dynamicNameOf, listDynamicKeys, removeDynamicKeys } from "@iroko/core/engine";
import { Hono } from "hono";
import { z } from "zod";
import { limit, readBody, readQuery } from "../http/input.ts";
import { definitionsIn } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";

const query = z.strictObject({ limit: limit(1_000, 10_000), after: z.string().max(500).optional() });
const keysBody = z.strictObject({ keys: z.array(z.string().max(500)).min(1).max(5_000) });

/**
 * GET /dynamic-partitions/:name, in the order in which they were added; POST /dynamic-partitions/:name/add and /remove,
 * both idempotent. A name is that of dynamic partitions, or of an asset that has them.
 */
export function dynamicPartitionsApi({ db, catalog }: Instance): Hono {
  const nameOf = async (wanted: string): Promise<string> => dynamicNameOf(definitionsIn(await catalog()), wanted);
  return new Hono()
    .get("/dynamic-partitions/:name", async (c) => {
      const page = readQuery(c, query);
      const name = await nameOf(c.req.param("name"));
      const { after } = page;
      const keys = await listDynamicKeys(db, name, { limit: page.limit, ...(after === undefined ? {} : { after }) });
      return c.json({ partitions: name, keys, cursor: keys.length === page.limit ? (keys.at(-1)?.key ?? null) : null });
    })
    .post("/dynamic-partitions/:name/add", async (c) => {
      const { keys } = await readBody(c, keysBody);
      const name = await nameOf(c.req.param("name"));
      return c.json({ partitions: name, added: await db.transaction((tx) => addDynamicKeys(tx, name, keys)) });
    })
    .post("/dynamic-partitions/:name/remove", async (c) => {
      const { keys } = await readBody(c, keysBody);
      const name = await nameOf(c.req.param("name"));
      return c.json({ partitions: name, removed: await db.transaction((tx) => removeDynamicKeys(tx, name, keys)) });
    });
}
