/** Why a step of a run does not run, or did not: what it waits for, or what stopped it, up to the first cause. */
import type { StepFacts } from "./explain-facts.ts";
import { moment, type Reason } from "./explanation.ts";

/** Of a step that has not ended. */
export function explainLive(step: StepFacts): Reason {
  const place = { run: step.run, step: step.n };
  const { name, location } = step;
  if (step.status === "running") {
    const since = step.startedAt === undefined ? "" : ` since ${moment(step.startedAt)}`;
    return {
      code: "STEP_RUNNING",
      message: `${name} is being made${since}, attempt ${step.attempt}, in run ${step.run}`,
      ...place,
    };
  }
  if (step.status === "blocked") {
    const { above } = step;
    const what = above === undefined ? "steps above it" : above.name;
    return {
      code: "WAITS_FOR_STEP",
      message: `${name} waits for ${what}, in run ${step.run}`,
      ...place,
      because: above === undefined ? [] : [explainLive(above)],
    };
  }
  if (step.behind !== undefined) {
    return {
      code: "HELD_BY_ANOTHER_RUN",
      message: `${name} waits: run ${step.behind.run} is making its partition (${step.behind.name})`,
      ...place,
    };
  }
  if (step.workers === 0) {
    return {
      code: "NO_WORKER",
      message: `${name} is ready, and no live worker of the code location "${location}" is there to run it`,
      ...place,
      command: `iroko worker --location ${location}`,
    };
  }
  if (step.workersWithCode === 0) {
    return {
      code: "CODE_MOVED",
      message: `${name} was planned with code that no live worker of "${location}" has`,
      ...place,
      command: `iroko runs cancel ${step.run} && iroko runs retry ${step.run}`,
    };
  }
  const { deferredUntil, deferredReason, error } = step;
  if (deferredUntil !== undefined) {
    const isRetry = error !== undefined && (deferredReason ?? "").startsWith("retry");
    const last = error === undefined ? "" : `; the last attempt ended with ${error.code}: ${error.message}`;
    return {
      code: isRetry ? "RETRY" : "DEFERRED",
      message: `${name} is put off until ${moment(deferredUntil)}: ${deferredReason ?? "no reason was kept"}${last}`,
      ...place,
      until: deferredUntil,
      ...(error === undefined ? {} : { error }),
    };
  }
  const [pool] = step.fullPools.toSorted((a, b) => Number(a.isLimitOfRun) - Number(b.isLimitOfRun));
  if (pool !== undefined) {
    const by = pool.by.map((one) => (pool.isLimitOfRun ? one.name : `${one.name} (run ${one.run})`)).join(", ");
    if (pool.isLimitOfRun) {
      return {
        code: "RUN_LIMIT",
        message: `${name} waits for its run's limit of ${pool.slots}, taken by ${by}, in run ${step.run}`,
        ...place,
      };
    }
    return {
      code: "POOL_FULL",
      message: `${name} waits for a place in the pool "${pool.name}": ${pool.slots === 0 ? "it has none" : `its ${pool.slots} ${pool.slots === 1 ? "place is" : "places are"} taken by ${by}`}`,
      ...place,
    };
  }
  return {
    code: "WAITS_ITS_TURN",
    message: `${name} is ready${step.admitted ? " and admitted" : ""}: it waits for a free slot of a worker of "${location}", in run ${step.run}`,
    ...place,
  };
}

/** Of a step that ended without making anything. */
export function explainEnd(step: StepFacts): Reason {
  const place = { run: step.run, step: step.n };
  const { name, above, error } = step;
  switch (step.status) {
    case "skipped":
      return {
        code: "STEP_SKIPPED",
        message: `${name} was skipped in run ${step.run}${step.deferredReason === undefined ? "" : `: ${step.deferredReason}`}`,
        ...place,
        command: `iroko runs retry ${step.run}`,
        because: above === undefined ? [] : [explainEnd(above)],
      };
    case "canceled":
      return {
        code: "STEP_CANCELED",
        message: `${name} was canceled with run ${step.run}${step.cancelReason === undefined ? "" : `: ${step.cancelReason}`}`,
        ...place,
        command: `iroko runs retry ${step.run}`,
      };
    default:
      return {
        code: "STEP_FAILED",
        message: `${name} failed in run ${step.run}${error === undefined ? "" : `: ${error.code} ${error.message}`}`,
        ...place,
        command: `iroko runs retry ${step.run}`,
        ...(error === undefined ? {} : { error }),
      };
  }
}
