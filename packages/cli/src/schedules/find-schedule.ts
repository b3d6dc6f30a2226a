import type { JobDefinition, ScheduleDefinition } from "@iroko/core";
import type { Location } from "@iroko/core/engine";
import { noSuchSchedule } from "./schedules.ts";

/** @throws {IrokoError} SCHEDULE_NOT_FOUND, with those that there are */
export function findSchedule({ name, snapshot }: Location, key: string): ScheduleDefinition {
  const found = snapshot.schedules.find((schedule) => schedule.key === key);
  if (found !== undefined) return found;
  throw noSuchSchedule(
    key,
    name,
    snapshot.schedules.map((schedule) => schedule.key),
  );
}

/** define() refuses a schedule without its job. */
export function jobOf({ snapshot }: Location, schedule: ScheduleDefinition): JobDefinition {
  return snapshot.jobs.find(({ key }) => key === schedule.job)!;
}
