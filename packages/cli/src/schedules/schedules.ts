/** Schedules as commands list, preview, pause and resume them: of a database here, or of a server there. */
import { IrokoError } from "@iroko/core";
import type { PreviewedTick, Schedule } from "@iroko/core/client";
import type { ProjectOptions } from "../project.ts";
import { openSubject } from "../remote/subject.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface Schedules extends AsyncDisposable {
  list(): Promise<readonly KnownSchedule[]>;
  /**
   * The next ticks of one, or of all of them.
   *
   * @throws {IrokoError} SCHEDULE_NOT_FOUND
   */
  preview(key: string | undefined, ticks: number): Promise<readonly SchedulePreview[]>;
  /** @throws {IrokoError} SCHEDULE_NOT_FOUND */
  setPaused(key: string, paused: boolean): Promise<void>;
}

type ScheduleFacts = Pick<Schedule, "key" | "job" | "cron" | "timezone" | "catchUp" | "selection">;

/** What either source knows of one; of its ticks at least the newest, and of the next ones the first. */
export interface KnownSchedule extends ScheduleFacts, Pick<Schedule, "enabled" | "paused" | "ticks"> {
  readonly next: readonly Pick<Schedule["next"][number], "at">[];
}

export interface SchedulePreview extends Pick<Schedule, "key" | "cron" | "timezone" | "enabled"> {
  readonly ticks: readonly PreviewedTick[];
}

export const noSchedules = "There are no schedules: add schedule({ … }) to define().";

export async function openSchedules(options: ProjectOptions, terminal: Terminal): Promise<Schedules> {
  return await openSubject(
    {
      here: async (project, terminal) => (await import("./schedules-here.ts")).schedulesHere(project, terminal),
      there: async (server) => (await import("./schedules-there.ts")).schedulesThere(server),
    },
    options,
    terminal,
  );
}

export function noSuchSchedule(key: string, where: string, keys: readonly string[]): IrokoError {
  return new IrokoError("SCHEDULE_NOT_FOUND", `There is no schedule "${key}" in ${where}.`, {
    hint: keys.length === 0 ? "It has no schedules." : `There are these: ${keys.join(", ")}.`,
  });
}
