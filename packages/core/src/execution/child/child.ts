import { fork, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Logger } from "../../definitions/io-manager.ts";
import type { Snapshot } from "../../definitions/snapshot.ts";
import { IrokoError, type ErrorCode, type ErrorRecord } from "../../errors.ts";
import type { PartitionSetJson } from "../../partitions/partition-set.ts";
import { redactorOf, type Redactor } from "../redaction.ts";
import type { FromChild, StepMessage, StepSpec, ToChild } from "../step-protocol.ts";
import { childExecArgv, childEnvironment } from "./child-environment.ts";
import { LastLines } from "./last-lines.ts";
import type { ControlGroup, ControlGroups } from "./control-groups.ts";
import { giveWay, memoryLimitOf, watchMemory } from "./process-limits.ts";
import { StepOutput } from "./step-output.ts";

export interface ChildOptions {
  /** The definitions module, an absolute path. */
  readonly module: string;
  /** Node's own arguments; by default those of this process that decide how modules are found. */
  readonly execArgv?: readonly string[];
  /** Instead of this process's environment; the database's address is left out of either. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What is printed while no step runs: it belongs to none. */
  readonly log?: Logger;
  /** How long the module may take to load; 120 s. */
  readonly loadSeconds?: number;
  /** What a slot may hold, by the kernel's own hand where it lends one; else the child is watched. */
  readonly memory?: { readonly groups: ControlGroups; readonly slotBytes: number };
}

export interface StepHandlers {
  readonly onMessage: (message: StepMessage) => void;
  readonly onOutput: (stream: "stdout" | "stderr", text: string) => void;
  /** Cancels the step: it is told so, and killed 2 s later. */
  readonly signal?: AbortSignal;
}

/** How a step ended in its child. */
export type ChildOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly error: ErrorRecord }
  | { readonly kind: "canceled" }
  /** The process went under it; the last lines it printed may tell why. */
  | {
      readonly kind: "died";
      readonly code: number | null;
      readonly signal: string | null;
      readonly lastLines: readonly string[];
    };

const cancelGraceMs = 2_000;
/** A process that was left behind by user code may hold the pipes open for ever. */
const outputAfterExitMs = 250;

/** One child process, as its worker holds it. It runs one step at a time. */
export class Child {
  stepsRun = 0;
  isReady = false;
  /** As of the last step's end. */
  rssBytes = 0;
  /** Resolves once its definitions are loaded. */
  readonly ready: Promise<Snapshot>;
  readonly exited: Promise<Death>;
  readonly #process: ChildProcess;
  readonly #lastLines = new LastLines(20);
  readonly #log: Logger | undefined;
  readonly #redactor: Redactor;
  readonly #group: ControlGroup | undefined;
  readonly #limit: number;
  #exiting = false;
  /** For want of memory in its group. */
  #endedByKernel = false;
  #death: Death | undefined;
  #step: RunningStep | undefined;
  #mapping: RunningMapping | undefined;
  #loading: PromiseWithResolvers<Snapshot> | undefined = Promise.withResolvers<Snapshot>();

