/**
 * Warm child processes: definitions are loaded before a step comes. While one runs, the next is kept ready up to the
 * number of slots; a child that died, or has run its share, is replaced in the background. All are of the code that the
 * first one loaded: where the file has changed since, or no longer loads, steps wait for those that are there.
 */
import type { Snapshot } from "../../definitions/snapshot.ts";
import { IrokoError } from "../../errors.ts";
import type { StepSpec } from "../step-protocol.ts";
import { Child, type ChildOptions, type ChildOutcome, type StepHandlers } from "./child.ts";
import { toErrorRecord } from "./user-code.ts";

export interface ChildPoolOptions extends ChildOptions {
  /** How many steps run at once. */
  readonly slots: number;
  /** After so many steps a child is replaced: what user code leaks does not pile up. 10,000. */
  readonly recycleAfterSteps?: number;
  /** A child that holds more memory than this after a step is replaced. 1 GiB. */
  readonly recycleAboveBytes?: number;
  /** A step waits, no child is left, and none of the same code can be had. Without this, the step fails by it. */
  readonly onCodeLost?: (why: unknown) => void;
}

export interface ChildPool extends AsyncDisposable {
  /** Of the definitions as the first child finds them. */
  describe(): Promise<Snapshot>;
  /** Runs a step in a child; waits while all slots are taken. Never throws: how it ended is the outcome. */
  run(spec: StepSpec, handlers: StepHandlers): Promise<ChildOutcome>;
  /** Takes no more steps, waits for those running, kills what still runs after so many seconds. */
  close(options?: { readonly graceSeconds?: number }): Promise<void>;
}

export function childPool(options: ChildPoolOptions): ChildPool {
  return new WarmPool(options);
}

class WarmPool implements ChildPool {
  readonly #options: ChildPoolOptions;
  readonly #children = new Set<Child>();
  readonly #idle: Child[] = [];
  /** Whoever takes one out settles it, in the same tick: a child is never given to one that has left. */
  readonly #waiting = new Set<PromiseWithResolvers<Child | undefined>>();
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;
  /** Of the definitions, as the first child found them. */
  #hash: string | undefined;
  /** Why a child was of no use; a file that has changed will never be the same, one that did not load may be mended. */
  #unfit: { readonly why: unknown; readonly forGood: boolean } | undefined;

  constructor(options: ChildPoolOptions) {
    this.#options = options;
    this.#start();
  }

