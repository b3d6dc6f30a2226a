/** Schedules of a project's own instance. */
import { nextTick, type ScheduleDefinition } from "@iroko/core";
import { listAutomations, listTicks, setPaused, type AutomationRow } from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { Project } from "../project.ts";
import { openSession } from "../session.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { findSchedule, jobOf } from "./find-schedule.ts";
import type { ListedSchedule, Schedules } from "./schedules.ts";

export async function schedulesHere(project: Project, terminal: Terminal): Promise<Schedules> {
  const session = await openSession(project, terminal);
  const { db, location } = session;
  return {
    async list() {
      const now = Temporal.Now.instant();
      const known = new Map((await listAutomations(db, location.name)).map((row) => [row.name, row]));
      return await Promise.all(
        location.snapshot.schedules.map(async (schedule): Promise<ListedSchedule> => {
          const { key, job, cron, timezone, catchUp } = schedule;
          const [last] = await listTicks(db, { location: location.name, name: key }, 1);
          const state = stateOf(schedule, known.get(key));
          const next = state === "on" ? nextTick(cron, timezone, now) : undefined;
          return {
            key,
            job,
            cron,
            timezone,
            catchUp,
            selection: jobOf(location, schedule).select,
            state,
            nextTick: next?.toString() ?? null,
            lastTick:
              last === undefined
                ? null
                : {
                    scheduledFor: last.scheduledFor.toString(),
                    status: last.status,
                    reason: last.reason,
                    run: last.run,
                  },
          };
        }),
      );
    },
    async setPaused(wanted, paused) {
      const { key } = findSchedule(location, wanted);
      const subject = { operation: `schedules.${paused ? "pause" : "resume"}`, target: `${location.name} ${key}` };
      await auditedHere(db, subject, (db) => db.transaction((tx) => setPaused(tx, location.name, key, paused)));
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

function stateOf({ enabled }: ScheduleDefinition, automation: AutomationRow | undefined): ListedSchedule["state"] {
  if (!enabled) return "off";
  return automation?.paused === true ? "paused" : "on";
}
