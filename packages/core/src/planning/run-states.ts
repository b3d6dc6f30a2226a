/**
 * The life of runs and steps: every change of status that there is, and what brings it about. docs/state-machine.md draws
 * this table, a test compares the two, and the engine's statements change a status only as it says.
 */
export const stepStatuses = ["blocked", "ready", "running", "succeeded", "failed", "skipped", "canceled"] as const;
export type StepStatus = (typeof stepStatuses)[number];

export const runStatuses = ["queued", "running", "succeeded", "failed", "canceled"] as const;
export type RunStatus = (typeof runStatuses)[number];

export interface Transition<Status extends string> {
  /** Absent: how it begins. */
  readonly from?: Status;
  readonly to: Status;
  readonly when: string;
}

export const stepTransitions: readonly Transition<StepStatus>[] = Object.freeze([
  { to: "blocked", when: "planned, and waits for other steps" },
  { to: "ready", when: "planned, and waits for none" },
  { to: "skipped", when: "inserted late, when a step it needs had not succeeded" },
  { to: "succeeded", when: "a gate, inserted late, when all that it waits for had ended well enough" },
  { from: "blocked", to: "ready", when: "the last step it waits for has ended well enough" },
  { from: "blocked", to: "succeeded", when: "a gate: the last step it waits for has ended well enough" },
  { from: "blocked", to: "skipped", when: "a step it needs did not succeed, or gave an optional output no value" },
  { from: "blocked", to: "canceled", when: "its run is canceled" },
  { from: "ready", to: "running", when: "a worker claims it: a new epoch" },
  { from: "ready", to: "canceled", when: "its run is canceled" },
  {
    from: "running",
    to: "succeeded",
    when: "its outputs are committed, or another run has made them from the same inputs and code",
  },
  { from: "running", to: "ready", when: "its attempt failed and is retried, its worker was lost, or it was put off" },
  {
    from: "running",
    to: "failed",
    when: "its attempt failed and no retry is left or of use, or its own child died too often",
  },
  { from: "running", to: "canceled", when: "its run is canceled, and its worker has stopped it or died" },
]);

export const runTransitions: readonly Transition<RunStatus>[] = Object.freeze([
  { to: "queued", when: "submitted" },
  { to: "succeeded", when: "submitted with nothing to do" },
  { from: "queued", to: "running", when: "its first step is claimed" },
  { from: "queued", to: "canceled", when: "canceled before a step was claimed" },
  { from: "running", to: "succeeded", when: "all steps have ended, none failed or was canceled" },
  { from: "running", to: "failed", when: "all steps have ended, some failed" },
  { from: "running", to: "canceled", when: "all steps have ended, none failed, some were canceled" },
]);

/** Whether a status may change so; nothing follows an end. */
export function mayBecome<Status extends string>(
  transitions: readonly Transition<Status>[],
  from: Status | undefined,
  to: Status,
): boolean {
  return transitions.some((transition) => transition.from === from && transition.to === to);
}

/** Nothing follows: what must be made again is a new run. */
export function isTerminal<Status extends string>(transitions: readonly Transition<Status>[], status: Status): boolean {
  return !transitions.some(({ from }) => from === status);
}
