/**
 * One day of two million POS records, from the buffer to the published summary: every rule and check on, through the
 * command line, embedded Postgres and a worker, against bench/pos-day-baseline.mjs, which does the same by hand and checks
 * nothing. Both run in turn on the same data, and in the first rounds seven such days by one range backfill; medians.
 *
 *   node bench/pos-day.bench.ts [--records 2000000] [--rounds 3] [--weeks 1] [--json]
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = path.dirname(fileURLToPath(import.meta.url));
const example = path.join(here, "../examples/pos-pipeline");
const iroko = path.join(here, "../packages/cli/bin/iroko.js");
const day = "2026-11-01";
const seed = 1;
/** The kernel counts processor time in hundredths of a second, whatever its clock. */
const ticksPerSecond = 100;

const { values } = parseArgs({
  options: {
    records: { type: "string", default: "2000000" },
    rounds: { type: "string", default: "3" },
    weeks: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});

interface Measured {
  readonly seconds: number;
  /** Of the process and all it started, Postgres left out; the processor's time tells more where others use it, too. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

await main(Number(values.records), Number(values.rounds), Number(values.weeks));

async function main(records: number, rounds: number, weeks: number): Promise<void> {
  const one = await data(1, records);
  const seven = weeks > 0 ? await data(7, records) : undefined;
  const baseline: Measured[] = [];
  const pipeline: Measured[] = [];
  const week: Measured[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    baseline.push(await run([path.join(here, "pos-day-baseline.mjs"), one, day], {}));
    say(`round ${round}: by hand   ${shown(baseline.at(-1)!)}`);
    pipeline.push(await materialize(one, ["materialize", "--select", "*", "--partition", day]));
    say(`round ${round}: pipeline  ${shown(pipeline.at(-1)!)}`);
    if (seven === undefined || round > weeks) continue;
    week.push(await materialize(seven, ["backfill", "--select", "*", "--from", day, "--to", "2026-11-07"]));
    say(`round ${round}: seven days ${shown(week.at(-1)!)}`);
  }
  const [byHand, oneDay] = [median(baseline), median(pipeline)];
  const ratio = oneDay.seconds / byHand.seconds;
  say(`by hand ${shown(byHand)}; pipeline ${shown(oneDay)}; ratio ${ratio.toFixed(2)} (goal 1.25, at most 1.6)`);
  const days = week.length === 0 ? undefined : { ...median(week), ...timesOf(median(week), oneDay) };
  if (days !== undefined) {
    say(
      `seven days in one range ${shown(days)}: ${days.times.toFixed(2)} times the one (less than 7), ` +
        `${days.cpuTimes.toFixed(2)} times its processor time`,
    );
  }
  if (values.json) console.log(JSON.stringify({ records, byHand, pipeline: oneDay, ratio, week: days }));
}

function timesOf(all: Measured, one: Measured): { readonly times: number; readonly cpuTimes: number } {
  return { times: all.seconds / one.seconds, cpuTimes: all.cpuSeconds / one.cpuSeconds };
}

/** Generated once, and kept between runs. */
async function data(days: number, records: number): Promise<string> {
  const folder = path.join(tmpdir(), "iroko-bench", `pos-${days}x${records}-${seed}`);
  if (existsSync(path.join(folder, "buffer.db"))) return folder;
  mkdirSync(folder, { recursive: true });
  say(`making ${days} × ${records} records in ${folder} …`);
  const options = { out: folder, days, records, dirt: 0.02, merchants: 5000, seed };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  await run([path.join(example, "generate.ts"), ...args], {});
  return folder;
}

async function materialize(folder: string, args: readonly string[]): Promise<Measured> {
  const home = mkdtempSync(path.join(tmpdir(), "iroko-bench-home-"));
  const env = {
    IROKO_HOME: home,
    POS_BUFFER: path.join(folder, "buffer.db"),
    POS_MERCHANTS: path.join(folder, "merchants.csv"),
  };
  try {
    await run([iroko, "migrate"], env); // the database is made once, and not part of a day
    return await run([iroko, ...args, "--json"], env);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Measured> {
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: example,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  let [peakBytes, cpuSeconds] = [0, 0];
  const watch = setInterval(() => {
    const used = usedBy(child.pid!);
    peakBytes = Math.max(peakBytes, used.residentBytes);
    cpuSeconds = Math.max(cpuSeconds, used.cpuSeconds);
  }, 100);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}:\n${output.slice(-4000)}`);
  return { seconds: (performance.now() - started) / 1000, cpuSeconds, peakBytes };
}

/** Of a process and all below it, those that have ended with it, by /proc; Postgres is the machine's, not the pipeline's. */
function usedBy(root: number): { readonly residentBytes: number; readonly cpuSeconds: number } {
  const parents = new Map<number, number>();
  const used = new Map<number, { residentBytes: number; cpuSeconds: number }>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      if (/^Name:\s+postgres/m.test(status)) continue;
      // after the name in brackets: from the third field on; own time in two, that of ended children in two
      const fields = readFileSync(`/proc/${name}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ")
        .map(Number);
      parents.set(Number(name), fields[1] ?? 0);
      used.set(Number(name), {
        residentBytes: 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0),
        cpuSeconds: fields.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0) / ticksPerSecond,
      });
    } catch {
      // it has just ended
    }
  }
  const isBelow = (pid: number): boolean => pid === root || (parents.has(pid) && isBelow(parents.get(pid)!));
  const mine = [...used].filter(([pid]) => isBelow(pid)).map(([, one]) => one);
  return {
    residentBytes: mine.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
    cpuSeconds: mine.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
  };
}

function median(all: readonly Measured[]): Measured {
  const middle = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
  return {
    seconds: middle(all.map(({ seconds }) => seconds)),
    cpuSeconds: middle(all.map(({ cpuSeconds }) => cpuSeconds)),
    peakBytes: middle(all.map(({ peakBytes }) => peakBytes)),
  };
}

function shown({ seconds, cpuSeconds, peakBytes }: Measured): string {
  return `${seconds.toFixed(1)} s (processor ${cpuSeconds.toFixed(1)} s), peak ${Math.round(peakBytes / 2 ** 20)} MiB`;
}

function say(line: string): void {
  console.error(line);
}
