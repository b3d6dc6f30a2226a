/** A small instance whose assets are Parquet and SQL: for what the page shows of data, of columns and of versions. */
import { dataReader } from "@iroko/assets";
import { sample, type Sample } from "./sample.ts";

const definitions = `
  import { z } from "zod";
  import { asset, daily, define, externalAsset, fixed, job, multi, schedule, sensitive } from "@iroko/core";
  import { parquet, sqlAsset, sqlCheck, unique } from "@iroko/assets";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const Sale = z.object({ id: z.int(), phone: sensitive(z.string()).nullable(), amount: z.int(), note: z.string().nullable() });
  const till = externalAsset({ key: "till" });
  export const sales = asset({
    key: "shop/sales", group: "raw", partitions: days, schema: Sale, output: parquet({ path: "raw/sales", sortBy: ["id"] }), deps: { till },
    materialize: (ctx) => Array.from({ length: 120 }, (_, id) => ({
      id, phone: id === 0 ? null : "+2348000" + id, amount: id === 7 ? -5 : id * 10, note: id === 1 ? "x".repeat(2000) : "<b>" + ctx.partition.key,
    })),
  });
  export const totals = sqlAsset({
    key: "totals", group: "marts", partitions: days, deps: { sales },
    schema: z.object({ day: z.string(), revenue: z.int(), sold: z.int() }),
    sql: "select $partition_key as day, sum(amount)::bigint as revenue, count(*) as sold from sales where note is not null",
    columnLineage: { day: { inputFields: ["sales"], description: "of the till" } },
    checks: [sqlCheck({ name: "no_refunds", sql: "select id, amount from sales where amount < 0", severity: "warn" })],
  });
  export const mailing = asset({ key: "mailing", partitions: days, deps: { sales }, schema: z.object({ n: z.int() }), output: jsonLines("mailing"), materialize: () => [{ n: 1 }] });
  export const letters = asset({
    key: "letters", partitions: days, deps: { sales }, schema: z.object({ to: z.string(), text: z.string() }), output: jsonLines("letters"),
    columnLineage: { to: { inputFields: ["sales.phone"], transformation: "identity" } }, materialize: () => [],
  });
  export const cube = asset({
    key: "cube", partitions: multi({ shop: fixed(["Lagos", "Kano"]), day: days }), schema: z.object({ n: z.int() }), output: jsonLines("cube"),
    materialize: () => [{ n: 1 }],
  });
  const nightly = job({ key: "nightly", select: "+totals" });
  export default define({
    assets: [till, sales, totals, mailing, letters, cube], jobs: [nightly],
    schedules: [schedule({ key: "every_night", job: nightly, cron: "0 2 * * *", timezone: "Africa/Lagos" })],
  });
`;

export const assetSample = (): Promise<Sample> => sample({ module: definitions, dataReader: dataReader() });
