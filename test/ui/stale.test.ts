import assert from "node:assert/strict";
import { test } from "node:test";
import { openClient } from "@iroko/core/client";
import { startServer } from "@iroko/ui";
import { testInstance } from "../support/test-instance.ts";

test("an asset tells which of its partitions are stale, and why; home tells which assets are", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `
      import { readFileSync } from "node:fs";
      import { z } from "zod";
      import { asset, daily, define } from "@iroko/core";
      import { jsonLines } from "./json-lines.ts";
      const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
      const schema = z.object({ n: z.int() });
      export const raw = asset({
        key: "raw", partitions: days, schema, output: jsonLines("raw"),
        materialize: () => [{ n: Number(readFileSync(new URL("n", import.meta.url), "utf8")) }],
      });
      export const below = asset({
        key: "below", partitions: days, deps: { raw }, schema, output: jsonLines("below"), materialize: () => [{ n: 1 }],
      });
      export default define({ assets: [raw, below] });
    `,
    n: "1",
  });
  await instance.deploy();
  await instance.startWorker();
  const make = async (select: string, text: string): Promise<void> => {
    const { status } = await instance.ended(await instance.submit({ select, partitions: { kind: "text", text } }));
    assert.equal(status, "succeeded");
  };
  await make("*", "2026-11-01..2026-11-03");
  const server = await startServer({ instance: { db: instance.db }, port: 0 });
  try {
    const { assets, home } = openClient({ url: server.url });
    assert.deepEqual(await assets.staleness({ key: "below" }), { stale: null, causes: [] });
    assert.deepEqual(await home.stale({}), { assets: 0, first: [] });
    await instance.project.write("n", "2");
    await make("raw", "2026-11-02");
    const { stale, causes } = await assets.staleness({ key: "below" });
    assert.equal(stale, "2026-11-02");
    assert.deepEqual(
      causes.map(({ partitions, reason }) => `${partitions}: ${reason}`),
      ["2026-11-02: raw changed"],
    );
    assert.deepEqual(await home.stale({}), {
      assets: 1,
      first: [{ asset: "below", partitions: "2026-11-02", count: 1, reasons: ["raw changed"] }],
    });
    await make("below", "2026-11-02");
    assert.deepEqual(await home.stale({}), { assets: 0, first: [] });
  } finally {
    await server.close();
  }
});
