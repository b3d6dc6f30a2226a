/** The project on the recorded disk: two daily assets, whose bytes are others each time that they are made. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const repo = fileURLToPath(new URL("../../../", import.meta.url));

const definitions = `
  import { randomBytes } from "node:crypto";
  import { z } from "zod";
  import { asset, daily, define } from "@iroko/core";
  import { parquet, sqlAsset } from "@iroko/assets";
  const days = daily({ start: "2026-11-01", timezone: "UTC" });
  const schema = z.object({ shop: z.string(), kobo: z.int(), receipt: z.string() });
  export const sales = asset({
    key: "sales", partitions: days, schema, output: parquet({ path: "raw/sales" }),
    materialize: () => Array.from({ length: 1000 }, (_, i) => (
      { shop: "shop " + (i % 7), kobo: i, receipt: randomBytes(24).toString("hex") }
    )),
  });
  export const revenue = sqlAsset({
    key: "revenue", partitions: days, schema, output: parquet({ path: "marts/revenue" }), deps: { sales },
    sql: "select shop, sum(kobo)::integer as kobo, max(receipt) as receipt from sales group by shop",
  });
  export default define({ assets: [sales, revenue] });
`;

const folders: Readonly<Record<string, string>> = { sales: "raw/sales", revenue: "marts/revenue" };

export const home = ".iroko";
export const assets: readonly string[] = Object.keys(folders);

export function writeProject(folder: string): void {
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(repo, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "shop", type: "module", private: true }));
  writeFileSync(join(folder, "iroko.config.ts"), definitions);
}

function iroko(...args: readonly string[]): readonly string[] {
  return [process.execPath, join(repo, "packages/cli/bin/iroko.js"), ...args];
}

/** The words of the commands. */
export const worker: readonly string[] = iroko("worker", "--slots", "2");

/** Fails when an invariant does not hold. */
export const doctor: readonly string[] = iroko("doctor", "--strict");

export function backfill(days: number, ...options: readonly string[]): readonly string[] {
  const last = Temporal.PlainDate.from("2026-11-01").add({ days: days - 1 });
  return iroko("backfill", "--select", "*", "--from", "2026-11-01", "--to", last.toString(), ...options);
}

/** Files of the store, from the project's folder. A partition's name in the tables begins with its day. */
export const objectFile = (objectKey: string): string => join(home, "store", objectKey);
export const stableFile = (asset: string, partition: string): string =>
  join(home, "store", folders[asset] ?? asset, `${partition.slice(0, 10)}.parquet`);
