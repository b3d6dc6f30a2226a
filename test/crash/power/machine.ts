/**
 * A machine with one disk, to be switched on and to lose its power: a bash in process, mount and IPC namespaces of its own,
 * with a boot id of its own. Its power fails by killing its first process: the kernel then kills all others, Postgres
 * included, at once. As after a real boot, process ids begin anew and shared memory is gone.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../../support/wait-for.ts";
import { effort } from "../effort.ts";
import { mountImage, unmount } from "./disks.ts";
import { disk, output, project } from "./place.ts";

/** How long anything may take on a machine that others use too. */
export const patience = { seconds: effort(120, 600) };

export interface Command {
  readonly name: string;
  /** Undefined while it goes on. */
  exitCode(): number | undefined;
  printed(): string;
}

export interface Machine {
  readonly bootId: string;
  /** Starts a command in the project; it goes on until it ends or the power does. */
  start(name: string, ...command: readonly string[]): Command;
  cutPower(): Promise<void>;
}

/**
 * @param image a file that holds an ext4, or the recorder's
 * @throws when it cannot be mounted
 */
export async function switchOn(image: string, env: Readonly<Record<string, string>> = {}): Promise<Machine> {
  const bootId = randomUUID();
  const folder = join(output, bootId);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "boot-id"), `${bootId}\n`);
  await mountImage(image);
  const machine = spawn("unshare", ["--mount", "--pid", "--ipc", "--fork", "--mount-proc", "bash"], {
    stdio: ["pipe", "ignore", openSync(join(folder, "complaints"), "w")],
    cwd: "/",
    env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", NO_COLOR: "1", ...env },
  });
  const type = (line: string): void => void machine.stdin?.write(`${line}\n`);
  type(`mount --bind ${join(folder, "boot-id")} /proc/sys/kernel/random/boot_id`);
  type("mount -t tmpfs shm /dev/shm");
  type(`cd ${project}`);
  let commands = 0;
  return {
    bootId,
    start(name, ...command) {
      const prefix = join(folder, `${++commands}-${name.replaceAll(" ", "-")}`);
      const words = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
      type(`(${words} >${prefix}.out 2>&1 </dev/null; echo $? >${prefix}.exit) &`);
      return {
        name,
        exitCode: () => {
          const text = existsSync(`${prefix}.exit`) ? readFileSync(`${prefix}.exit`, "utf8") : "";
          return text === "" ? undefined : Number(text);
        },
        printed: () => (existsSync(`${prefix}.out`) ? readFileSync(`${prefix}.out`, "utf8") : ""),
      };
    },
    async cutPower() {
      const ended = once(machine, "exit");
      process.kill(firstProcess(machine), "SIGKILL");
      await ended;
      await unmount(disk);
    },
  };
}

/** @throws with what it printed, unless it ends well */
export async function succeeds(command: Command): Promise<void> {
  await waitFor(`${command.name} to end`, () => hasEndedWell(command), patience);
}

/** Of a worker: until it takes steps. */
export async function isReady(command: Command): Promise<void> {
  await waitFor(`${command.name} to be ready`, () => saysReady(command) || failIfEnded(command), patience);
}

/** @throws with what it printed, when it has ended badly */
export function hasEndedWell(command: Command): boolean {
  // Asked once: it may end between two questions.
  const exitCode = command.exitCode();
  if (exitCode === undefined || exitCode === 0) return exitCode === 0;
  throw endedWith(command, exitCode);
}

export function failIfEnded(command: Command): undefined {
  const exitCode = command.exitCode();
  if (exitCode !== undefined) throw endedWith(command, exitCode);
}

const endedWith = ({ name, printed }: Command, exitCode: number): Error =>
  new Error(`${name} ended with ${exitCode}: ${printed()}`);

const saysReady = (command: Command): boolean => / is ready/.test(command.printed());

function firstProcess({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());
}
