/** Schedules of a project's own instance. */
import { nextTick, type ScheduleDefinition } from "@iroko/core";
import { api } from "@iroko/core/client";
import { listAutomations, listTicks, previewSchedule, setPaused } from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { Project } from "../project.ts";
import { allTold } from "../remote/as-told.ts";
import { openSession } from "../session.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { noSuchSchedule, type KnownSchedule, type SchedulePreview, type Schedules } from "./schedules.ts";

export async function schedulesHere(project: Project, terminal: Terminal): Promise<Schedules> {
  const session = await openSession(project, terminal);
  const { db, location } = session;
  const { schedules, jobs } = location.snapshot;
  const find = (key: string): ScheduleDefinition => {
    const found = schedules.find((schedule) => schedule.key === key);
    if (found !== undefined) return found;
    throw noSuchSchedule(
      key,
      location.name,
      schedules.map((schedule) => schedule.key),
    );
  };
  return {
    async list() {
      const now = Temporal.Now.instant();
      const paused = new Map((await listAutomations(db, location.name)).map((row) => [row.name, row.paused]));
      return await Promise.all(
        schedules.map(async ({ key, job, cron, timezone, catchUp, enabled }): Promise<KnownSchedule> => {
          const ticks = await listTicks(db, { location: location.name, name: key }, 1);
          const next = nextTick(cron, timezone, now);
          return {
            key,
            job,
            cron,
            timezone,
            catchUp,
            // define() refuses a schedule without its job.
            selection: jobs.find((one) => one.key === job)!.select,
            enabled,
            paused: paused.get(key) ?? false,
            ticks: allTold(api.schedules.ticks, ticks),
            next: next === undefined ? [] : [{ at: next.toString() }],
          };
        }),
      );
    },
    async preview(wanted, count) {
      const now = Temporal.Now.instant();
      return await Promise.all(
        (wanted === undefined ? schedules : [find(wanted)]).map(async (schedule): Promise<SchedulePreview> => {
          const { key, cron, timezone, enabled } = schedule;
          const ticks = await previewSchedule(db, location, schedule, { now, count, asking: session.asking });
          return { key, cron, timezone, enabled, ticks: allTold(api.schedules.preview, ticks) };
        }),
      );
    },
    async setPaused(wanted, paused) {
      const { key } = find(wanted);
      const subject = { operation: `schedules.${paused ? "pause" : "resume"}`, target: `${location.name} ${key}` };
      await auditedHere(db, subject, (db) => db.transaction((tx) => setPaused(tx, location.name, key, paused)));
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}
