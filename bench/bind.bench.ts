/**
 * Checking the SQL of a hundred assets without any data, as `iroko check` and `iroko dev` do; beside that of one.
 *
 * Medians of the rounds given, 9 by default.
 */
import { bindSql, parquet, sqlAsset } from "@iroko/assets";
import { asset, daily, decimal, define, snapshotOf, timestamp, type Snapshot } from "@iroko/core";
import { z } from "zod";

const rounds = Number(process.argv[2] ?? 9);
const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
const raw = asset({
  key: "raw",
  partitions: days,
  schema: z.object({ id: z.string(), amount: decimal(18, 2), event_time: timestamp() }),
  output: parquet({ path: "raw" }),
  materialize: () => [],
});

function reading(count: number): Snapshot {
  const totals = Array.from({ length: count }, (_, n) =>
    sqlAsset({
      key: `totals_${n}`,
      partitions: days,
      schema: z.object({ id: z.string(), total: decimal(38, 2), n: z.int() }),
      deps: { raw },
      sql: "select id, sum(amount) as total, count(*) as n from raw where event_time >= $window_start group by id",
      metrics: "select count(*) as rows from self",
    }),
  );
  return snapshotOf(define({ assets: [raw, ...totals] }));
}

async function median(snapshot: Snapshot): Promise<number> {
  const taken: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const from = performance.now();
    const problems = await bindSql(snapshot);
    taken.push(performance.now() - from);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
  }
  return taken.toSorted((a, b) => a - b)[rounds >> 1]!;
}

const [one, hundred] = [reading(1), reading(100)];
await bindSql(one); // loads the driver
const [ofOne, ofHundred] = [await median(one), await median(hundred)];
console.log(`one asset         ${ofOne.toFixed(0).padStart(6)} ms`);
console.log(`a hundred assets  ${ofHundred.toFixed(0).padStart(6)} ms, ${(ofHundred / ofOne).toFixed(1)} times`);
