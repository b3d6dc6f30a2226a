/** Stages two million rows of eleven columns in a process of its own, and prints how it went. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import {
  decimal,
  json,
  readSchema,
  timestamp,
  type PartitionId,
  type StepScope,
} from "../../packages/core/src/index.ts";
import { parquet, query } from "../../packages/assets/src/index.ts";

const { schema } = readSchema(
  z.object({
    id: z.string().length(32),
    created_at: timestamp(),
    transaction_id: z.string().min(1),
    merchant_id: z.string().regex(/^M\d+$/),
    terminal_id: z.string(),
    customer_id: z.string(),
    amount_ngn: decimal(18, 2, { gte: 0 }),
    event_time: timestamp(),
    phone_number: z.string().max(16).nullable(),
    channel: z.enum(["chip", "contactless"]),
    extra: json().nullable(),
  }),
);
const text = `
  select md5(i::VARCHAR) as id, make_timestamptz(1793487600000000 + (hash(i) % 86400000000)::BIGINT) as created_at,
    'T000-' || i as transaction_id, 'M' || hash(i) % 5000 as merchant_id, 'POS' || hash(i + 1) % 9000 as terminal_id,
    'C' || hash(i + 2) % 300000 as customer_id, ((hash(i + 3) % 10000000)::DECIMAL(18, 2) * 0.01)::DECIMAL(18, 2) as amount_ngn,
    make_timestamptz(1793487600000000 + (hash(i) % 86400000000)::BIGINT) as event_time,
    '+234' || hash(i + 2) % 10000000000 as phone_number, ['chip', 'contactless'][1 + (hash(i + 5) % 2)::INTEGER] as channel,
    null::JSON as extra
  from range(2000000) t(i)`;

const directory = mkdtempSync(join(tmpdir(), "iroko-two-million-"));
const closers: (() => void | Promise<void>)[] = [];
const silent = () => undefined;
const scope: StepScope = {
  directory,
  memoryBytes: Number(process.argv[2]),
  threads: 2,
  signal: new AbortController().signal,
  log: { debug: silent, info: silent, warn: silent, error: silent },
  onClose: (close) => void closers.push(close),
};
const { rows, sha256 } = await parquet({ path: "big", sortBy: ["created_at", "id"] }).stage(query({ scope }, text), {
  asset: "big",
  partition: { id: "" as PartitionId, key: "" },
  schema,
  file: join(directory, "big.parquet"),
  scope,
});
for (const close of closers) await close();
rmSync(directory, { recursive: true });
console.log(JSON.stringify({ rows, sha256, peakBytes: process.resourceUsage().maxRSS * 1024 }));
