import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What Node and the driver take before any row (135 MiB), and what DuckDB may hold beyond its limit. */
const baseBytes = 256 * 2 ** 20;

test("two million rows are staged within the step's memory, and the same bytes come of it in another process", async () => {
  const stage = async (memoryBytes: number) => {
    const program = join(import.meta.dirname, "stage-two-million.ts");
    const { stdout } = await run(process.execPath, ["--conditions=@iroko/source", program, String(memoryBytes)]);
    return JSON.parse(stdout) as { rows: number; sha256: string; peakBytes: number };
  };
  const small = await stage(400 * 2 ** 20);
  const large = await stage(800 * 2 ** 20);
  assert.equal(small.rows, 2_000_000);
  assert.equal(small.sha256, large.sha256);
  for (const [peak, budget] of [
    [small.peakBytes, 400 * 2 ** 20],
    [large.peakBytes, 800 * 2 ** 20],
  ] as const) {
    assert.ok(peak < budget + baseBytes, `${Math.round(peak / 2 ** 20)} MiB of ${budget / 2 ** 20}`);
  }
});
