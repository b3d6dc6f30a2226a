import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { createTempDir } from "../support/temp-dir.ts";

/** The heavy packages that a program has loaded when it ends. */
async function loadedBy(program: string): Promise<string[]> {
  const report = `
    const { default: { _cache: loaded } } = await import("node:module");
    const heavy = ["@aws-sdk/client-s3", "@duckdb/node-api", "parquetjs-lite"];
    console.log(JSON.stringify(heavy.filter((name) => Object.keys(loaded).some((file) => file.includes("/" + name + "/")))));
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--eval", `import { openStore, readFooter } from "@iroko/assets"; ${program}; ${report}`],
    { cwd: import.meta.dirname },
  );
  return JSON.parse(stdout) as string[];
}

test("importing @iroko/assets loads neither the S3 SDK nor DuckDB nor the Parquet reader", async () => {
  assert.deepEqual(await loadedBy(""), []);
});

test("a local store works without the S3 SDK", async () => {
  using folder = createTempDir();
  assert.deepEqual(await loadedBy(`await (await openStore(${JSON.stringify(folder.path)})).probe()`), []);
});

test("an S3 store and a footer load what they need, so that the tests above mean something", async () => {
  assert.deepEqual(await loadedBy(`await openStore("s3://bucket/x", { env: { AWS_REGION: "af-south-1" } })`), [
    "@aws-sdk/client-s3",
  ]);
  const footer = `await readFooter(async (a, b) => Buffer.concat([Buffer.alloc(b - a - 8), Buffer.from([1, 0, 0, 0]), Buffer.from("PAR1")]), 100).catch(() => {})`;
  assert.deepEqual(await loadedBy(footer), ["parquetjs-lite"]);
});
