import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Logger, StepScope } from "../../definitions/io-manager.ts";
import type { StepMessage, StepSpec } from "../step-protocol.ts";
import { toJson } from "./to-json.ts";
import { inUserCode } from "./user-code.ts";

/** A step's scope with its end: what was lent is given back, last lent first, and the step's folder is wiped. */
export interface OpenScope extends StepScope {
  /** @throws what the first failing callback threw, once all have run */
  close(): Promise<void>;
}

export function openScope(spec: StepSpec, tell: (message: StepMessage) => void, signal: AbortSignal): OpenScope {
  const closers: (() => void | Promise<void>)[] = [];
  const folder = join(spec.directory, "scratch");
  let madeFolder = false;
  return {
    get directory() {
      // Most steps need no scratch space: it is made for the first that asks.
      if (!madeFolder) mkdirSync(folder, { recursive: true });
      madeFolder = true;
      return folder;
    },
    memoryBytes: spec.memoryBytes,
    threads: spec.threads,
    signal,
    log: teller(tell),
    onClose(close) {
      closers.push(close);
    },
    async close() {
      const failures: unknown[] = [];
      // A callback may register another one: it runs next.
      for (let close = closers.pop(); close; close = closers.pop()) {
        await inUserCode("Closing the step", close).catch((failure: unknown) => failures.push(failure));
      }
      if (madeFolder) rmSync(folder, { recursive: true, force: true });
      if (failures.length > 0) throw failures[0];
    },
  };
}

function teller(tell: (message: StepMessage) => void): Logger {
  const at = (level: "debug" | "info" | "warn" | "error"): Logger["info"] => {
    return (message, fields) =>
      tell({
        type: "log",
        level,
        message,
        ...(fields === undefined ? {} : { fields: toJson(fields) }),
        at: Temporal.Now.instant().toString(),
      });
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
