import { date, decimal } from "@iroko/core";
import { parquet, sqlAsset, sqlCheck } from "@iroko/assets";
import { z } from "zod";
import { cleaned } from "./cleaned.ts";
import { days } from "./days.ts";
import { pendingAt } from "./pending.ts";

const DailyRevenue = z.object({
  state: z.string().nullable(),
  lga: z.string().nullable(),
  merchant_category: z.string().nullable(),
  event_date: date(),
  total_revenue: decimal(38, 2),
  transaction_count: z.int(),
  unique_merchants: z.int(),
  avg_transaction: decimal(18, 2),
});

/** What was taken where, and in what kind of shop. */
export const revenue = sqlAsset({
  key: "daily_revenue_summary",
  group: "analytics",
  description: "Revenue of the day by state, LGA and merchant category; unknown merchants are a group of their own.",
  partitions: days,
  schema: DailyRevenue,
  output: parquet({ path: "analytics/daily_revenue", sortBy: ["state", "lga", "merchant_category"] }),
  deps: { cleaned },
  // The average in whole kobo, rounded half up: avg and / would go through floats.
  sql: `
    with totals as (
      select state, lga, merchant_category, event_date,
        sum(amount_ngn)::decimal(38, 2) as total_revenue,
        count(*) as transaction_count,
        count(distinct merchant_id) as unique_merchants
      from cleaned
      group by all
    )
    select *,
      (((2 * (total_revenue * 100)::hugeint + transaction_count) // (2 * transaction_count))::decimal(38, 0) / 100)::decimal(18, 2)
        as avg_transaction
    from totals`,
  metrics: `
    select
      count(*) as row_count,
      (select count(*) from cleaned) as input_rows,
      count(*) as output_rows,
      0 as duplicates_removed,
      0 as conflicting_duplicates,
      0 as cross_day_duplicates,
      '{}'::json as rejected,
      '{}'::json as quarantined,
      coalesce(sum(total_revenue), 0)::decimal(38, 2) as total_revenue_ngn,
      count(distinct state) as states_covered,
      case when count(*) > 0 then $partition_key || '/' || $partition_key end as date_range
    from self`,
  metadata: (ctx) => pendingAt(ctx.deps.cleaned),
  checks: [
    sqlCheck({
      name: "revenue_is_that_of_the_cleaned_rows",
      description: "To the kobo, and to the transaction.",
      sql: `
        with summary as (
          select coalesce(sum(total_revenue), 0) as revenue, coalesce(sum(transaction_count), 0) as transactions from self
        ),
        rows as (
          select coalesce(sum(amount_ngn), 0) as revenue, count(*) as transactions from cleaned
        )
        from summary, rows where summary.revenue <> rows.revenue or summary.transactions <> rows.transactions`,
    }),
  ],
});
