/** The `iroko` command as a subprocess, as a user's shell would start it. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface CliResult {
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  /** Over this process's environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Killed and failed after so long; default 60. */
  readonly seconds?: number;
}

export interface RunningCli {
  readonly child: ChildProcess;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<CliResult>;
}

const iroko = fileURLToPath(new URL("../../packages/cli/bin/iroko.js", import.meta.url));

export async function runCli(args: readonly string[], options?: CliOptions): Promise<CliResult> {
  return await startCli(args, options).ended;
}

/** For a command that goes on until it is told to stop: kill `child`, or wait for a line in `stdout()`. */
export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  const { cwd, env, input, seconds = 60 } = options;
  const child = spawn(process.execPath, [iroko, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    // A test runner's own variables would make a nested `node --test` of it.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, NO_COLOR: "1", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.end(input);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, seconds * 1000);
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, signal) => {
      clearTimeout(timer);
      if (isLate) reject(new Error(`iroko ${args.join(" ")} had not ended after ${seconds} s\n${stdout}\n${stderr}`));
      else resolve({ exitCode: exitCode ?? undefined, signal: signal ?? undefined, stdout, stderr });
    });
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}
