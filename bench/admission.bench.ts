/**
 * How soon three steps start that are submitted while a backfill of 100,000 steps runs: of the backfill's own priority, and of
 * a higher one.
 */
import { cancelRun, setPool } from "@iroko/core/engine";
import { openEngine, quantile, type BenchEngine } from "./engine.ts";

const submits = Number(process.argv[2] ?? 10);
const slots = 2;
const hours = 100_000;

const definitions = `
  import { asset, daily, define, hourly } from "@iroko/core";
  const hours = hourly({ start: "2010-01-01-00:00", timezone: "UTC" });
  const days = daily({ start: "2010-01-01", timezone: "Africa/Lagos" });
  const tonight = { partitions: days, materialize: () => undefined };
  export const history = asset({ key: "history", partitions: hours, materialize: () => undefined });
  export const throttled = asset({ key: "throttled", partitions: hours, pools: ["narrow"], materialize: () => undefined });
  export const first = asset({ key: "first", ...tonight });
  export const second = asset({ key: "second", deps: { first }, ...tonight });
  export const third = asset({ key: "third", deps: { second }, ...tonight });
  export default define({ assets: [history, throttled, first, second, third] });
`;

const now = Temporal.Instant.from("2022-01-01T00:00:00Z");
const all = `2010-01-01-00:00..${Temporal.PlainDateTime.from("2010-01-01")
  .add({ hours: hours - 1 })
  .toString()
  .slice(0, 16)
  .replace("T", "-")}`;

await using engine = await openEngine(definitions);
await engine.startWorker(slots);
await setPool(engine.db, "narrow", 1);
await engine.ended(await engine.submit("third+ or +third", "2021-01-01")); // warm

await beside("history", 0, "submit to start, ms");
await beside("history", 10, "the same, of a higher priority");
await beside("throttled", 0, "the same, beside a pool of one");

async function beside(asset: string, priority: number, what: string): Promise<void> {
  const backfill = await engine.submit(asset, all, { now });
  await expanded(engine, backfill);
  const before = await stepsDone(engine, backfill);
  const startedAt = performance.now();
  const first: number[] = [];
  const last: number[] = [];
  for (let count = 0; count < submits; count += 1) {
    const date = Temporal.PlainDate.from("2021-02-01").add({ days: count });
    const start = Temporal.Now.instant();
    const run = await engine.submit("first or second or third", date.toString(), { now, priority });
    await engine.ended(run);
    const { rows } = await engine.db.query<{ at: Temporal.Instant }>(
      "select started_at as at from iroko.step where run = $1 order by started_at",
      [run],
    );
    first.push(start.until(rows[0]!.at).total("milliseconds"));
    last.push(start.until(rows[2]!.at).total("milliseconds"));
  }
  const rate = ((await stepsDone(engine, backfill)) - before) / ((performance.now() - startedAt) / 1000);
  await cancelRun(engine.db, backfill, "measured");
  console.log(
    `${what.padEnd(32)} ${quantile(first).toFixed(0).padStart(5)} (worst ${Math.max(...first).toFixed(0)}), goal 1000; the third of them ${quantile(last).toFixed(0)}; the backfill made ${rate.toFixed(0)} steps a second beside`,
  );
}

async function expanded({ db }: BenchEngine, run: string): Promise<void> {
  for (;;) {
    const { rows } = await db.query("select from iroko.run where id = $1 and planned = expanded", [run]);
    if (rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function stepsDone({ db }: BenchEngine, run: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>("select succeeded as n from iroko.run where id = $1", [run]);
  return rows[0]!.n;
}
