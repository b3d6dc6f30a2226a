/**
 * A control group (cgroup v2) for each child, where the system lets this process make one: the kernel then holds the child and
 * all that it starts to their memory, and gives the worker its processor first. It is so in a service with `Delegate=yes`, and
 * in a container of its own with a writable hierarchy; elsewhere the worker watches its children (`process-limits.ts`).
 *
 * A group that hands controllers to groups below it holds no processes of its own, so the worker moves to a leaf beside its
 * children's. Where others share its group it stays where it is: they are not ours to move.
 */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface ControlGroup {
  /** Processes in it that were ended for want of memory. */
  oomKills(): number;
  /** Once its last process is gone. */
  remove(): void;
}

export interface ControlGroups {
  /** Puts a process into a group of its own; undefined where that cannot be. */
  open(pid: number, memoryBytes: number): ControlGroup | undefined;
  /** Why there are none. */
  readonly unavailable: string | undefined;
}

/** As much as `nice 5` is to the worker's own 100: inside a group, niceness counts among its own processes only. */
const childWeight = "33";

const none = (why: string): ControlGroups => ({ unavailable: why, open: () => undefined });

let ofThisProcess: ControlGroups | undefined;
/** Looked for once: afterwards the process may be in another group. */
export const ownControlGroups = (): ControlGroups => (ofThisProcess ??= controlGroups(ownGroup(), process.pid));

/** @param own the group of process `self`, as a folder */
export function controlGroups(own: string | undefined, self: number): ControlGroups {
  if (own === undefined) return none("this system has no cgroup v2");
  if (!listed(own, "cgroup.controllers").includes("memory")) return none("its cgroup has no memory controller");
  removeLeftOver(own);
  const why = handDown(own, self);
  if (why !== undefined) return none(why);
  let count = 0;
  return {
    unavailable: undefined,
    open(pid, memoryBytes) {
      const folder = join(own, `iroko-${self}-${(count += 1)}`);
      try {
        mkdirSync(folder);
        put(folder, "memory.max", String(memoryBytes));
        put(folder, "memory.oom.group", "1");
        optional(() => put(folder, "memory.swap.max", "0"));
        optional(() => put(folder, "cpu.weight", childWeight));
        put(folder, "cgroup.procs", String(pid));
      } catch {
        optional(() => rmdirSync(folder));
        return undefined;
      }
      return {
        oomKills: () => Number(/^oom_kill (\d+)$/m.exec(read(folder, "memory.events"))?.[1] ?? 0),
        remove: () => optional(() => rmdirSync(folder)),
      };
    },
  };
}

/** Lets groups below this one have their own memory and processor; why that cannot be. */
function handDown(own: string, self: number): string | undefined {
  if (listed(own, "cgroup.subtree_control").includes("memory")) return undefined;
  const leaf = join(own, `iroko-${self}-worker`);
  try {
    mkdirSync(leaf);
    put(leaf, "cgroup.procs", String(self));
    put(own, "cgroup.subtree_control", "+memory");
    optional(() => put(own, "cgroup.subtree_control", "+cpu"));
    return undefined;
  } catch (error) {
    optional(() => put(own, "cgroup.procs", String(self)));
    optional(() => rmdirSync(leaf));
    const { code } = error as NodeJS.ErrnoException;
    return code === "EBUSY"
      ? "other processes share its cgroup"
      : `its cgroup cannot be divided (${code}): Delegate=yes in its systemd unit lets it`;
  }
}

/** Of workers that were killed. One that holds processes stays. */
function removeLeftOver(own: string): void {
  for (const name of readdirSync(own)) if (/^iroko-\d+-/.test(name)) optional(() => rmdirSync(join(own, name)));
}

/** The folder of this process's group; undefined where the system keeps none in the second form. */
function ownGroup(): string | undefined {
  const path = /^0::(\/.*)$/m.exec(read("/proc/self", "cgroup"))?.[1];
  const [, root, mount] = /^\S+ \S+ \S+ (\S+) (\S+) .* - cgroup2 /m.exec(read("/proc/self", "mountinfo")) ?? [];
  if (path === undefined || root === undefined || mount === undefined) return undefined;
  return join(mount, path.startsWith(root) ? path.slice(root.length) : path);
}

const put = (folder: string, file: string, text: string): void => writeFileSync(join(folder, file), text);

const listed = (folder: string, file: string): readonly string[] => read(folder, file).trim().split(/\s+/);

function read(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), "utf8");
  } catch {
    return "";
  }
}

function optional(act: () => void): void {
  try {
    act();
  } catch {
    // it goes without
  }
}
