/** The engine over an S3 server: staged, committed, published by the server, read through the cache, entered in the ledger. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { listPartitions, materializationsOf } from "@iroko/core/engine";
import { minioOfFile, skipWithoutMinio } from "../support/minio.ts";
import { testInstance } from "../support/test-instance.ts";

const minio = minioOfFile();

const definitions = `
  import { z } from "zod";
  import { asset, daily, define } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  export const numbers = asset({ key: "numbers", partitions: days, schema, output: jsonLines("numbers"), materialize: () => [{ n: 1 }, { n: 2 }] });
  export const totals = asset({ key: "totals", partitions: days, schema, output: jsonLines("totals"), deps: { numbers },
    async materialize(ctx) { let n = 0; for await (const row of ctx.deps.numbers.rows()) n += row.n; return [{ n }]; } });
  export default define({ assets: [numbers, totals] });
`;

test(
  "a run on MinIO: published by the server's own copy, inputs read once by ETag, every byte in the ledger",
  { skip: skipWithoutMinio },
  async () => {
    await using instance = await testInstance(
      { "iroko.config.ts": definitions },
      { store: `s3://${minio.server.bucket}/prefix` },
    );
    await instance.deploy();
    await instance.startWorker({ slots: 2 });
    const partitions = { kind: "text" as const, text: "2026-11-01..2026-11-03" };
    const run = await instance.submit({ select: "*", partitions });
    assert.equal((await instance.ended(run, 60)).status, "succeeded");

    const made = await materializationsOf(instance.db, run);
    assert.equal(made.length, 6);
    const totals = await listPartitions(instance.db, "totals", { limit: 3 });
    for (const { objectKey, etag, version, publishedVersion } of totals) {
      const staged = await instance.store.head(objectKey ?? "");
      assert.equal(staged?.etag, etag);
      assert.equal(publishedVersion, version);
    }
    for (const key of ["2026-11-01", "2026-11-03"]) {
      const bytes = await instance.store.readRange(`totals/${key}.jsonl`, 0, 8);
      assert.equal(Buffer.from(bytes).toString(), '{"n":3}\n');
    }
    const ledger = async () =>
      (
        await instance.db.query<{ purpose: string; n: number; moved: number }>(
          "select purpose, count(*) as n, sum(bytes_moved)::bigint as moved from iroko.transfer group by purpose order by purpose",
        )
      ).rows;
    assert.deepEqual(await ledger(), [
      { purpose: "input", n: 3, moved: 3 * 16 },
      { purpose: "publish", n: 6, moved: 0 },
      { purpose: "stage", n: 6, moved: 3 * 16 + 3 * 8 },
    ]);
    assert.ok((await readdir(join(instance.project.folder, "cache"))).length > 0);

    // The same inputs once more: by their ETag they are here already.
    const again = await instance.submit({ select: "totals", partitions });
    assert.equal((await instance.ended(again, 60)).status, "succeeded");
    assert.deepEqual((await ledger())[0], { purpose: "input", n: 3, moved: 3 * 16 });
  },
);
