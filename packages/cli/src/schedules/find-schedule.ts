import { IrokoError, type JobDefinition, type ScheduleDefinition } from "@iroko/core";
import type { Location } from "@iroko/core/engine";

/** @throws {IrokoError} SCHEDULE_NOT_FOUND, with those that there are */
export function findSchedule({ name, snapshot }: Location, key: string): ScheduleDefinition {
  const found = snapshot.schedules.find((schedule) => schedule.key === key);
  if (found !== undefined) return found;
  const keys = snapshot.schedules.map((schedule) => schedule.key);
  throw new IrokoError("SCHEDULE_NOT_FOUND", `There is no schedule "${key}" in ${name}.`, {
    hint: keys.length === 0 ? "It has no schedules." : `There are these: ${keys.join(", ")}.`,
  });
}

/** define() refuses a schedule without its job. */
export function jobOf({ snapshot }: Location, schedule: ScheduleDefinition): JobDefinition {
  return snapshot.jobs.find(({ key }) => key === schedule.job)!;
}
