/** Processes that a service manager would keep: whatever ends is started again, until told to stop. */
import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface Supervised extends AsyncDisposable {
  /** The process that runs now; undefined while it is being started again. */
  readonly child: ChildProcess | undefined;
  readonly starts: number;
  /** What the last of them have said. */
  said(): string;
}

const pauseMs = 100;
const mostSaid = 4_000;

export function supervise(start: () => ChildProcess): Supervised {
  let child: ChildProcess | undefined;
  let over = false;
  let starts = 0;
  let said = "";
  const loop = (async () => {
    while (!over) {
      const each = start();
      child = each;
      starts += 1;
      for (const stream of [each.stdout, each.stderr]) {
        stream?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-mostSaid)));
      }
      await new Promise((resolve) => each.once("exit", resolve));
      child = undefined;
      if (!over) await sleep(pauseMs);
    }
  })();
  return {
    get child() {
      return child;
    },
    get starts() {
      return starts;
    },
    said: () => said,
    async [Symbol.asyncDispose]() {
      over = true;
      child?.kill("SIGKILL");
      await loop;
    },
  };
}

/** Processes that this one has started; Linux only, elsewhere none. */
export function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** A process that may have ended by itself meanwhile. */
export function signalTo(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
