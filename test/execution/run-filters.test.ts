/** Which runs a list of them is narrowed to: by what they are about, who asked for them, and when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listRuns, retryRun, type RunFilter } from "@iroko/core/engine";
import { testInstance } from "../support/test-instance.ts";

const definitions = `
  import { z } from "zod";
  import { asset, assetCheck, daily, define, multiAsset, output, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", end: "2026-11-03", timezone: "UTC" });
  const schema = z.object({ n: z.int() });
  const fail = () => { throw new Error("broken"); };
  const out = (key) => output({ key, schema, output: jsonLines(key) });
  const body = { partitions: days, schema, retry: retryPolicy({ maxRetries: 0 }) };
  export const raw = asset({ ...body, key: "raw", output: jsonLines("raw"), materialize: () => [{ n: 1 }] });
  export const halves = multiAsset({
    partitions: days, deps: { raw }, retry: body.retry, outputs: { left: out("left"), right: out("right") }, materialize: fail,
  });
  const looks = assetCheck({ asset: raw, name: "looks", run: () => ({ passed: true }) });
  export default define({ assets: [raw, halves], checks: [looks] });
`;

test("runs are listed by an asset that they make or check, by what asked for them, and by when", async () => {
  await using instance = await testInstance({ "iroko.config.ts": definitions });
  await instance.deploy();
  await instance.startWorker({ slots: 2 });
  const day = (text: string) => ({ kind: "text" as const, text });
  const both = await instance.submit({ select: "*", partitions: day("2026-11-01") });
  await instance.ended(both);
  const rawOnly = await instance.submit({ select: "raw", partitions: day("2026-11-02") });
  await instance.ended(rawOnly);
  const checked = await instance.submit({ select: "raw", partitions: day("2026-11-02"), checks: "only" });
  await instance.ended(checked);
  // What succeeded in it is no part of the retry.
  const retried = await retryRun(instance.db, both);
  await instance.ended(retried);

  const found = async (filter: Partial<RunFilter>) =>
    (await listRuns(instance.db, { limit: 10, ...filter })).map(({ id }) => id);
  assert.deepEqual(await found({}), [retried, checked, rawOnly, both]);
  assert.deepEqual(await found({ asset: "raw" }), [checked, rawOnly, both]);
  assert.deepEqual(await found({ asset: "left" }), [retried, both]);
  assert.deepEqual(await found({ asset: "right" }), [retried, both]);
  assert.deepEqual(await found({ asset: "nothing" }), []);
  assert.deepEqual(await found({ asset: "raw", limit: 2 }), [checked, rawOnly]);
  assert.deepEqual(await found({ asset: "raw", before: rawOnly }), [both]);
  assert.deepEqual(await found({ by: "retry" }), [retried]);
  assert.deepEqual(await found({ by: "retry", asset: "raw" }), []);
  assert.deepEqual(await found({ asset: "left", statuses: ["succeeded"] }), []);

  const [{ createdAt: then } = { createdAt: undefined }] = await listRuns(instance.db, { limit: 1, before: checked });
  const since = String(then);
  assert.deepEqual(await found({ since }), [retried, checked, rawOnly]);
  assert.deepEqual(await found({ until: since }), [both]);
  assert.deepEqual(await found({ since, until: since }), []);
});
