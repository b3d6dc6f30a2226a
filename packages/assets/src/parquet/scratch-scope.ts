import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { StepScope } from "@iroko/core";

export interface ScratchScope extends AsyncDisposable {
  readonly scope: StepScope;
}

/** A scope outside any step, for looking at things: it closes when it is disposed of. */
export async function scratchScope(memoryBytes: number = 512 * 2 ** 20): Promise<ScratchScope> {
  const directory = await mkdtemp(join(tmpdir(), "iroko-"));
  const closers: (() => void | Promise<void>)[] = [];
  const silent = () => undefined;
  const scope: StepScope = {
    directory,
    memoryBytes,
    threads: availableParallelism(),
    signal: new AbortController().signal,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    onClose: (close) => void closers.push(close),
  };
  return {
    scope,
    [Symbol.asyncDispose]: async () => {
      for (const close of closers.toReversed()) await close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
