import { problem, type DefinitionProblem } from "../../definitions/problem.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { IrokoError } from "../../errors.ts";
import { parseCron } from "../../partitions/cron.ts";
import { checkTimezone } from "../../partitions/define-time-partitions.ts";
import type { Collected } from "./collect.ts";
import { limitProblems } from "./job-problems.ts";

/** Schedules of one key, of jobs that are not there, or that cannot tick. */
export function scheduleProblems({ schedules, jobs }: Collected): readonly DefinitionProblem[] {
  const jobKeys = jobs.map(({ key }) => key);
  const problems: DefinitionProblem[] = [];
  const seen = new Set<string>();
  for (const { key, job, cron, timezone, maxConcurrency } of schedules) {
    const subject = `schedule "${key}"`;
    if (seen.has(key))
      problems.push(
        problem("SCHEDULE_INVALID", subject, `Two schedules have the key "${key}".`, "Rename one of them."),
      );
    seen.add(key);
    if (key === "")
      problems.push(problem("SCHEDULE_INVALID", subject, "A schedule's key is empty.", "Give it a name."));
    if (!jobKeys.includes(job)) {
      problems.push(
        problem(
          "JOB_NOT_FOUND",
          `${subject}, job`,
          `There is no job "${job}".`,
          `Add it to define({ jobs }). ${didYouMeanHint(job, jobKeys, "jobs")}`,
        ),
      );
    }
    problems.push(
      ...limitProblems("SCHEDULE_INVALID", subject, maxConcurrency),
      ...caught(`${subject}, cron`, () => parseCron(cron)),
      ...caught(`${subject}, timezone`, () => checkTimezone(timezone)),
    );
  }
  return problems;
}

function caught(subject: string, check: () => unknown): readonly DefinitionProblem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof IrokoError)) throw error;
    return [problem(error.code, subject, error.message, error.hint ?? "")];
  }
}
