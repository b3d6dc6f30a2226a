/** How many processes the system has ended for want of memory: in this process's control group, else on the machine. */
import { readFileSync } from "node:fs";

export function oomKills(): number {
  source ??= sources().find((file) => countIn(file) !== undefined) ?? "";
  const kills = countIn(source) ?? 0;
  latest = { kills, at: performance.now() };
  return kills;
}

/** The same as of a moment ago: every step asks before it begins, and the system counts anew for each who asks. */
export function recentOomKills(): number {
  return performance.now() - latest.at < recentMs ? latest.kills : oomKills();
}

const recentMs = 500;
let latest = { kills: 0, at: Number.NEGATIVE_INFINITY };
let source: string | undefined;

function sources(): readonly string[] {
  const group = /^0::(.*)$/m.exec(read("/proc/self/cgroup") ?? "")?.[1] ?? "/";
  return [`/sys/fs/cgroup${group === "/" ? "" : group}/memory.events`, "/proc/vmstat"];
}

function countIn(file: string): number | undefined {
  const count = /^oom_kill (\d+)$/m.exec(read(file) ?? "")?.[1];
  return count === undefined ? undefined : Number(count);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // not a Linux, or nothing to be seen of it from here
  }
}
