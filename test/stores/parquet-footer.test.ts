import assert from "node:assert/strict";
import { open, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { footerOf, openStore, readFooter, type ParquetFooter } from "@iroko/assets";
import { createTempDir, tempDir } from "../support/temp-dir.ts";
import { makeFile } from "./local-file.ts";

const folder = tempDir("footer");

/** Writes a Parquet file by DuckDB; its footer as read, and the ranges that it took. */
async function footerOfQuery(
  name: string,
  query: string,
  options: string,
): Promise<{ footer: ParquetFooter; ranges: number[][] }> {
  const file = join(folder, `${name}.parquet`);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("set timezone = 'UTC'");
  await connection.run(`copy (${query}) to '${file}' (format parquet, ${options})`);
  connection.closeSync();
  instance.closeSync();
  return await footerOfFile(file);
}

async function footerOfFile(file: string): Promise<{ footer: ParquetFooter; ranges: number[][] }> {
  const handle = await open(file);
  const ranges: number[][] = [];
  try {
    const { size } = await stat(file);
    const footer = await readFooter(async (start, end) => {
      ranges.push([size - start, size - end]);
      const { buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
      return buffer;
    }, size);
    return { footer, ranges };
  } finally {
    await handle.close();
  }
}

test("a footer tells rows, row groups, codec, author and metadata by one read of the end", async () => {
  const { footer, ranges } = await footerOfQuery(
    "groups",
    "select range as id, 'text ' || range as name from range(250000)",
    "compression zstd, compression_level 6, row_group_size 100000, kv_metadata {asset: 'orders', note: 'naïve ₦'}",
  );
  assert.equal(footer.rows, 250_000);
  assert.equal(
    footer.rowGroups.reduce((sum, group) => sum + group.rows, 0),
    250_000,
  );
  assert.ok(footer.rowGroups.length >= 2);
  for (const { bytes, compressedBytes } of footer.rowGroups) assert.ok(bytes > compressedBytes && compressedBytes > 0);
  assert.deepEqual(footer.compression, ["ZSTD"]);
  assert.match(footer.createdBy ?? "", /DuckDB/);
  assert.deepEqual(footer.metadata, { asset: "orders", note: "naïve ₦" });
  assert.deepEqual(ranges, [[65536, 0]]);
});

test("every column type that Iroko writes is named as DuckDB names it", async () => {
  const types = {
    a_text: "VARCHAR",
    a_boolean: "BOOLEAN",
    an_int8: "TINYINT",
    an_int16: "SMALLINT",
    an_int32: "INTEGER",
    an_int64: "BIGINT",
    a_uint64: "UBIGINT",
    a_float: "FLOAT",
    a_double: "DOUBLE",
    small_money: "DECIMAL(4,2)",
    money: "DECIMAL(18,2)",
    big_money: "DECIMAL(38,10)",
    an_instant: "TIMESTAMP WITH TIME ZONE",
    a_local_time: "TIMESTAMP",
    fine_time: "TIMESTAMP_NS",
    a_date: "DATE",
    a_time: "TIME",
    some_json: "JSON",
    some_bytes: "BLOB",
    a_list: "VARCHAR[]",
    deep_list: "DECIMAL(9,3)[][]",
    a_struct: "STRUCT(x INTEGER, y VARCHAR[])",
    a_map: "MAP(VARCHAR, BIGINT)",
  };
  const casts = Object.entries(types).map(([name, type]) => `null::${type} as ${name}`);
  const { footer } = await footerOfQuery("types", `select ${casts.join(", ")}`, "compression zstd");
  assert.deepEqual(Object.fromEntries(footer.columns.map(({ name, type }) => [name, type])), types);
  assert.ok(footer.columns.every(({ nullable }) => nullable));
});

test("a footer longer than the first read takes one more, of just what is missing", async () => {
  const columns = Array.from({ length: 600 }, (_, index) => `range as a_column_with_a_rather_long_name_${index}`);
  const { footer, ranges } = await footerOfQuery(
    "wide",
    `select ${columns.join(", ")} from range(10)`,
    "compression snappy",
  );
  assert.equal(footer.columns.length, 600);
  assert.deepEqual(footer.compression, ["SNAPPY"]);
  assert.equal(ranges.length, 2);
  assert.equal(ranges[1]?.[1], 65536);
});

test("a file without rows has a footer too", async () => {
  const { footer } = await footerOfQuery("empty", "select 1 as id limit 0", "compression zstd");
  assert.equal(footer.rows, 0);
  assert.deepEqual(footer.columns, [{ name: "id", type: "INTEGER", nullable: true }]);
});

test("what is no Parquet file, or a part of one, is refused with its name", async () => {
  const { footer } = await footerOfQuery("whole", "select range as id from range(1000)", "compression zstd");
  assert.equal(footer.rows, 1000);
  const whole = await readFile(join(folder, "whole.parquet"));
  const end = whole.length;
  const shortened = Buffer.concat([whole.subarray(0, 100), whole.subarray(end - 8)]);
  const garbled = Buffer.from(whole);
  garbled.fill(0xff, end - 300, end - 8);
  const endless = Buffer.from(whole);
  endless.writeUInt32LE(0xffffffff, end - 8);
  for (const [name, bytes] of Object.entries({
    empty: Buffer.alloc(0),
    text: Buffer.from("id,amount\n1,2\n".repeat(10)),
    cut: whole.subarray(0, end - 1),
    shortened,
    garbled,
    endless,
  })) {
    const read = (from: number, to: number) => Promise.resolve(bytes.subarray(from, to));
    await assert.rejects(
      readFooter(read, bytes.length, `s3://b/${name}`),
      (error: { code: string; message: string }) => {
        assert.equal(error.code, "PARQUET_INVALID", name);
        assert.ok(error.message.startsWith(`s3://b/${name} is not a Parquet file: `), error.message);
        return true;
      },
    );
  }
});

test("an object's footer is read where the object is", async () => {
  using temporary = createTempDir("footer-store");
  await footerOfQuery("object", "select range as id from range(7)", "compression zstd");
  const store = await openStore(join(temporary.path, "store"));
  await store.stage("a/b.parquet", makeFile(temporary.path, await readFile(join(folder, "object.parquet"))));
  assert.equal((await footerOf(store, "a/b.parquet")).rows, 7);
  await assert.rejects(footerOf(store, "a/none.parquet"), { code: "OBJECT_NOT_FOUND" });
  await writeFile(join(temporary.path, "store", "text.parquet"), "no footer here at all");
  await assert.rejects(footerOf(store, "text.parquet"), { code: "PARQUET_INVALID", message: /text\.parquet/ });
});
