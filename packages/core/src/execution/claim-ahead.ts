/**
 * Claims for the free slots of a worker, several in one transaction. Where steps are short, some more are claimed than
 * slots are free, so that no slot waits for Postgres between two of them; where they are long, none is: it would wait
 * here while another worker could run it. What has waited all the same is given back.
 */
import type { Claimed } from "./claim.ts";

export interface ClaimAheadOptions {
  readonly slots: number;
  /** Claims at most so many; `woken` are queue jobs spent on it. Fewer: there were no more. Never throws. */
  readonly claim: (limit: number, woken: readonly number[]) => Promise<readonly Claimed[]>;
  /** Gives claimed steps back that have not begun. */
  readonly giveBack: (claimed: readonly Claimed[]) => Promise<void>;
}

export interface ClaimAhead {
  /** For a free slot: a claimed step; undefined when there is none to be had. `woken` is the queue job it was told by. */
  next(woken?: number): Promise<Claimed | undefined>;
  /** A slot was taken by a step for so long. */
  took(milliseconds: number): void;
  /** Once every claim that is under way is known here, or has failed. */
  settled(): Promise<void>;
  /** Claims nothing more, and gives back what waits. */
  close(): Promise<void>;
}

/** As many steps are claimed ahead as the slots are expected to run within this. */
const horizonMs = 30;
const mostAheadPerSlot = 3;
const longestWaitMs = 250;

export function claimAhead({ slots, claim, giveBack }: ClaimAheadOptions): ClaimAhead {
  const ready: { readonly claimed: Claimed; readonly since: number }[] = [];
  let asking: { readonly woken: number | undefined; readonly answer: PromiseWithResolvers<Claimed | undefined> }[] = [];
  let underWay: Promise<void> | undefined;
  let usualMs = Number.POSITIVE_INFINITY;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const ahead = (): number => slots * Math.min(mostAheadPerSlot, Math.floor(horizonMs / usualMs));

  /** Claims what is missing, one claim at a time; those who ask meanwhile are served by the next. */
  function look(): void {
    if (underWay !== undefined || (asking.length === 0 && (closed || 2 * ready.length > ahead()))) return;
    underWay = fill().finally(() => {
      underWay = undefined;
      if (asking.length > 0) look();
    });
  }

  async function fill(): Promise<void> {
    await Promise.resolve(); // for slots that ask in this tick
    const served = asking;
    asking = [];
    const found = closed ? [] : await claimFor(served);
    const since = performance.now();
    ready.push(...found.map((claimed) => ({ claimed, since })));
    if (closed) await giveBackWhere(() => true);
    for (const { answer } of served) answer.resolve(ready.shift()?.claimed);
    watch();
  }

  function claimFor(served: typeof asking): Promise<readonly Claimed[]> {
    const limit = served.length + Math.max(0, ahead() - ready.length);
    const woken = served.flatMap(({ woken: job }) => job ?? []);
    return claim(limit, woken);
  }

  function watch(): void {
    if (timer !== undefined || ready.length === 0) return;
    timer = setTimeout(() => {
      timer = undefined;
      const now = performance.now();
      void giveBackWhere(({ since }) => now - since >= longestWaitMs).then(watch);
    }, longestWaitMs);
    timer.unref();
  }

  async function giveBackWhere(isToGo: (one: (typeof ready)[number]) => boolean): Promise<void> {
    const gone = ready.filter(isToGo);
    if (gone.length === 0) return;
    ready.splice(0, ready.length, ...ready.filter((one) => !gone.includes(one)));
    await giveBack(gone.map(({ claimed }) => claimed)).catch(() => {}); // the next beat finds them forgotten
  }

  return {
    next(woken) {
      const first = ready.shift();
      const answer = Promise.withResolvers<Claimed | undefined>();
      if (first === undefined) asking.push({ woken, answer });
      else answer.resolve(first.claimed);
      look();
      return answer.promise;
    },
    took(milliseconds) {
      usualMs = Number.isFinite(usualMs) ? 0.8 * usualMs + 0.2 * milliseconds : milliseconds;
    },
    settled: () => underWay ?? Promise.resolve(),
    async close() {
      closed = true;
      clearTimeout(timer);
      await giveBackWhere(() => true);
      await underWay;
    },
  };
}
