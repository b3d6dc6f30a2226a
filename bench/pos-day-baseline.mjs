// The POS day by hand: the yardstick for the pipeline's speed. No planning, hashing, contract, check, publishing or log.
// usage: node baseline.mjs DIR DAY   (DIR holds buffer.db and merchants.csv; needs @duckdb/node-api on the module path)
import { DuckDBInstance } from "@duckdb/node-api";
import { DatabaseSync } from "node:sqlite";
import fs from "node:fs";

const [dir, day] = process.argv.slice(2);
const out = fs.mkdtempSync(`${dir}/baseline-`);
const started = performance.now();
const seconds = (since) => ((performance.now() - since) / 1000).toFixed(2);

const rows = new DatabaseSync(`${dir}/buffer.db`, { readOnly: true }).prepare(
  "select id, created_at, payload from buffer where status = 'sent' order by created_at, id",
);
rows.setReturnArrays(true);
const fd = fs.openSync(`${out}/buffer.ndjson`, "w");
let lines = [],
  size = 0,
  count = 0;
for (const [id, createdAt, payload] of rows.iterate()) {
  const line = `{"id":${JSON.stringify(id)},"created_at":${createdAt},"payload":${JSON.stringify(payload)}}\n`;
  lines.push(line);
  size += line.length;
  count += 1;
  if (size > 1 << 22) {
    fs.writeSync(fd, lines.join(""));
    lines = [];
    size = 0;
  }
}
fs.writeSync(fd, lines.join(""));
fs.closeSync(fd);
console.log(`buffer: ${count} rows, ${seconds(started)} s`);

const db = await (
  await DuckDBInstance.create(":memory:", {
    memory_limit: "900MB",
    threads: "2",
    temp_directory: `${out}/spill`,
    preserve_insertion_order: "false",
  })
).connect();
const copy = async (name, query) => {
  const since = performance.now();
  await db.run(
    `copy (${query}) to '${out}/${name}.parquet' (format parquet, compression zstd, compression_level 6, row_group_size 100000)`,
  );
  console.log(`${name}: ${seconds(since)} s`);
};
await db.run("set timezone = 'UTC'");
const record = `{"transaction_id":"VARCHAR","merchant_id":"VARCHAR","terminal_id":"VARCHAR","customer_id":"VARCHAR","phone_number":"VARCHAR","channel":"VARCHAR","amount_ngn":"DECIMAL(18,2)","event_time":"TIMESTAMP"}`;
await copy(
  "raw",
  `with s as (select id, created_at, case when json_valid(payload) then from_json(payload, '${record}') end r
  from read_json('${out}/buffer.ndjson', format = 'newline_delimited', columns = {id: 'VARCHAR', created_at: 'DOUBLE', payload: 'VARCHAR'}))
  select id, created_at, r.* from s where r is not null and (r.event_time + interval 1 hour)::date = date '${day}'`,
);
await copy(
  "clean",
  `with d as (select * from '${out}/raw.parquet' qualify row_number() over (partition by transaction_id order by created_at, id) = 1)
  select d.*, m.state, m.lga, m.merchant_category, (event_time + interval 1 hour)::date event_date
  from d left join '${dir}/merchants.csv' m using (merchant_id) where amount_ngn > 0 and amount_ngn < 100000000`,
);
await copy(
  "daily",
  `select state, lga, merchant_category, event_date, sum(amount_ngn) total_revenue, count(*) transaction_count,
  count(distinct merchant_id) unique_merchants, avg(amount_ngn) avg_transaction from '${out}/clean.parquet' group by all`,
);
console.log(`total: ${seconds(started)} s, peak RSS ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
fs.rmSync(out, { recursive: true });
