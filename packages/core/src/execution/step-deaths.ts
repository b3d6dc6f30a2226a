/** How a step's child ended under it, as an error: for once, and for the last time. */
import { IrokoError } from "../errors.ts";
import { describeDeathOf, type Death } from "../planning/parking.ts";
import { describeDeath, type ChildOutcome } from "./child/child.ts";

export function deathOf(
  { signal, code, lastLines }: Extract<ChildOutcome, { readonly kind: "died" }>,
  attempt: number,
  oomKills: number,
): Death {
  const cause = signal === "SIGKILL" && oomKills > 0 ? "out of memory" : signal === null ? "exited" : "killed";
  return { of: "child", attempt, cause, signal, code, oomKills, lastLines };
}

export function childDied(death: Death): IrokoError {
  const { signal = null, code = null, cause } = death;
  return new IrokoError(
    "CHILD_DIED",
    `The process that ran the step ${describeDeath({ signal, code })}${cause === "out of memory" ? ", for want of memory" : ""}.`,
    {
      hint: "Its last lines stand in the step's log. Out of memory? Give the worker more: iroko worker --memory 8GB.",
      details: { ...death },
    },
  );
}

export function stepParked(deaths: readonly Death[]): IrokoError {
  return new IrokoError(
    "STEP_PARKED",
    `The step was given up after ${deaths.length} deaths: ${deaths.map(describeDeathOf).join("; ")}.`,
    {
      hint: "Mend what ends the process (its last lines stand in the step's log), or give the worker more memory; then: iroko runs retry RUN",
      details: { deaths },
    },
  );
}
