/** Has a piece of work done in a process of its own: in a folder of its own, within limits, and killed whatever comes of it. */
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { IrokoError } from "@iroko/core";
import { childExecArgv, watchMemory } from "@iroko/core/engine";
import { workMemoryBytes, type Work } from "./work.ts";
import type { Answer } from "./work-main.ts";

/** work-main.ts beside the sources, work-main.js beside what is built. */
const main: string = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "work-main.ts" : "work-main.js", import.meta.url),
);

/** Gives `use` a folder that is gone afterwards. */
export async function inFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "iroko-read-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param folder where it may write
 * @throws {IrokoError} PREVIEW_FAILED when it fails, dies, holds too much memory or takes too long
 */
export async function inProcess<Result>(work: Work, folder: string, seconds: number): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const child = fork(main, [], {
    // Nothing of the server's environment: no address of a database, no key of a store.
    env: { PATH: process.env["PATH"], NODE_OPTIONS: process.env["NODE_OPTIONS"], TMPDIR: folder },
    execArgv: [...childExecArgv(process.execArgv), "--max-old-space-size=256"],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    serialization: "advanced",
  });
  const timer = setTimeout(() => reject(failed(`took longer than ${seconds} s`)), seconds * 1_000);
  using _watch = watchMemory(child.pid ?? 0, 2 * workMemoryBytes, () => reject(failed("held too much memory")));
  child.once("error", (error) => reject(failed(`could not be started: ${error.message}`)));
  child.once("exit", (code, signal) => reject(failed(`ended early (${signal ?? `code ${code}`})`)));
  child.once("message", (answer: Answer) => {
    if ("value" in answer) resolve(answer.value as Result);
    else reject(failed(`failed: ${answer.error.message}`));
  });
  child.send(work, (error) => error && reject(failed(`could not be told: ${error.message}`)));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
      await new Promise((ended) => child.once("exit", ended));
  }
}

function failed(what: string): IrokoError {
  return new IrokoError("PREVIEW_FAILED", `The process that looks into the data ${what}.`, {
    hint: "Look with the command line: iroko assets show --rows 20, or with DuckDB.",
  });
}
