/**
 * Which deaths speak against a step. Its own child's do, and end it after three: it is parked. A worker's never do, whatever
 * took it away; but a step on which two workers were killed, their machine and Postgres being as before, is run alone on a
 * worker, so that a third death convicts it. While workers that had nothing to do with the step are killed, too, something
 * else is about, and it takes three times as many.
 */
export const deathCauses = [
  "killed",
  "out of memory",
  "exited",
  "frozen",
  "machine restarted",
  "Postgres restarted",
  "drained",
] as const;
export type DeathCause = (typeof deathCauses)[number];

/** That a step's child, or the worker it ran on, ended under it; and what is known of that. */
export interface Death {
  readonly of: "child" | "worker";
  readonly attempt: number;
  readonly cause: DeathCause;
  /** Of a worker: nothing else is known to have ended it, neither its machine's restart nor that of Postgres. */
  readonly unexplained?: boolean;
  /** Of a worker: others were killed within a minute on which the step never ran. */
  readonly widespread?: boolean;
  /** Of a worker: nothing else ran on it. */
  readonly alone?: boolean;
  readonly signal?: string | null;
  readonly code?: number | null;
  /** Processes that the system has ended for want of memory, while the attempt ran. */
  readonly oomKills?: number;
  readonly lastLines?: readonly string[];
  readonly worker?: string;
  readonly host?: string;
}

export const maxLostAttempts = 3;
/** How much an unexplained death of a worker speaks against its steps. */
export const weights: { readonly ofItsOwn: number; readonly widespread: number } = { ofItsOwn: 3, widespread: 1 };
/** So much makes a step run alone. */
export const suspectFrom: number = 2 * weights.ofItsOwn;
/** So much that happens while it runs alone convicts it. */
const convictedFrom = weights.ofItsOwn;

/** Whether the step is to be parked for its deaths, and will not be tried again. */
export function isParked(deaths: readonly Death[]): boolean {
  return (
    deaths.filter((death) => death.of === "child").length >= maxLostAttempts ||
    weightOf(deaths.filter(({ alone }) => alone === true)) >= convictedFrom
  );
}

function weightOf(deaths: readonly Death[]): number {
  const unexplained = deaths.filter((death) => death.of === "worker" && death.unexplained === true);
  return unexplained.reduce((sum, { widespread }) => sum + weights[widespread === true ? "widespread" : "ofItsOwn"], 0);
}

/** `attempt 2: its process was killed by SIGKILL, out of memory`. */
export function describeDeathOf(death: Death): string {
  const who = death.of === "child" ? "its process" : `its worker${death.host === undefined ? "" : ` on ${death.host}`}`;
  return `attempt ${death.attempt}: ${who} ${whatHappened(death)}${death.alone === true ? ", nothing else running there" : ""}`;
}

function whatHappened({ cause, signal, code }: Death): string {
  switch (cause) {
    case "out of memory":
      return "was ended for want of memory";
    case "killed":
      return signal === undefined || signal === null ? "was killed" : `was killed by ${signal}`;
    case "exited":
      return code === undefined || code === null ? "could not be started" : `ended with exit code ${code}`;
    case "frozen":
      return "was frozen or cut off from Postgres";
    case "machine restarted":
      return "was lost when its machine restarted";
    case "Postgres restarted":
      return "did not come back after a restart of Postgres";
    case "drained":
      return "was told to stop before it had ended";
  }
}