  constructor(options: ChildOptions) {
    this.#log = options.log;
    this.#redactor = redactorOf(process.env, options.env ?? {});
    this.#process = fork(childMain, [options.module, String(process.pid)], {
      serialization: "advanced",
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      execArgv: [...(options.execArgv ?? childExecArgv(process.execArgv))],
      env: childEnvironment(options.env ?? process.env),
    });
    const { pid } = this.#process;
    this.#limit = memoryLimitOf(options.memory?.slotBytes ?? 0);
    if (pid !== undefined) {
      giveWay(pid);
      this.#group = options.memory?.groups.open(pid, this.#limit);
    }
    this.ready = this.#loading!.promise;
    this.ready.catch(() => {}); // whoever waits for it hears of it
    this.exited = this.#watchExit(options.module);
    this.#process.on("message", (message) => this.#hear(this.#redactor.message(message as FromChild)));
    this.#read("stdout", this.#process.stdout!);
    this.#read("stderr", this.#process.stderr!);
    this.#limitLoading(options.module, options.loadSeconds ?? 120);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get isAlive(): boolean {
    return (
      !this.#exiting &&
      this.#death === undefined &&
      this.#process.exitCode === null &&
      this.#process.signalCode === null
    );
  }

  /** @throws {IrokoError} never: what becomes of the step is the outcome */
  async run(spec: StepSpec, { onMessage, onOutput, signal }: StepHandlers): Promise<ChildOutcome> {
    this.stepsRun += 1;
    const token = randomBytes(16).toString("hex");
    const step: RunningStep = {
      onMessage,
      outputs: {
        stdout: new StepOutput(token, this.#redactor, (text) => onOutput("stdout", text)),
        stderr: new StepOutput(token, this.#redactor, (text) => onOutput("stderr", text)),
      },
      ended: Promise.withResolvers(),
      outcome: undefined,
      canceled: false,
    };
    this.#step = step;
    if (this.#death) this.#settleByDeath(this.#death);
    else this.#tell({ type: "run", spec, token });
    const limit = memoryLimitOf(spec.memoryBytes);
    using _watch =
      this.#group === undefined
        ? watchMemory(this.#process.pid ?? 0, limit, (bytes) => {
            step.outcome ??= { kind: "failed", error: tooMuchMemory(`held ${gib(bytes)} of memory`, limit) };
            this.kill();
          })
        : undefined;
    let killer: NodeJS.Timeout | undefined;
    const cancel = (): void => {
      step.canceled = true;
      this.#tell({ type: "cancel" });
      killer = setTimeout(() => this.kill(), cancelGraceMs);
    };
    if (signal?.aborted) cancel();
    else signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await step.ended.promise;
    } finally {
      clearTimeout(killer);
      signal?.removeEventListener("abort", cancel);
      this.#step = undefined;
    }
  }

  /** Asks a mapping function; tells its answers in batches. Only while no step runs. */
  async map(
    mapping: string,
    set: PartitionSetJson,
    onBatch: (batch: Extract<FromChild, { readonly type: "mapped" }>) => void,
  ): Promise<{ readonly kind: "done" | "died" } | { readonly kind: "failed"; readonly error: ErrorRecord }> {
    const ended = Promise.withResolvers<ErrorRecord | undefined>();
    this.#mapping = { onBatch, ended: ended.resolve };
    this.#tell({ type: "map", mapping, set });
    const outcome = await Promise.race([
      ended.promise.then((error) => (error ? { kind: "failed" as const, error } : { kind: "done" as const })),
      this.exited.then(() => ({ kind: "died" as const })),
    ]);
    this.#mapping = undefined;
    return outcome;
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #tell(message: ToChild): void {
    // A child that is gone is heard of by its exit.
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  #hear(message: FromChild): void {
    switch (message.type) {
      case "ready":
        this.isReady = true;
        this.#loading?.resolve(message.snapshot);
        this.#loading = undefined;
        return;
      case "broken":
        this.#loading?.reject(errorOf(message.error));
        this.#loading = undefined;
        return;
      case "done":
      case "canceled":
        this.rssBytes = message.rssBytes;
        return this.#end({ kind: message.type });
      case "failed":
        this.rssBytes = message.rssBytes;
        this.#exiting = message.exiting ?? false;
        return this.#end({ kind: "failed", error: message.error });
      case "told":
        for (const told of message.messages) this.#step?.onMessage(told);
        return;
      case "mapped":
        this.#mapping?.onBatch(message);
        return;
      case "mappingEnded":
        this.#mapping?.ended(message.error);
        return;
      default:
        this.#step?.onMessage(message);
    }
  }

  /** The outcome counts once both streams are through. */
  #end(outcome: ChildOutcome): void {
    if (!this.#step) return;
    this.#step.outcome = outcome;
    this.#settle();
  }

  #settle(): void {
    const step = this.#step;
    if (step?.outcome && step.outputs.stdout.ended && step.outputs.stderr.ended) step.ended.resolve(step.outcome);
  }

  #read(name: "stdout" | "stderr", stream: Readable): void {
    stream.on("data", (chunk: Buffer) => {
      const rest = this.#step ? this.#step.outputs[name].push(chunk) : chunk;
      this.#lastLines.add(chunk);
      if (rest) this.#log?.warn(this.#redactor.text(rest.toString().trimEnd()), { stream: name, pid: this.pid });
      this.#settle();
    });
    stream.on("end", () => {
      this.#step?.outputs[name].end();
      this.#settle();
    });
    stream.on("error", () => {}); // its end is what counts
  }

  async #watchExit(module: string): Promise<Death> {
    const death = await new Promise<Death>((resolve) => {
      const give = (code: number | null, signal: string | null): void => resolve({ code, signal });
      this.#process.once("close", give);
      this.#process.once("exit", (code, signal) => setTimeout(give, outputAfterExitMs, code, signal));
      this.#process.once("error", (error) => {
        this.#lastLines.add(Buffer.from(`${error.message}\n`));
        give(null, null);
      });
    });
    this.#death = death;
    this.#endedByKernel = (this.#group?.oomKills() ?? 0) > 0;
    this.#group?.remove();
    if (this.#process.connected) this.#process.disconnect();
    this.#settleByDeath(death);
    this.#loading?.reject(
      new IrokoError("DEFINITIONS_THREW", `The process that imported ${module} ${describeDeath(death)}.`, {
        hint: howToAvoid(death),
        place: { file: module },
        details: { ...death, lastLines: this.#readLastLines() },
      }),
    );
    this.#loading = undefined;
    return death;
  }

  #settleByDeath({ code, signal }: Death): void {
    const step = this.#step;
    if (!step) return;
    step.outputs.stdout.end();
    step.outputs.stderr.end();
    if (this.#endedByKernel)
      step.outcome ??= { kind: "failed", error: tooMuchMemory("asked for more memory", this.#limit) };
    step.outcome ??= step.canceled
      ? { kind: "canceled" }
      : { kind: "died", code, signal, lastLines: this.#readLastLines() };
    this.#settle();
  }

  #readLastLines(): readonly string[] {
    return this.#lastLines.read().map((line) => this.#redactor.text(line));
  }

  #limitLoading(module: string, seconds: number): void {
    const timer = setTimeout(() => {
      this.#loading?.reject(
        new IrokoError("DEFINITIONS_THREW", `${module} was still loading after ${seconds} s.`, {
          hint: "Definitions load without network, environment or clock: move such work into materialize, or into a resource.",
          place: { file: module },
        }),
      );
      this.#loading = undefined;
      this.kill();
    }, seconds * 1000).unref();
    void Promise.allSettled([this.ready]).then(() => clearTimeout(timer));
  }
}

