/** How many processes the system has ended for want of memory: in this process's control group, else on the machine. */
import { readFileSync } from "node:fs";

export function oomKills(): number {
  return countIn(`/sys/fs/cgroup${controlGroup()}/memory.events`) ?? countIn("/proc/vmstat") ?? 0;
}

function controlGroup(): string {
  const path = /^0::(.*)$/m.exec(read("/proc/self/cgroup") ?? "")?.[1] ?? "/";
  return path === "/" ? "" : path;
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
