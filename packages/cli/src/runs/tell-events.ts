/** What happens while a run goes on, as lines on stderr, each thing told once. */
import type { RetryPolicy, Snapshot } from "@iroko/core";
import { listEvents, listSteps, type Database, type EventRow, type RunProgress } from "@iroko/core/engine";
import { printable, type Terminal } from "../terminal/terminal.ts";
import { formatSeconds } from "../terminal/units.ts";
import { endedSteps } from "./progress-line.ts";
import { recordName } from "./step-name.ts";

export interface EventTellerOptions {
  readonly db: Database;
  readonly terminal: Terminal;
  /** Whose partitions and retry policies are named. */
  readonly snapshot: Snapshot;
}

const idleAfterMs = 3_000;

/** Returns a function that is to be called at each look. */
export function eventTeller(
  run: string,
  { db, terminal, snapshot }: EventTellerOptions,
): (progress: RunProgress) => Promise<void> {
  let lastEvent = 0;
  let lastReason = "";
  let ended = 0;
  let busyAt = performance.now();

  const tellRetries = async (): Promise<void> => {
    const events = (await listEvents(db, { run }, { limit: 100 })).filter(({ id }) => id > lastEvent);
    lastEvent = events[0]?.id ?? lastEvent;
    for (const event of events.toReversed()) if (event.type === "attempt_failed") await tellRetry(event);
  };

  const tellRetry = async ({ step: n, payload }: EventRow): Promise<void> => {
    const { attempt, error, retryAt } = payload as AttemptFailed;
    const [step] = await listSteps(db, run, { after: n! - 1, limit: 1 });
    if (step === undefined) return;
    const seconds = Math.max(0, Temporal.Now.instant().until(Temporal.Instant.from(retryAt)).total("seconds"));
    const tries = (retryPolicyOf(snapshot, step.name)?.maxRetries ?? attempt) + 1;
    terminal.say(
      `${terminal.style("yellow", "retrying")} ${recordName(snapshot, step)} in ${formatSeconds(seconds)} ` +
        `(attempt ${attempt + 1} of ${tries}): ${error.code} ${printable(error.message.split("\n", 1)[0]!)}`,
    );
  };

  /** Why nothing goes on. */
  const tellIdle = async (progress: RunProgress): Promise<void> => {
    const isBusy = progress.running > 0 || endedSteps(progress) !== ended;
    ended = endedSteps(progress);
    if (isBusy) busyAt = performance.now();
    if (isBusy || ended === progress.planned || performance.now() - busyAt < idleAfterMs) return;
    const [step] = await listSteps(db, run, { limit: 1, statuses: ["ready"] });
    if (step === undefined || (step.attempt > 0 && step.deferredReason?.startsWith("retry ") === true)) return;
    const reason =
      step.deferredReason ?? "no worker has taken it; iroko doctor looks for them, iroko worker starts one";
    if (reason === lastReason) return;
    lastReason = reason;
    terminal.say(`${terminal.style("yellow", "waiting")} ${recordName(snapshot, step)}: ${printable(reason)}`);
  };

  return async (progress) => {
    await tellRetries();
    await tellIdle(progress);
  };
}

interface AttemptFailed {
  readonly attempt: number;
  readonly error: { readonly code: string; readonly message: string };
  readonly retryAt: string;
}

function retryPolicyOf({ computes, checks }: Snapshot, name: string): RetryPolicy | undefined {
  const compute = computes.find((candidate) => candidate.name === name);
  return (compute ?? checks.find((check) => `${check.asset}:${check.name}` === name))?.retry;
}
