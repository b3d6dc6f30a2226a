// Seven days of POS transactions, from an edge's buffer to daily revenue: makes the data, runs the pipeline, shows the result.
//   npm run demo
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { generate } from "./src/generate.ts";

interface Report {
  readonly status: string;
  readonly steps: { readonly succeeded: number };
  readonly materializations: readonly Materialization[];
}

interface Materialization {
  readonly asset: string;
  readonly partition: string | null;
  readonly uri: string;
  readonly rows: number;
  readonly bytes: number;
  readonly metadata: Readonly<Record<string, { readonly value: unknown }>>;
}

const from = "2026-11-01";
const to = "2026-11-07";
const project = import.meta.dirname;

process.exitCode = await demo();

async function demo(): Promise<number> {
  const started = performance.now();
  const made = generate({ out: path.join(project, "data"), keep: true });
  console.error(
    made.kept
      ? `Using the data in ${path.dirname(made.buffer)}.`
      : `Made seven days of POS data: ${made.rows} deliveries in ${made.buffer}.`,
  );

  const args = ["backfill", "--select", "*", "--from", from, "--to", to, "--json"];
  console.error(`$ iroko ${args.map((arg) => (arg === "*" ? "'*'" : arg)).join(" ")}\n`);
  const { code, stdout } = await iroko(args);
  if (code !== 0) {
    process.stdout.write(stdout);
    return code;
  }
  const report = JSON.parse(stdout) as Report;
  if (report.materializations.length === 0) {
    console.log("Everything was made before, and nothing has changed since. What is there: iroko assets list");
  } else {
    showRevenue(report.materializations);
    showFiles(report.materializations);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`\n${report.steps.succeeded} steps in ${seconds} s. Next, in ${path.relative(process.env["INIT_CWD"] ?? process.cwd(), project) || "."}:
  npx iroko assets show daily_revenue_summary
  npx iroko materialize --select '+daily_revenue_summary' --partition 2026-11-02
  npx iroko backfill --select '*' --stale
  npx iroko dev`);
  return 0;
}

/** The command as a shell would start it; its progress goes to the terminal. */
async function iroko(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  const manifest = createRequire(import.meta.url).resolve("@iroko/cli/package.json");
  const child = spawn(process.execPath, [path.join(path.dirname(manifest), "bin/iroko.js"), ...args], {
    cwd: project,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const code = await new Promise<number>((resolve) => child.on("close", (exitCode) => resolve(exitCode ?? 130)));
  return { code, stdout };
}

function showRevenue(all: readonly Materialization[]): void {
  const of = (asset: string) =>
    new Map(all.filter((each) => each.asset === asset).map((each) => [each.partition, each]));
  const [cleaned, quarantined] = [of("cleaned_pos_transactions"), of("quarantined_pos_deliveries")];
  const rows = all
    .filter((each) => each.asset === "daily_revenue_summary")
    .toSorted((a, b) => String(a.partition).localeCompare(String(b.partition)))
    .map(({ partition, metadata }) => {
      const clean = cleaned.get(partition);
      const rejected = Object.values((clean?.metadata["rejected"]?.value ?? {}) as Record<string, number>);
      return [
        String(partition),
        `₦${grouped(String(metadata["total_revenue_ngn"]?.value))}`,
        grouped(String(clean?.rows ?? "")),
        String(Number(clean?.metadata["duplicates_removed"]?.value)),
        String(rejected.reduce((sum, count) => sum + count, 0)),
        String(quarantined.get(partition)?.rows ?? ""),
      ];
    });
  console.log("");
  table(["DAY", "REVENUE", "TRANSACTIONS", "DUPLICATES", "REJECTED", "QUARANTINED"], rows);
}

function showFiles(all: readonly Materialization[]): void {
  const byFolder = Map.groupBy(all, ({ uri, partition }) => (partition === null ? uri : path.posix.dirname(uri)));
  const rows = [...byFolder].map(([place, files]) => [
    place.replace(/^file:\/\//, ""),
    `${files.length} ${files.length === 1 ? "file" : "files"}`,
    grouped(String(files.reduce((sum, { rows: count }) => sum + count, 0))),
    `${Math.ceil(files.reduce((sum, { bytes }) => sum + bytes, 0) / 1000)} kB`,
  ]);
  console.log("");
  table(["WRITTEN", "", "ROWS", "SIZE"], rows);
}

/** 1234567.89 → 1,234,567.89: on the digits, never through a float. */
function grouped(digits: string): string {
  return digits.replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((title, n) => Math.max(title.length, ...rows.map((row) => row[n]!.length)));
  for (const row of [header, ...rows]) {
    console.log(row.map((cell, n) => (n === 0 ? cell.padEnd(widths[n]!) : cell.padStart(widths[n]!))).join("  "));
  }
}
