/** Runs the lab in namespaces of its own, which take with them all that it mounts and starts, whatever ends it. */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface LabOptions {
  /** Partitions of each asset. */
  readonly days: number;
  /** 0 only tries whether a lab can be had here. */
  readonly cuts: number;
  readonly seed: number;
  /** What is switched off while it works, for the control: our own fsyncs, those of Postgres. */
  readonly unsafe: readonly ("files" | "postgres")[];
}

/** One power cut, and what came of it. */
export interface Cut {
  /** After which of so many records of the disk. */
  readonly at: number;
  readonly of: number;
  /** What is kept of the writes that no flush followed. */
  readonly mercy: string;
  /** What is started when power is back. */
  readonly back: string;
  /** Partitions that had been acknowledged. */
  readonly acknowledged: number;
  readonly lost: readonly string[];
  readonly corrupt: readonly string[];
  /** From the power's return until a step was claimed; where a run was unfinished. */
  readonly goesOnAfterSeconds?: number;
}

export async function* cutPower(options: LabOptions): AsyncGenerator<Cut, void, undefined> {
  const lab = spawn("unshare", words(options), { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve, reject) => lab.once("error", reject).once("exit", resolve));
  ended.catch(() => {});
  try {
    for await (const line of createInterface({ input: lab.stdout })) yield JSON.parse(line) as Cut;
    const code = await ended;
    if (code !== 0) throw new Error(`the lab ended with ${code}`);
  } finally {
    lab.stdin.end();
    lab.kill("SIGKILL");
  }
}

/** Why power cannot be cut here, in the system's words; undefined where it can. */
export function whyNot(): string | undefined {
  if (process.platform !== "linux") return "it needs Linux";
  if (process.getuid?.() !== 0) return "it needs root, for loop devices, FUSE and namespaces";
  const { status, stderr, error } = spawnSync("unshare", words({ days: 1, cuts: 0, seed: 0, unsafe: [] }), {
    input: "",
    encoding: "utf8",
  });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

function words(options: LabOptions): string[] {
  return [
    ...["--mount", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc"],
    ...[process.execPath, join(import.meta.dirname, "lab.ts"), JSON.stringify(options)],
  ];
}
