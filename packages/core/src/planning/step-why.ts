/** The one thing to know of a step in its state, as lists of steps say it. */
import type { ErrorRecord } from "../errors.ts";
import type { StepStatus } from "./run-states.ts";

export interface ToldStep {
  readonly status: StepStatus;
  /** Why it was planned. */
  readonly reason: string;
  /** How many steps it waits for. */
  readonly waitingOn: number;
  readonly deferredReason: string | null;
  readonly outcome: string | null;
  readonly error: Pick<ErrorRecord, "code" | "message"> | null;
}

export function whyOfStep({ status, reason, waitingOn, deferredReason, outcome, error }: ToldStep): string {
  switch (status) {
    case "failed":
      return error === null ? "" : `${error.code} ${error.message}`;
    case "blocked":
      return `waits for ${waitingOn} ${waitingOn === 1 ? "step" : "steps"}`;
    case "ready":
      return deferredReason ?? "waits for a free slot";
    case "skipped":
      return deferredReason ?? "";
    case "succeeded":
      return outcome === null || outcome === "made" ? reason : outcome;
    case "running":
    case "canceled":
      return reason;
  }
}
