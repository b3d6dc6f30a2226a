/** The example's pipeline, made in memory, and held against the oracle: every value of every row, every figure. */
import assert from "node:assert/strict";
import { csvFile, posBuffer } from "@iroko/assets";
import { materialize, type AnyAsset, type MaterializeResult, type Metadata } from "@iroko/core";
import { cleaned } from "../../examples/pos-pipeline/src/cleaned.ts";
import { start, timezone } from "../../examples/pos-pipeline/src/days.ts";
import { landing } from "../../examples/pos-pipeline/src/landing.ts";
import { merchants } from "../../examples/pos-pipeline/src/merchants.ts";
import { revenue } from "../../examples/pos-pipeline/src/revenue.ts";
import { readPublished } from "./read-published.ts";
import { computeOracle, sameJson, type Figures, type Oracle } from "./oracle.ts";

export interface PosFiles {
  readonly buffer: string;
  readonly merchants: string;
}

export interface MakeOptions {
  readonly partitions: readonly string[];
  /** Where earlier versions lie, and the new ones go. */
  readonly store?: string;
  readonly allowShrink?: boolean;
}

/** What was made: in memory, or as a run reports it. */
export interface Made {
  readonly materializations: readonly {
    readonly asset: string;
    /** "" where there is one only. */
    readonly partition: string;
    readonly file: string | undefined;
    readonly metadata: Metadata;
    readonly checks: readonly { readonly name: string; readonly passed: boolean }[];
  }[];
}

export const posAssets = [landing, merchants, cleaned, revenue] as const;

export async function makePipeline(files: PosFiles, options: MakeOptions): Promise<MaterializeResult> {
  const { partitions, store, allowShrink } = options;
  return await materialize(posAssets, {
    partitions,
    resources: {
      buffer: posBuffer({ path: files.buffer, start, timezone }),
      file: csvFile({ path: files.merchants }),
    },
    ...(store === undefined ? {} : { store }),
    ...(allowShrink === undefined
      ? {}
      : { config: { "raw_pos_transactions+quarantined_pos_deliveries": { allowShrink } } }),
  });
}

/** Makes the days and compares all of their outputs with those of the oracle. */
export async function expectOracle(
  files: PosFiles,
  options: MakeOptions & { readonly previous?: Oracle },
): Promise<Oracle> {
  const { previous, ...making } = options;
  const oracle = computeOracle({ ...files, ...(previous === undefined ? {} : { previous }) });
  await using made = await makePipeline(files, making);
  await compare(made, oracle, options.partitions);
  return oracle;
}

/** Every table and figure of these days, and which of their checks pass. */
export async function compare(made: Made, oracle: Oracle, days: readonly string[]): Promise<void> {
  await compareMerchants(made, oracle);
  await compareDays(made, oracle, days);
}

async function compareMerchants(made: Made, oracle: Oracle): Promise<void> {
  assert.deepEqual(await plainRows(made, merchants), oracle.merchants);
  assert.deepEqual(figuresOf(made, merchants.key, ""), oracle.merchantFigures);
}

/** The same without the merchants, which a run passes over when their file has not changed. */
export async function compareDays(made: Made, oracle: Oracle, days: readonly string[]): Promise<void> {
  for (const key of days) {
    const day = oracle.day(key);
    const { rawRows, rawExtras } = split(await plainRows(made, landing.raw, key));
    const { rawRows: expectedRows, rawExtras: expectedExtras } = split(day.raw);
    assert.deepEqual(rawRows, expectedRows, `raw of ${key}`);
    for (const [index, extra] of expectedExtras.entries()) {
      assert.ok(
        sameJson(rawExtras[index]!, extra),
        `extra of ${day.raw[index]!.id}: ${rawExtras[index]}, not ${extra}`,
      );
    }
    assert.deepEqual(await plainRows(made, landing.quarantine, key), day.quarantine, `quarantine of ${key}`);
    assert.deepEqual(await plainRows(made, cleaned, key), day.cleaned, `cleaned of ${key}`);
    assert.deepEqual(await plainRows(made, revenue, key), day.revenue, `revenue of ${key}`);
    const assets = { raw: landing.raw, quarantine: landing.quarantine, cleaned, revenue };
    for (const [name, asset] of Object.entries(assets)) {
      const expected = day.figures[name as keyof typeof assets];
      assert.deepEqual(figuresOf(made, asset.key, key), expected, `figures of ${asset.key}, ${key}`);
    }
    assert.equal(passed(made, landing.raw.key, key, "quiet_day"), !day.quiet, `quiet day ${key}`);
    const { conflicting_duplicates, cross_day_duplicates } = day.figures.cleaned;
    assert.equal(passed(made, cleaned.key, key, "cross_day_duplicates"), cross_day_duplicates === 0);
    assert.equal(passed(made, cleaned.key, key, "conflicting_duplicates"), conflicting_duplicates === 0);
    for (const name of ["conservation", "unique_transaction_id", "range_amount_ngn"]) {
      assert.ok(passed(made, cleaned.key, key, name), `${name} of ${key}`);
    }
    assert.ok(passed(made, revenue.key, key, "revenue_is_that_of_the_cleaned_rows"));
  }
}

/** Rows of a published file as the oracle writes them, in the file's order. */
export async function plainRows(made: Made, asset: AnyAsset, key = ""): Promise<Record<string, unknown>[]> {
  return await readPublished(materialization(made, asset.key, key).file!);
}

function split(rows: readonly object[]): {
  readonly rawRows: readonly object[];
  readonly rawExtras: readonly (string | null)[];
} {
  return {
    rawRows: rows.map((row) => ({ ...row, extra: undefined })),
    rawExtras: rows.map((row) => (row as { readonly extra: string | null }).extra),
  };
}

export function figuresOf(made: Made, asset: string, key: string): Figures {
  const { output_path: _, ...metadata } = materialization(made, asset, key).metadata;
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, "value" in value ? value.value : value]),
  ) as unknown as Figures;
}

function passed(made: Made, asset: string, key: string, check: string): boolean {
  const found = materialization(made, asset, key).checks.find(({ name }) => name === check);
  assert.ok(found, `${asset} has a check ${check}`);
  return found.passed;
}

function materialization(made: Made, asset: string, key: string) {
  const found = made.materializations.find((each) => each.asset === asset && each.partition === key);
  assert.ok(found, `${asset}@${key} was made`);
  return found;
}
