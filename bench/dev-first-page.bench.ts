/** How long `iroko dev` keeps a developer waiting for its first page, from nothing and with a database; and `iroko --help`. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const rounds = 5;
const iroko = fileURLToPath(new URL("../packages/cli/bin/iroko.js", import.meta.url));
const modules = fileURLToPath(new URL("../node_modules", import.meta.url));
const goals = { "first page, from nothing": 3000, "first page, with data": 1000, "iroko --help": 150 };
const measured: Record<keyof typeof goals, number[]> = {
  "first page, from nothing": [],
  "first page, with data": [],
  "iroko --help": [],
};

/** From the start of the process until the page's last byte. */
async function firstPage(folder: string): Promise<number> {
  const start = performance.now();
  const dev = spawn(process.execPath, [iroko, "dev", "--port", "0"], {
    cwd: folder,
    env: { ...process.env, DATABASE_URL: "", IROKO_HOME: "", IROKO_STORE: "" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise((resolve) => dev.once("close", resolve));
  let said = "";
  dev.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  let url: string | undefined;
  while ((url = /Iroko is at (http:\S+)/.exec(said)?.[1]) === undefined) {
    if (dev.exitCode !== null) throw new Error(said);
    await sleep(2);
  }
  await (await fetch(url)).text();
  const waited = performance.now() - start;
  dev.kill("SIGTERM");
  await ended;
  return waited;
}

for (let round = 0; round < rounds; round += 1) {
  const folder = mkdtempSync(join(tmpdir(), "iroko-bench-"));
  chmodSync(folder, 0o755); // as a project's folder is, so that root's server user can enter it
  spawnSync(process.execPath, [iroko, "init"], { cwd: folder });
  symlinkSync(modules, join(folder, "node_modules"));
  measured["first page, from nothing"].push(await firstPage(folder));
  measured["first page, with data"].push(await firstPage(folder));
  const start = performance.now();
  spawnSync(process.execPath, [iroko, "--help"], { cwd: folder });
  measured["iroko --help"].push(performance.now() - start);
  rmSync(folder, { recursive: true });
}

for (const [what, goal] of Object.entries(goals)) {
  const times = measured[what as keyof typeof goals].toSorted((a, b) => a - b);
  const [median, worst] = [times[times.length >> 1] ?? Number.NaN, times.at(-1) ?? Number.NaN];
  console.log(
    `${what.padEnd(25)} median ${median.toFixed(0).padStart(5)} ms, worst ${worst.toFixed(0).padStart(5)} ms, goal under ${goal} ms`,
  );
}