interface Death {
  readonly code: number | null;
  readonly signal: string | null;
}

interface RunningMapping {
  readonly onBatch: (batch: Extract<FromChild, { readonly type: "mapped" }>) => void;
  readonly ended: (error: ErrorRecord | undefined) => void;
}

interface RunningStep {
  readonly onMessage: (message: StepMessage) => void;
  readonly outputs: Readonly<Record<"stdout" | "stderr", StepOutput>>;
  readonly ended: PromiseWithResolvers<ChildOutcome>;
  outcome: ChildOutcome | undefined;
  canceled: boolean;
}

/** child-main.ts beside the sources, child-main.js beside what is built. */
const childMain: string = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "child-main.ts" : "child-main.js", import.meta.url),
);

/** `ended with exit code 3`, `was killed by SIGSEGV`. */
export function describeDeath({ code, signal }: Death): string {
  if (signal !== null) return `was killed by ${signal}`;
  return code === null ? "could not be started" : `ended with exit code ${code}`;
}

function howToAvoid({ code }: Death): string {
  // Node's own code for an await at the top level that nothing can settle.
  return code === 13
    ? "An `await` at the top of a module never ends: remove it."
    : "Nothing may end the process while definitions load.";
}

const gib = (value: number): string => `${(value / 2 ** 30).toFixed(2)} GiB`;

function tooMuchMemory(what: string, limit: number): ErrorRecord {
  return new IrokoError("OUT_OF_MEMORY", `The step's process ${what}; it may hold ${gib(limit)}.`, {
    hint: "Let DuckDB hold what is large (give a relation, or rows one by one), or give the worker more: iroko worker --memory 8GB.",
    details: { limit },
  }).toRecord();
}

/** An error of the child, in the parent. */
export function errorOf(record: ErrorRecord): IrokoError {
  const { hint, place, details, stack } = record;
  const error = new IrokoError(record.code as ErrorCode, record.message, {
    ...(hint === undefined ? {} : { hint }),
    ...(place === undefined ? {} : { place }),
    ...(details === undefined ? {} : { details }),
  });
  // The frames of this process say nothing; the user's say where.
  error.stack = stack ?? `${error.name}: ${error.message}`;
  return error;
}
