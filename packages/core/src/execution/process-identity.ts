/**
 * Which process this is, and whether one that said the same of itself is gone for certain. A process id means something only
 * within its space: the machine, its start, and the namespaces of process ids and of time, so that neither containers nor
 * machines of one name are taken for each other. Within it, an id that nobody has, or that a process has which was started
 * at another moment, is proof. Linux only: elsewhere nothing is known, and nobody is gone.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { bootId } from "./boot-id.ts";

export interface ProcessIdentity {
  readonly space: string;
  /** Clock ticks since the machine's start. */
  readonly started: number;
}

/** undefined: where the system does not say all of it. */
export function ownIdentity(): ProcessIdentity | undefined {
  try {
    // A /proc of other namespaces shows other processes under these numbers.
    if (readlinkSync("/proc/self") !== String(process.pid)) return undefined;
    const namespaces = ["pid", "time"].map((name) => readlinkSync(`/proc/self/ns/${name}`));
    const started = statOf(process.pid)?.started;
    if (started === undefined || bootId() === "unknown") return undefined;
    return { space: [machineId(), bootId(), ...namespaces].join(" "), started };
  } catch {
    return undefined;
  }
}

/** Of a process that gave its id and identity; false where that cannot be told from here. */
export function isProcessGone(
  pid: number,
  { space, started }: ProcessIdentity,
  here: ProcessIdentity | undefined,
): boolean {
  if (space !== here?.space) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // What belongs to another user, and may be hidden in /proc, is there all the same.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  const stat = statOf(pid);
  return stat !== undefined && (stat.started !== started || "ZX".includes(stat.state));
}

/** A container may have none; its namespaces and the start of the machine name it well enough. */
function machineId(): string {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim();
  } catch {
    return "";
  }
}

function statOf(pid: number): { readonly state: string; readonly started: number } | undefined {
  try {
    // The name, in brackets, may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return { state: fields[0]!, started: Number(fields[19]) };
  } catch {
    return undefined;
  }
}
