/** A step over time: each attempt a bar, with what it waited for before and between them. */
import type { Attempt, Step } from "@iroko/core/client";
import { span } from "../../parts/amounts.ts";

export interface Bar {
  /** A step's state, `lost` or `deferred`; `wait`: nothing ran. */
  readonly state: string;
  /** In percent of the whole. */
  readonly left: number;
  readonly width: number;
  readonly says: string;
}

type Timed = Pick<Step, "attempt" | "status" | "readyAt" | "startedAt" | "endedAt" | "deferredReason" | "error">;

/**
 * @param earlier attempts that did not end the step, in their order
 * @param shown from when to when, in ms; what runs or waits still does so until its end
 */
export function barsOf(
  step: Timed,
  earlier: readonly Attempt[],
  shown: { readonly from: number; readonly to: number },
): readonly Bar[] {
  const bars: Bar[] = [];
  const ms = (at: string): number => new Date(at).getTime();
  const add = (state: string, from: number, to: number, says: string): void => {
    const percent = (at: number): number =>
      shown.to <= shown.from ? 0 : Math.min(100, Math.max(0, ((at - shown.from) / (shown.to - shown.from)) * 100));
    if (to > from)
      bars.push({
        state,
        left: percent(from),
        width: percent(to) - percent(from),
        says: `${says}, ${span((to - from) / 1000)}`,
      });
  };
  let free = step.readyAt === null ? undefined : ms(step.readyAt);
  let because = "waited for a free slot";
  for (const { attempt, startedAt, endedAt, outcome, error, reason } of earlier) {
    if (free !== undefined) add("wait", free, ms(startedAt), because);
    const why = outcome === "failed" && error !== null ? `${error.code} ${error.message}` : reason;
    add(outcome, ms(startedAt), ms(endedAt), `attempt ${attempt} ${says[outcome]}: ${why}`);
    free = ms(endedAt);
    because = `waited: ${reason}`;
  }
  const isTold = earlier.some(({ attempt }) => attempt === step.attempt);
  if (step.startedAt !== null && !isTold) {
    if (free !== undefined) add("wait", free, ms(step.startedAt), because);
    const end = step.endedAt === null ? shown.to : ms(step.endedAt);
    const why = step.error === null ? "" : `: ${step.error.code} ${step.error.message}`;
    add(step.status, ms(step.startedAt), end, `attempt ${step.attempt} ${step.status}${why}`);
  } else if (step.status === "ready" && free !== undefined)
    add(
      "wait",
      free,
      shown.to,
      step.deferredReason === null ? "waits for a free slot" : `waits: ${step.deferredReason}`,
    );
  return bars;
}

const says = { failed: "failed", deferred: "was put off", lost: "was lost" };
