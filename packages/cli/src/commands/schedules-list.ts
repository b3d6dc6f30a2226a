import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { localTime } from "../schedules/local-time.ts";
import { noSchedules, openSchedules, type KnownSchedule } from "../schedules/schedules.ts";
import { printList } from "../terminal/print-list.ts";

/** One as it is listed, and as its JSON is. */
type ListedSchedule = ReturnType<typeof listed>;

interface SchedulesListOptions extends ProjectOptions {
  readonly json?: boolean;
}

const command: CliCommand<SchedulesListOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command));
  },
  async run({ options, terminal }) {
    await using subject = await openSchedules(options, terminal);
    const schedules = (await subject.list()).map(listed);
    printList<ListedSchedule>(
      {
        rows: schedules,
        columns: [
          { title: "SCHEDULE", value: ({ key }) => key },
          { title: "STATE", value: ({ state }) => state },
          { title: "CRON", value: ({ cron }) => cron },
          { title: "TIMEZONE", value: ({ timezone }) => timezone },
          { title: "JOB", value: ({ job }) => job },
          {
            title: "NEXT",
            value: ({ nextTick, timezone }) => (nextTick === null ? "-" : localTime(nextTick, timezone)),
          },
          {
            title: "LAST",
            value: ({ lastTick, timezone }) =>
              lastTick === null ? "-" : `${localTime(lastTick.scheduledFor, timezone)} ${lastTick.status}`,
          },
        ],
        none: noSchedules,
        json: options.json === true ? schedules : undefined,
      },
      terminal,
    );
    return exitCodes.done;
  },
};

export default command;

function listed({ key, job, cron, timezone, catchUp, selection, enabled, paused, next, ticks }: KnownSchedule) {
  const [last] = ticks;
  const state = !enabled ? "off" : paused ? "paused" : "on";
  return {
    key,
    job,
    cron,
    timezone,
    catchUp,
    selection,
    state,
    nextTick: state === "on" ? (next[0]?.at ?? null) : null,
    lastTick:
      last === undefined
        ? null
        : { scheduledFor: last.scheduledFor, status: last.status, reason: last.reason, run: last.run },
  };
}
