import { asset, daily, date, decimal, define, job, schedule } from "@iroko/core";
import { parquet, range, sqlAsset, unique } from "@iroko/assets";
import { z } from "zod";

/** One partition a day, from the day that is written here until yesterday. */
const days = daily({ start: "{{start}}", timezone: "{{timezone}}" });

const RawSale = z.object({
  sale_id: z.string(),
  shop: z.string(),
  amount: z.string().nullable(),
});

/** What came in, as it came in: here it is made up, the same for a day whenever it is made. */
export const raw = asset({
  key: "raw_sales",
  group: "ingestion",
  description: "Sales as the shops have sent them, repeated and unreadable ones included.",
  partitions: days,
  schema: RawSale,
  output: parquet({ path: "raw/sales" }),
  materialize: (ctx) => salesOf(ctx.partition.key),
});

const Sale = z.object({
  sale_id: z.string(),
  shop: z.string(),
  amount: decimal(18, 2, { gt: 0 }),
  day: date(),
});

/** Each sale once, with an amount. `raw` in the SQL is the dependency of that name. */
export const cleaned = sqlAsset({
  key: "cleaned_sales",
  group: "transform",
  description: "Each sale once, with a readable amount.",
  partitions: days,
  schema: Sale,
  output: parquet({ path: "clean/sales", sortBy: ["sale_id"] }),
  deps: { raw },
  sql: `
    select distinct on (sale_id) sale_id, shop, try_cast(amount as decimal(18, 2)) as amount, $partition_key::date as day
    from raw
    where try_cast(amount as decimal(18, 2)) > 0
    order by sale_id`,
  metrics: `select (select count(*) from raw) - (select count(*) from self) as rows_dropped`,
  checks: [unique("sale_id"), range("amount", { lt: 1_000_000 })],
});

const DaySummary = z.object({
  day: date(),
  shop: z.string(),
  sales: z.int(),
  revenue: decimal(18, 2),
});

/** What people look at. */
export const summary = sqlAsset({
  key: "daily_summary",
  group: "marts",
  description: "Sales and revenue of each shop and day.",
  partitions: days,
  schema: DaySummary,
  output: parquet({ path: "marts/daily_summary", sortBy: ["shop"] }),
  deps: { cleaned },
  sql: `
    select day, shop, count(*)::bigint as sales, sum(amount)::decimal(18, 2) as revenue
    from cleaned group by all order by shop`,
  checks: [unique("shop")],
});

const dailySales = job({ key: "daily_sales", select: "+daily_summary" });

/** Every night for the day that has ended; after nights without power, for all days that were missed. */
const nightly = schedule({ key: "nightly", job: dailySales, cron: "0 2 * * *", timezone: "{{timezone}}" });

export default define({ assets: [raw, cleaned, summary], jobs: [dailySales], schedules: [nightly] });

/** A few hundred sales, drawn from the day's own numbers; some are repeated, some have no amount. */
function* salesOf(day: string): Generator<z.infer<typeof RawSale>> {
  const shops = ["Balogun", "Onitsha", "Wuse", "Kurmi"] as const;
  let state = Array.from(day).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  const random = (): number => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const count = 200 + Math.floor(random() * 200);
  for (let n = 1; n <= count; n += 1) {
    const shop = shops[Math.floor(random() * shops.length)] ?? shops[0];
    const amount = random() < 0.03 ? null : (random() * 5_000 + 50).toFixed(2);
    const sale = { sale_id: `${day}-${String(n).padStart(4, "0")}`, shop, amount };
    yield sale;
    if (random() < 0.05) yield sale;
  }
}
