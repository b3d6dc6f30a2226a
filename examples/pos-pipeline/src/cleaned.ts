import { date, decimal, dep, sensitive, timeWindow, timestamp } from "@iroko/core";
import { parquet, range, sqlAsset, sqlCheck, unique } from "@iroko/assets";
import { z } from "zod";
import { days } from "./days.ts";
import { landing } from "./landing.ts";
import { merchants } from "./merchants.ts";
import { pendingAt } from "./pending.ts";

const CleanTransaction = z.object({
  id: z.string(),
  created_at: timestamp(),
  transaction_id: z.string().min(1),
  merchant_id: z.string().min(1),
  terminal_id: z.string().nullable(),
  customer_id: sensitive(z.string()).nullable(),
  amount_ngn: decimal(18, 2, { gt: 0, lt: 100_000_000 }),
  event_time: timestamp(),
  channel: z.string().nullable(),
  merchant_name: z.string().nullable(),
  merchant_category: z.string().nullable(),
  state: z.string().nullable(),
  lga: z.string().nullable(),
  event_date: date(),
});

/** Each transaction of the day once, the first delivery counts; amounts in range; with what is known of the merchant. */
export const cleaned = sqlAsset({
  key: "cleaned_pos_transactions",
  group: "transform",
  description: "Transactions without duplicates and impossible amounts, with their merchants. Phone numbers end here.",
  partitions: days,
  schema: CleanTransaction,
  output: parquet({ path: "clean/pos_transactions", sortBy: ["transaction_id"] }),
  deps: {
    raw: landing.raw,
    merchants,
    // Weak: a duplicate across days is worth a warning, and no reason to make this day again when that one changes.
    earlier: dep(landing.raw, {
      map: timeWindow({ startOffset: -3, endOffset: -1, allowNonexistent: true }),
      weak: true,
    }),
  },
  sql: `
    with repeated as (
      select transaction_id from raw group by transaction_id having count(*) > 1
    ),
    firsts as (
      select * from raw anti join repeated using (transaction_id)
      union all
      select * from raw semi join repeated using (transaction_id)
      qualify row_number() over (partition by transaction_id order by created_at, id) = 1
    )
    select firsts.* exclude (phone_number, extra), merchant_name, merchant_category, state, lga,
      $partition_key::date as event_date
    from firsts left join merchants using (merchant_id)
    where amount_ngn > 0 and amount_ngn < 100_000_000`,
  metrics: `
    with repeated as (
      select transaction_id from raw group by transaction_id having count(*) > 1
    ),
    copies as (
      select amount_ngn, first(amount_ngn) over transaction as kept, row_number() over transaction as nth
      from raw semi join repeated using (transaction_id)
      window transaction as (partition by transaction_id order by created_at, id)
    ),
    duplicates as (
      select count(*) as removed, count(*) filter (where amount_ngn <> kept) as conflicting from copies where nth > 1
    ),
    firsts as (
      select amount_ngn from raw anti join repeated using (transaction_id) where amount_ngn <= 0 or amount_ngn >= 100_000_000
      union all
      select amount_ngn from copies where nth = 1
    ),
    rejected as (
      select count(*) filter (where amount_ngn <= 0) as too_low, count(*) filter (where amount_ngn >= 100_000_000) as too_large
      from firsts
    ),
    clean as (
      select count(*) as rows, coalesce(sum(amount_ngn), 0)::decimal(38, 2) as revenue, count(distinct state) as states from self
    )
    select
      clean.rows as row_count,
      (select count(*) from raw) as input_rows,
      clean.rows as output_rows,
      duplicates.removed as duplicates_removed,
      duplicates.conflicting as conflicting_duplicates,
      (select count(distinct transaction_id) from raw semi join earlier using (transaction_id)) as cross_day_duplicates,
      json_object('amount_not_positive', rejected.too_low, 'amount_too_large', rejected.too_large) as rejected,
      '{}'::json as quarantined,
      clean.revenue as total_revenue_ngn,
      clean.states as states_covered,
      case when clean.rows > 0 then $partition_key || '/' || $partition_key end as date_range
    from clean, duplicates, rejected`,
  metadata: (ctx) => pendingAt(ctx.deps.raw),
  checks: [
    unique("transaction_id"),
    range("amount_ngn", { gt: 0, lt: 100_000_000 }),
    sqlCheck({
      name: "conservation",
      description: "Rows of raw = duplicates removed + rejected + cleaned.",
      sql: `
        with repeated as (
          select transaction_id from raw group by transaction_id having count(*) > 1
        ),
        copies as (
          select min_by(amount_ngn, (created_at, id)) as amount_ngn, count(*) as deliveries
          from raw semi join repeated using (transaction_id)
          group by transaction_id
        ),
        firsts as (
          select amount_ngn from raw anti join repeated using (transaction_id)
          union all
          select amount_ngn from copies
        ),
        counted as (
          select
            (select count(*) from raw) as raw_rows,
            (select coalesce(sum(deliveries - 1), 0) from copies) as duplicates,
            (select count(*) from firsts where amount_ngn <= 0 or amount_ngn >= 100_000_000) as rejected,
            (select count(*) from self) as cleaned
        )
        from counted where raw_rows <> duplicates + rejected + cleaned`,
    }),
    sqlCheck({
      name: "conflicting_duplicates",
      description: "Deliveries of one transaction that name different amounts.",
      sql: `
        with repeated as (
          select transaction_id from raw group by transaction_id having count(*) > 1
        )
        select transaction_id, list(distinct amount_ngn) as amounts
        from raw semi join repeated using (transaction_id)
        group by transaction_id
        having count(distinct amount_ngn) > 1`,
      severity: "warn",
    }),
    sqlCheck({
      name: "cross_day_duplicates",
      description: "Transactions that one of the three days before has, too.",
      sql: "select distinct transaction_id from raw semi join earlier using (transaction_id)",
      severity: "warn",
    }),
  ],
});
