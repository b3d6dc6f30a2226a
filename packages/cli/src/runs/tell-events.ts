/** What happens while a run goes on, as lines on stderr, each thing told once. */
import type { InstanceEvent, RunDetail } from "@iroko/core/client";
import { printable, type Terminal } from "../terminal/terminal.ts";
import { formatSeconds } from "../terminal/units.ts";
import { endedSteps } from "./progress-line.ts";
import type { Runs } from "./runs.ts";
import { stepTitle } from "./step-name.ts";

const idleAfterMs = 3_000;

/** Returns a function that is to be called at each look. */
export function eventTeller(runs: Runs, terminal: Terminal): (run: RunDetail) => Promise<void> {
  let lastEvent = 0;
  let lastReason = "";
  let ended = 0;
  let busyAt = performance.now();

  const tellRetries = async (run: RunDetail): Promise<void> => {
    const events = (await runs.events(run.id, 100)).filter(({ id }) => id > lastEvent);
    lastEvent = events[0]?.id ?? lastEvent;
    for (const event of events.toReversed()) if (event.type === "attempt_failed") await tellRetry(run, event);
  };

  const tellRetry = async (run: RunDetail, { step: n, payload }: InstanceEvent): Promise<void> => {
    const { attempt, error, retryAt } = payload as AttemptFailed;
    const [step] = await runs.steps(run.id, { after: n === 0 ? undefined : n! - 1, limit: 1 });
    if (step === undefined) return;
    const seconds = Math.max(0, Temporal.Now.instant().until(Temporal.Instant.from(retryAt)).total("seconds"));
    const tries = (await runs.triesOf(run, step)) ?? attempt + 1;
    terminal.say(
      `${terminal.style("yellow", "retrying")} ${stepTitle(step)} in ${formatSeconds(seconds)} ` +
        `(attempt ${attempt + 1} of ${tries}): ${error.code} ${printable(error.message.split("\n", 1)[0]!)}`,
    );
  };

  /** Why nothing goes on. */
  const tellIdle = async (progress: RunDetail): Promise<void> => {
    const isBusy = progress.running > 0 || endedSteps(progress) !== ended;
    ended = endedSteps(progress);
    if (isBusy) busyAt = performance.now();
    if (isBusy || ended === progress.planned || performance.now() - busyAt < idleAfterMs) return;
    const [step] = await runs.steps(progress.id, { limit: 1, status: "ready" });
    if (step === undefined || (step.attempt > 0 && step.deferredReason?.startsWith("retry ") === true)) return;
    const reason =
      step.deferredReason ?? "no worker has taken it; iroko doctor looks for them, iroko worker starts one";
    if (reason === lastReason) return;
    lastReason = reason;
    terminal.say(`${terminal.style("yellow", "waiting")} ${stepTitle(step)}: ${printable(reason)}`);
  };

  return async (progress) => {
    await tellRetries(progress);
    await tellIdle(progress);
  };
}

interface AttemptFailed {
  readonly attempt: number;
  readonly error: { readonly code: string; readonly message: string };
  readonly retryAt: string;
}
