/** The page of an asset or a run that is not there is a 404 by its status, too. What is not known soon, the page finds out. */
import { setTimeout as wait } from "node:timers/promises";
import { IrokoError } from "@iroko/core";
import type { Context, Hono } from "hono";
import { findAsset } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";
import { findRun } from "../model/run-view.ts";
import { failureOf } from "./failure.ts";

/** No document waits longer: it may come from a database that is far or away. */
const patienceMs = 100;

export function missingPages(app: Hono, { db, catalog }: Pick<Instance, "db" | "catalog">): void {
  const look: Readonly<Record<string, (c: Context) => Promise<unknown>>> = {
    "/assets/:key": async (c) => findAsset(await catalog(), c.req.param("key") ?? ""),
    "/runs/:id": async (c) => findRun(db, c.req.param("id") ?? ""),
  };
  for (const [path, find] of Object.entries(look)) {
    app.get(path, async (c, next) => {
      const isMissing = find(c).then(
        () => false,
        (error: unknown) => error instanceof IrokoError && failureOf(error).status === 404,
      );
      if (await Promise.race([isMissing, wait(patienceMs, false, { ref: false })])) c.status(404);
      await next();
    });
  }
}