  async describe(): Promise<Snapshot> {
    const [child = this.#start()] = this.#children;
    return child.ready;
  }

  async run(spec: StepSpec, handlers: StepHandlers): Promise<ChildOutcome> {
    const ended = this.#runInChild(spec, handlers);
    this.#running.add(ended);
    try {
      return await ended;
    } finally {
      this.#running.delete(ended);
    }
  }

  async close({ graceSeconds = 10 }: { readonly graceSeconds?: number } = {}): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#waiting) this.#leave(waiting);
    const killer = setTimeout(() => this.#killAll(), graceSeconds * 1000);
    await Promise.allSettled(this.#running);
    this.#killAll(); // nothing runs in them any more
    await Promise.all([...this.#children].map((child) => child.exited));
    clearTimeout(killer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ graceSeconds: 0 });
  }

  async #runInChild(spec: StepSpec, handlers: StepHandlers): Promise<ChildOutcome> {
    let child: Child | undefined;
    try {
      child = await this.#take(handlers.signal);
    } catch (failure) {
      return { kind: "failed", error: toErrorRecord(failure) };
    }
    if (!child) return { kind: "canceled" };
    const outcome = await child.run(spec, handlers);
    this.#giveBack(child);
    return outcome;
  }

  /** An idle child, or the next one; undefined when the step is canceled or the pool closed meanwhile. */
  async #take(signal: AbortSignal | undefined): Promise<Child | undefined> {
    if (this.#closed || signal?.aborted) return undefined;
    const idle = this.#idle.pop();
    if (idle) {
      this.#keepOneWarm();
      return idle;
    }
    if (this.#unfit?.forGood === false) this.#unfit = undefined;
    const waiting = Promise.withResolvers<Child | undefined>();
    const leave = (): void => this.#leave(waiting);
    signal?.addEventListener("abort", leave, { once: true });
    this.#waiting.add(waiting);
    this.#keepOneWarm();
    this.#tellCodeLost();
    try {
      return await waiting.promise;
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }

  #leave(waiting: PromiseWithResolvers<Child | undefined>): void {
    if (this.#waiting.delete(waiting)) waiting.resolve(undefined);
  }

  #giveBack(child: Child): void {
    const { recycleAfterSteps = 10_000, recycleAboveBytes = 1024 ** 3 } = this.#options;
    const isSpent = child.stepsRun >= recycleAfterSteps || child.rssBytes > recycleAboveBytes;
    if (!child.isAlive || (isSpent && this.#unfit === undefined)) {
      this.#forget(child);
      child.kill(); // it has nothing left to do, and user code in it might not let it end
      this.#keepOneWarm();
    } else this.#offer(child);
  }

  #offer(child: Child): void {
    const [next] = this.#waiting;
    if (!next) return void this.#idle.push(child);
    this.#waiting.delete(next);
    next.resolve(child);
    this.#keepOneWarm();
  }

  /** Starts a child where none is idle or starting and a slot is free. */
  #keepOneWarm(): void {
    const starting = [...this.#children].some((child) => !child.isReady);
    const isWanted = this.#idle.length === 0 && !starting && this.#children.size < this.#options.slots;
    if (!this.#closed && this.#unfit === undefined && isWanted) this.#start();
  }

  #start(): Child {
    const child = new Child(this.#options);
    this.#children.add(child);
    child.ready.then(
      ({ hash }) => this.#welcome(child, hash),
      (failure: unknown) => {
        if (this.#hash === undefined) this.#failWaiting(failure);
        else this.#doWithout(child, { why: failure, forGood: false });
      },
    );
    void this.#replaceOnceGone(child);
    return child;
  }

  #welcome(child: Child, hash: string): void {
    this.#hash ??= hash;
    if (hash === this.#hash) return this.#offer(child);
    this.#doWithout(child, { why: definitionsChanged(this.#options.module), forGood: true });
  }

  async #replaceOnceGone(child: Child): Promise<void> {
    await child.exited;
    this.#forget(child);
    // One that cannot even wait for a step is not replaced until a step asks: it would die again at once.
    if (child.stepsRun > 0 || this.#waiting.size > 0) this.#keepOneWarm();
    this.#tellCodeLost();
  }

  #doWithout(child: Child, unfit: { readonly why: unknown; readonly forGood: boolean }): void {
    this.#options.log?.warn("no further process has this code; steps wait for those that run", {
      error: String(unfit.why),
    });
    this.#unfit = unfit;
    this.#forget(child);
    child.kill();
    this.#tellCodeLost();
  }

  #tellCodeLost(): void {
    if (this.#unfit === undefined || this.#children.size > 0 || this.#waiting.size === 0 || this.#closed) return;
    const { onCodeLost } = this.#options;
    if (onCodeLost === undefined) this.#failWaiting(this.#unfit.why);
    else onCodeLost(this.#unfit.why);
  }

  /** Definitions that do not load fail every step that waits for them; the next step tries again. */
  #failWaiting(failure: unknown): void {
    for (const waiting of this.#waiting) waiting.reject(failure);
    this.#waiting.clear();
  }

  #forget(child: Child): void {
    this.#children.delete(child);
    const at = this.#idle.indexOf(child);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  #killAll(): void {
    for (const child of this.#children) child.kill();
  }
}

function definitionsChanged(module: string): IrokoError {
  return new IrokoError("CODE_MOVED", `${module} has changed since this process loaded it.`, {
    hint: "Start the worker again: it then has the definitions that are there now.",
    place: { file: module },
  });
}
