import { asset, env, externalAsset, meta } from "@iroko/core";
import { csvFile, parquet, sql, unique } from "@iroko/assets";
import { z } from "zod";

const file = csvFile({ path: env("POS_MERCHANTS", { default: "data/merchants.csv" }) });

const Merchant = z.object({
  merchant_id: z.string().min(1),
  merchant_name: z.string().nullable(),
  merchant_category: z.string().nullable(),
  state: z.string().nullable(),
  lga: z.string().nullable(),
});

/** The file that the office keeps. */
export const merchantsFile = externalAsset({
  key: "merchants_file",
  group: "reference",
  kinds: ["csv"],
  description: "The merchants as the office has them; observed by the file's SHA-256.",
  resources: { file },
  observe: async (ctx) =>
    Promise.all(
      ctx.partitions.map(async (partition) => ({ partition, dataVersion: await ctx.resources.file.sha256() })),
    ),
});

/** A merchant that stands twice would double its revenue, so such a file is not taken. */
export const merchants = asset({
  key: "merchants",
  group: "reference",
  kinds: ["csv", "parquet"],
  description: "Who the merchants are, and where.",
  schema: Merchant,
  deps: { merchantsFile },
  resources: { file },
  output: parquet({ path: "reference/merchants", sortBy: ["merchant_id"] }),
  checks: [unique("merchant_id")],
  columnLineage: {
    merchant_id: ["merchantsFile.merchant_id"],
    merchant_name: ["merchantsFile.merchant_name"],
    merchant_category: ["merchantsFile.merchant_category"],
    state: ["merchantsFile.state"],
    lga: ["merchantsFile.lga"],
  },
  materialize: async (ctx) => ({
    sourceVersions: { merchantsFile: await ctx.resources.file.sha256() },
    data: ctx.resources.file.read(...Object.keys(Merchant.shape)),
  }),
  metrics: async (ctx) => {
    const count = sql(ctx)<{ rows: bigint; states: bigint }>`
      select count(*) as rows, count(distinct state) as states from ${ctx.self}`;
    const [{ rows, states } = { rows: 0n, states: 0n }] = await Array.fromAsync(count.rows());
    return {
      row_count: Number(rows),
      input_rows: Number(rows),
      output_rows: Number(rows),
      duplicates_removed: 0,
      conflicting_duplicates: 0,
      cross_day_duplicates: 0,
      rejected: meta.json({}),
      quarantined: meta.json({}),
      pending_in_buffer: 0,
      total_revenue_ngn: meta.json(null),
      states_covered: Number(states),
      date_range: meta.json(null),
    };
  },
});
