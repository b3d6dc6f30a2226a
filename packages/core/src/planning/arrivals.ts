/**
 * How steps begin that are inserted behind others, which may have ended by then: what ended well is not waited for, what did
 * not skips those that need it, however far below.
 */
import type { StepStatus } from "./run-states.ts";
import type { PlannedEdge, PlannedStep } from "./plan.ts";

/** A step that is there already. */
export interface Upstream {
  readonly status: StepStatus;
  readonly name: string;
  /** Why it was skipped. */
  readonly because?: string;
  /** Optional outputs that it has not given. */
  readonly notGiven?: readonly string[];
}

export interface Arrival {
  readonly status: "blocked" | "ready" | "skipped" | "succeeded";
  readonly waitingOn: number;
  readonly because: string | null;
}

/**
 * @param steps by number, each after those of them that it waits for
 * @param edges into these steps
 * @param upstream other steps by number; of one that is not there nothing is left to wait for
 * @param needs whether a step cannot do without an asset
 */
export function arrivals(
  steps: readonly PlannedStep[],
  edges: readonly PlannedEdge[],
  upstream: ReadonlyMap<number, Upstream>,
  needs: (step: PlannedStep, asset: string) => boolean,
): readonly Arrival[] {
  const into = Map.groupBy(edges, ({ to }) => to);
  const arrived = new Map<number, Upstream>();
  return steps.map((step) => {
    let waitingOn = 0;
    let because: string | null = null;
    for (const { from, weak } of into.get(step.n) ?? []) {
      const above = arrived.get(from) ?? upstream.get(from);
      if (!above) continue;
      const { status, notGiven = [] } = above;
      if (status === "blocked" || status === "ready" || status === "running") waitingOn += 1;
      else if (weak) continue;
      else if (status !== "succeeded") because ??= above.because ?? `${above.name} ${status}`;
      else if (notGiven.some((asset) => needs(step, asset))) because ??= `${notGiven.join(", ")} was not given`;
    }
    const arrival = ((): Arrival => {
      if (because !== null) return { status: "skipped", waitingOn: 0, because };
      if (waitingOn > 0) return { status: "blocked", waitingOn, because };
      return { status: step.kind === "gate" ? "succeeded" : "ready", waitingOn, because };
    })();
    arrived.set(step.n, { status: arrival.status, name: step.name, ...(because === null ? {} : { because }) });
    return arrival;
  });
}
