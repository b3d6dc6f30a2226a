/** The first rows of a partition: read in a process of their own, masked for everybody, told in the audit, or refused with a remedy. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { dataReader, openStore } from "@iroko/assets";
import { DuckDBInstance } from "@duckdb/node-api";
import type { AssetRows, AuditItem, Page } from "@iroko/core/client";
import { gatedStore, openGate, type Store, type TransferRecord } from "@iroko/core/engine";
import { startServer } from "@iroko/ui";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { makeFile } from "../stores/local-file.ts";
import { assetSample } from "./asset-sample.ts";
import { bearer, peopleOf, publicServer } from "./public-server.ts";
import { json, type ErrorBody, type Sample } from "./sample.ts";

let at: Sample;
before(async () => {
  at = await assetSample();
  const run = await at.instance.submit({
    select: "shop/sales or mailing",
    partitions: { kind: "text", text: "2026-11-01..2026-11-02" },
  });
  await at.instance.ended(run);
});
after(() => at[Symbol.asyncDispose]());

const rowsOf = (key: string, partition?: string): Promise<Response> =>
  at.post(`/api/v1/assets/${encodeURIComponent(key)}/rows`, partition === undefined ? {} : { partition });

async function refusal(answer: Response): Promise<readonly [number, string, string]> {
  const { error } = await json<ErrorBody>(answer);
  return [answer.status, error.code, `${error.message} ${error.hint ?? ""}`];
}

test("the first fifty rows are shown, a sensitive column only by whether it has a value, a long text cut", async () => {
  const told = await json<AssetRows>(await rowsOf("shop/sales", "2026-11-01"));
  assert.deepEqual(told.columns, [
    { name: "id", type: "BIGINT", masked: false },
    { name: "phone", type: "VARCHAR", masked: true },
    { name: "amount", type: "BIGINT", masked: false },
    { name: "note", type: "VARCHAR", masked: false },
  ]);
  assert.deepEqual([told.version, told.total, told.rows.length], [1, 120, 50]);
  assert.deepEqual(told.rows[0], ["0", null, "0", "<b>2026-11-01"]);
  assert.deepEqual(told.rows[2], ["2", "•••", "20", "<b>2026-11-01"]);
  assert.equal(told.rows[1]![3], `${"x".repeat(500)}…`);
  assert.ok(!JSON.stringify(told).includes("+234"), "no phone number leaves");
});

test("who looked at which partition stands in the audit", async () => {
  await rowsOf("shop/sales", "2026-11-02");
  const { items } = await json<Page<AuditItem>>(await at.get("/api/v1/audit"));
  const entry = items.find(({ operation, target }) => operation === "assets.rows" && target?.includes("2026-11-02"));
  assert.equal(entry?.target, "shop/sales 2026-11-02");
  assert.equal(entry.outcome, "done");
});

test("a viewer is told which role it takes", async () => {
  const tokens = await peopleOf(at.instance.db);
  await using front = await publicServer(at.instance.db);
  const { status, body } = await front.ask("POST", "/api/v1/assets/shop%2Fsales/rows", {
    headers: { ...bearer(tokens.viewer), "content-type": "application/json" },
    body: JSON.stringify({ partition: "2026-11-01" }),
  });
  assert.equal(status, 403);
  assert.match(body, /ROLE_NEEDED.*operator/s);
});

test("what cannot be shown is refused with what to do instead", async () => {
  assert.deepEqual(await refusal(await rowsOf("shop/sales", "2026-11-03")), [
    409,
    "PREVIEW_REFUSED",
    "shop/sales@2026-11-03 has no rows: it is not made, or its data was purged. Make it: iroko materialize --select 'shop/sales' --partition '2026-11-03'",
  ]);
  assert.deepEqual((await refusal(await rowsOf("mailing", "2026-11-01"))).slice(0, 2), [409, "PREVIEW_REFUSED"]);
  assert.deepEqual((await refusal(await rowsOf("till"))).slice(0, 2), [409, "PREVIEW_REFUSED"]);
  assert.deepEqual((await refusal(await rowsOf("shop/sales"))).slice(0, 2), [400, "PARTITION_UNSPECIFIED"]);
  assert.deepEqual((await refusal(await rowsOf("shop/sale", "2026-11-01"))).slice(0, 2), [404, "ASSET_NOT_FOUND"]);
});

test("a server that was not told where the store is names the command that shows them", async () => {
  const server = await startServer({ instance: { db: at.instance.db }, port: 0, dataReader: dataReader() });
  try {
    const answer = await fetch(`${server.url}/api/v1/assets/shop%2Fsales/rows`, {
      method: "POST",
      headers: { origin: server.url, "content-type": "application/json" },
      body: JSON.stringify({ partition: "2026-11-01" }),
    });
    const [status, code, text] = await refusal(answer);
    assert.deepEqual([status, code], [409, "PREVIEW_REFUSED"]);
    assert.match(text, /iroko assets show 'shop\/sales@2026-11-01' --rows 50/);
  } finally {
    await server.close();
  }
});

test("a version whose object is gone is said to be gone", async () => {
  const run = await at.instance.submit({ select: "shop/sales", partitions: { kind: "text", text: "2026-11-04" } });
  await at.instance.ended(run);
  const staged = at.instance.project.file("store/_v/raw/sales/2026-11-04");
  rmSync(staged, { recursive: true });
  assert.deepEqual((await refusal(await rowsOf("shop/sales", "2026-11-04"))).slice(1, 2), ["OBJECT_NOT_FOUND"]);
});

/** A table whose file has several row groups. */
async function largeFile(folder: string): Promise<string> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const path = join(folder, "large.parquet");
  await connection.run(
    `copy (select i as id, hash(i)::varchar || hash(i + 1)::varchar as noise from range(400000) r(i)) to '${path}' (format parquet, compression zstd, row_group_size 50000)`,
  );
  connection.closeSync();
  return path;
}

test(
  "of a large object elsewhere only the first row group and the footer travel, and stand in the ledger",
  { skip: skipWithoutMinio },
  async () => {
    using folder = createTempDir("preview");
    await using server = await startMinio();
    const store = await openStore(`s3://${server.bucket}/preview`, { env: server.env });
    const content = readFileSync(await largeFile(folder.path));
    const file = makeFile(folder.path, content);
    const { etag } = await store.stage("large.parquet", file);
    const moved: TransferRecord[] = [];
    const gated: Store = gatedStore(store, openGate, (record) => Promise.resolve(void moved.push(record)));
    const column = (name: string) => ({ name, type: { kind: "text" }, nullable: true, sensitive: false }) as const;
    const found = await dataReader().firstRows(gated, {
      key: "large.parquet",
      etag,
      bytes: file.bytes,
      columns: [column("id"), column("noise")],
      limit: 50,
    });
    assert.deepEqual(
      found.rows.map(([id]) => id),
      Array.from({ length: 50 }, (_, id) => String(id)),
    );
    const bytes = moved.reduce((sum, { bytesMoved }) => sum + bytesMoved, 0);
    assert.ok(bytes < file.bytes / 4, `${bytes} of ${file.bytes}`);
    await store.close();
  },
);

test("a look that takes too long is ended, and leaves neither a process nor a file", async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith("iroko-read-"));
  const query = { sql: "select 1 as one", relations: {}, columns: ["one"] };
  await assert.rejects(dataReader({ seconds: 0.001 }).columnLineage([query]), {
    code: "PREVIEW_FAILED",
    message: /took longer/,
  });
  const left = readdirSync(tmpdir()).filter((name) => name.startsWith("iroko-read-") && !before.includes(name));
  assert.deepEqual(left, []);
});
