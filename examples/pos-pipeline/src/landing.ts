import {
  env,
  externalAsset,
  json,
  multiAsset,
  output,
  sensitive,
  timestamp,
  decimal,
  type AnyAsset,
} from "@iroko/core";
import { parquet, posBuffer, rowCount } from "@iroko/assets";
import { z } from "zod";
import { days, start, timezone } from "./days.ts";

const buffer = posBuffer({ path: env("POS_BUFFER", { default: "data/buffer.db" }), start, timezone });

const Transaction = z.object({
  id: z.string(),
  created_at: timestamp(),
  transaction_id: z.string().min(1),
  merchant_id: z.string().min(1),
  terminal_id: z.string().nullable(),
  customer_id: sensitive(z.string()).nullable(),
  amount_ngn: decimal(18, 2),
  event_time: timestamp(),
  phone_number: sensitive(z.string()).nullable(),
  channel: z.string().nullable(),
  extra: json().nullable(),
});

const Quarantined = z.object({
  id: z.string(),
  created_at: timestamp(),
  payload: sensitive(z.string()),
  reason: z.enum([
    "not_json",
    "checksum_mismatch",
    "missing_field",
    "bad_amount",
    "bad_time",
    "clock_ahead",
    "before_start",
  ]),
});

/** What the edge has delivered of each day, as far as it is known: late deliveries change it, the forwarder's clean-up does not. */
export const deliveries = externalAsset({
  key: "pos_buffer",
  group: "ingestion",
  kinds: ["sqlite"],
  description: "The edge's buffer: deliveries that its forwarder has sent.",
  partitions: days,
  resources: { buffer },
  compares: (): Readonly<Record<string, AnyAsset>> => ({ raw: landing.raw, quarantine: landing.quarantine }),
  observe: (ctx) => ctx.resources.buffer.observe(ctx.partitions, ctx.current),
});

/** Every delivery, once: what can be read as a transaction, and what cannot, with the reason. Many days take one scan. */
export const landing = multiAsset({
  outputs: {
    raw: output({
      key: "raw_pos_transactions",
      group: "ingestion",
      description: "Transactions by the day in which they happened. Cumulative; nothing is deduplicated.",
      schema: Transaction,
      output: parquet({ path: "raw/pos_transactions", sortBy: ["created_at", "id"] }),
      checks: [
        rowCount({
          name: "quiet_day",
          description: "No rows, or fewer than half of what the week before would suggest.",
          min: 1,
          atLeastOfMedian: { partitions: 7, factor: 0.5 },
          severity: "warn",
        }),
      ],
    }),
    quarantine: output({
      key: "quarantined_pos_deliveries",
      group: "ingestion",
      description: "Deliveries that are no transactions, by the day in which the edge took them in, with the reason.",
      schema: Quarantined,
      output: parquet({ path: "quarantine/pos_transactions", sortBy: ["created_at", "id"] }),
    }),
  },
  partitions: days,
  deps: { deliveries },
  resources: { buffer },
  config: z.object({
    /** Lets a day hold fewer rows than it did. */
    allowShrink: z.boolean().default(false),
  }),
  backfill: "range",
  readsPrevious: true,
  materialize: (ctx) =>
    ctx.resources.buffer.read(ctx.partitions, ctx.previous, { source: "deliveries", ...ctx.config }),
});
