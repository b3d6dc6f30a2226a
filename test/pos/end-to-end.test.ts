// The pipeline as a user runs it: commands in the example's folder, files in a store, a database that the first one makes.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Metadata } from "@iroko/core";
import { addLateRecords, cleanDelivered, generate } from "../../examples/pos-pipeline/src/generate.ts";
import { runCli } from "../support/run-cli.ts";
import { computeOracle } from "./oracle.ts";
import { compare, compareDays, type Made } from "./pipeline.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "pos-end-to-end-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const week = Array.from({ length: 7 }, (_, n) => `2026-11-0${n + 1}`);

test("a week by one backfill, then late records: --stale mends exactly the days they touch", async () => {
  const dir = path.join(scratch, "data");
  const files = generate({ out: dir, recordsPerDay: 300, dirt: 0.3, seed: 11 });
  const env = { IROKO_HOME: path.join(scratch, "home"), POS_BUFFER: files.buffer, POS_MERCHANTS: files.merchants };

  const first = computeOracle(files);
  const made = await iroko(env, ["backfill", "--select", "*", "--from", "2026-11-01", "--to", "2026-11-07"]);
  await compare(made, first, week);
  for (const { file, metadata } of made.materializations) {
    assert.equal((metadata["output_path"] as { readonly value: unknown }).value, `file://${file}`);
  }

  assert.deepEqual(keysOf(await iroko(env, ["backfill", "--select", "*", "--stale"])), [], "nothing has changed");
  assert.ok(cleanDelivered(dir, { now: "2026-11-08T10:00:00Z" }) > 0);
  assert.deepEqual(keysOf(await iroko(env, ["backfill", "--select", "*", "--stale"])), [], "nothing was lost");

  addLateRecords(dir, { days: ["2026-11-02", "2026-11-05"], takenInAt: "2026-11-08T09:00:00Z" });
  const mended = await iroko(env, ["backfill", "--select", "*", "--stale"]);
  const assets = [
    "raw_pos_transactions",
    "quarantined_pos_deliveries",
    "cleaned_pos_transactions",
    "daily_revenue_summary",
  ];
  assert.deepEqual(
    keysOf(mended),
    assets.flatMap((asset) => ["2026-11-02", "2026-11-05"].map((day) => `${asset}@${day}`)).toSorted(),
  );
  await compareDays(mended, computeOracle({ ...files, previous: first }), ["2026-11-02", "2026-11-05"]);
});

async function iroko(env: Readonly<Record<string, string>>, args: readonly string[]): Promise<Made> {
  const cwd = fileURLToPath(new URL("../../examples/pos-pipeline", import.meta.url));
  const { exitCode, stdout, stderr } = await runCli([...args, "--json"], { cwd, env, seconds: 120 });
  assert.equal(exitCode, 0, stderr + stdout);
  const report = JSON.parse(stdout) as { readonly materializations: readonly Reported[] };
  return {
    materializations: report.materializations.map(({ partition, uri, ...rest }) => ({
      ...rest,
      partition: partition ?? "",
      file: fileURLToPath(uri),
    })),
  };
}

interface Reported {
  readonly asset: string;
  readonly partition: string | null;
  readonly uri: string;
  readonly metadata: Metadata;
  readonly checks: readonly { readonly name: string; readonly passed: boolean }[];
}

function keysOf({ materializations }: Made): string[] {
  return materializations.map(({ asset, partition }) => `${asset}@${partition}`).toSorted();
}
