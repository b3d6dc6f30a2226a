/** Schedules as commands list, pause and resume them: of a database here, or of a server there. */
import { IrokoError } from "@iroko/core";
import type { Schedule } from "@iroko/core/client";
import type { ProjectOptions } from "../project.ts";
import { openSubject } from "../remote/subject.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface Schedules extends AsyncDisposable {
  list(): Promise<readonly ListedSchedule[]>;
  /** @throws {IrokoError} SCHEDULE_NOT_FOUND */
  setPaused(key: string, paused: boolean): Promise<void>;
}

export interface ListedSchedule extends Pick<Schedule, "key" | "job" | "cron" | "timezone" | "catchUp" | "selection"> {
  readonly state: "on" | "paused" | "off";
  readonly nextTick: string | null;
  readonly lastTick: Pick<Schedule["ticks"][number], "scheduledFor" | "status" | "reason" | "run"> | null;
}

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
