import type { JobDefinition, ScheduleDefinition } from "./model.ts";

export interface ScheduleOptions {
  readonly key: string;
  /** A job, or its key. */
  readonly job: JobDefinition | string;
  /** Five fields, read in `timezone`. */
  readonly cron: string;
  /** IANA, e.g. "Africa/Lagos"; "UTC" unless given. */
  readonly timezone?: string | undefined;
  /**
   * Which partitions a tick asks for: by default every one whose window has ended since the last handled tick, in one
   * run, so that nights without power lose no day; or only the latest.
   */
  readonly partitions?: ScheduleDefinition["partitions"] | undefined;
  /** Ticks missed while nothing ran: one run for all (default), one each, or none. */
  readonly catchUp?: ScheduleDefinition["catchUp"] | undefined;
  /** true unless given. A pause made by hand outlives a deploy. */
  readonly enabled?: boolean | undefined;
  /** Of each of its runs, at most so many steps run at once; its job's limit unless given. */
  readonly maxConcurrency?: number | undefined;
  readonly description?: string | undefined;
}

/** Asks for runs of a job by the clock. */
export function schedule(options: ScheduleOptions): ScheduleDefinition {
  const {
    key,
    job,
    cron,
    timezone = "UTC",
    partitions = "endedSinceLastTick",
    catchUp = "merge",
    enabled = true,
  } = options;
  const jobKey = typeof job === "string" ? job : job.key;
  return Object.freeze({
    key,
    job: jobKey,
    cron,
    timezone,
    partitions,
    catchUp,
    enabled,
    maxConcurrency: options.maxConcurrency,
    description: options.description,
  });
}
