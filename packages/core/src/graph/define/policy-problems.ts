import type { BackfillPolicy } from "../../definitions/model.ts";
import { problem, type DefinitionProblem } from "../../definitions/problem.ts";
import type { RetryPolicy } from "../../definitions/retry-policy.ts";
import type { PartitionsDefinition } from "../../partitions/partitions-definition.ts";
import type { Collected } from "./collect.ts";

/** Backfill and retry policies, and limits of time, whose numbers make no sense. */
export function policyProblems({ computes, externals, checks }: Collected): readonly DefinitionProblem[] {
  return [
    ...computes.flatMap(({ name, backfill, partitions, retry, timeoutSeconds }) => [
      ...backfillProblems(`asset "${name}", backfill`, backfill, partitions),
      ...retryProblems(`asset "${name}", retry`, retry),
      ...timeoutProblems(`asset "${name}", timeoutSeconds`, timeoutSeconds),
    ]),
    ...externals.flatMap(({ key, retry }) => retryProblems(`asset "${key}", retry`, retry)),
    ...checks.flatMap(({ asset, name, retry }) => retryProblems(`check "${name}" on asset "${asset}", retry`, retry)),
  ];
}

function backfillProblems(
  subject: string,
  policy: BackfillPolicy,
  partitions: PartitionsDefinition,
): readonly DefinitionProblem[] {
  if (policy.kind !== "perPartition" && partitions.kind === "none") {
    return [
      problem(
        "BACKFILL_INVALID",
        subject,
        "It has a backfill policy and no partitions.",
        "Give it partitions, or leave the policy out.",
      ),
    ];
  }
  if (policy.kind === "batches" && !(Number.isSafeInteger(policy.size) && policy.size >= 1)) {
    return [
      problem(
        "BACKFILL_INVALID",
        subject,
        `A batch cannot have ${policy.size} partitions.`,
        "Give an integer of 1 or more.",
      ),
    ];
  }
  return [];
}

/** Longer than timers count, which is 24 days. */
const mostSeconds = 2_000_000;

function timeoutProblems(subject: string, seconds: number | undefined): readonly DefinitionProblem[] {
  if (seconds === undefined || (seconds > 0 && seconds <= mostSeconds)) return [];
  const hint = "Give seconds above 0, at most 2,000,000; or leave it out.";
  return [problem("TIMEOUT_INVALID", subject, `A step cannot have ${seconds} seconds.`, hint)];
}

function retryProblems(
  subject: string,
  { maxRetries, baseSeconds, capSeconds, backoff, jitter }: RetryPolicy,
): readonly DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const wrong = (what: string, hint: string): void => void problems.push(problem("RETRY_INVALID", subject, what, hint));
  if (!(Number.isSafeInteger(maxRetries) && maxRetries >= 0))
    wrong(`maxRetries cannot be ${maxRetries}.`, "Give an integer of 0 or more.");
  if (!(Number.isFinite(baseSeconds) && baseSeconds >= 0))
    wrong(`baseSeconds cannot be ${baseSeconds}.`, "Give seconds, 0 or more.");
  if (!(Number.isFinite(capSeconds) && capSeconds >= 0))
    wrong(`capSeconds cannot be ${capSeconds}.`, "Give seconds, 0 or more.");
  else if (capSeconds < baseSeconds)
    wrong(`capSeconds, ${capSeconds}, is less than baseSeconds, ${baseSeconds}.`, "Raise the cap, or lower the base.");
  if (!["constant", "linear", "exponential"].includes(backoff))
    wrong(`There is no backoff "${backoff}".`, "Use constant, linear or exponential.");
  else if (backoff !== "constant" && baseSeconds === 0)
    wrong(`A ${backoff} backoff has nothing to grow from.`, 'Give baseSeconds above 0, or backoff: "constant".');
  if (!["none", "full", "equal", "decorrelated"].includes(jitter))
    wrong(`There is no jitter "${jitter}".`, "Use none, full, equal or decorrelated.");
  return problems;
}
