import { nextTick, type ScheduleDefinition } from "@iroko/core";
import { listAutomations, listTicks, type AutomationRow, type TickRow } from "@iroko/core/engine";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { jobOf } from "../schedules/find-schedule.ts";
import { localTime } from "../schedules/local-time.ts";
import { openSession } from "../session.ts";
import { formatTable } from "../terminal/table.ts";

interface SchedulesListOptions extends ProjectOptions {
  readonly json?: boolean;
}

interface ListedSchedule extends Pick<ScheduleDefinition, "key" | "job" | "cron" | "timezone" | "catchUp"> {
  readonly selection: string;
  readonly state: "on" | "paused" | "off";
  readonly nextTick: Temporal.Instant | null;
  readonly lastTick: Pick<TickRow, "scheduledFor" | "status" | "reason" | "run"> | null;
}

const command: CliCommand<SchedulesListOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(command));
  },
  async run({ options, terminal }) {
    await using session = await openSession(findProject(options), terminal);
    const { db, location } = session;
    const now = Temporal.Now.instant();
    const known = new Map((await listAutomations(db, location.name)).map((row) => [row.name, row]));
    const schedules = await Promise.all(
      location.snapshot.schedules.map(async (schedule): Promise<ListedSchedule> => {
        const { key, job, cron, timezone, catchUp } = schedule;
        const [last] = await listTicks(db, { location: location.name, name: key }, 1);
        const state = stateOf(schedule, known.get(key));
        return {
          key,
          job,
          cron,
          timezone,
          catchUp,
          selection: jobOf(location, schedule).select,
          state,
          nextTick: state === "on" ? (nextTick(cron, timezone, now) ?? null) : null,
          lastTick: last === undefined ? null : tickJson(last),
        };
      }),
    );
    if (options.json === true) terminal.data(JSON.stringify(schedules, null, 2));
    else if (schedules.length === 0) terminal.say("There are no schedules: add schedule({ … }) to define().");
    else {
      terminal.data(
        formatTable<ListedSchedule>(
          [
            { title: "SCHEDULE", value: ({ key }) => key },
            { title: "STATE", value: ({ state }) => state },
            { title: "CRON", value: ({ cron }) => cron },
            { title: "TIMEZONE", value: ({ timezone }) => timezone },
            { title: "JOB", value: ({ job }) => job },
            { title: "NEXT", value: (row) => (row.nextTick ? localTime(row.nextTick, row.timezone) : "-") },
            {
              title: "LAST",
              value: ({ lastTick, timezone }) =>
                lastTick === null ? "-" : `${localTime(lastTick.scheduledFor, timezone)} ${lastTick.status}`,
            },
          ],
          schedules,
          { width: terminal.columns, style: (text) => terminal.styleData("bold", text) },
        ),
      );
    }
    return exitCodes.done;
  },
};

export default command;

function stateOf({ enabled }: ScheduleDefinition, automation: AutomationRow | undefined): ListedSchedule["state"] {
  if (!enabled) return "off";
  return automation?.paused === true ? "paused" : "on";
}

function tickJson({ scheduledFor, status, reason, run }: TickRow): NonNullable<ListedSchedule["lastTick"]> {
  return { scheduledFor, status, reason, run };
}
