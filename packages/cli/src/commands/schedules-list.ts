import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { localTime } from "../schedules/local-time.ts";
import { openSchedules, type ListedSchedule } from "../schedules/schedules.ts";
import { formatTable } from "../terminal/table.ts";

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
    const schedules = await subject.list();
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
            {
              title: "NEXT",
              value: (row) => (row.nextTick ? localTime(Temporal.Instant.from(row.nextTick), row.timezone) : "-"),
            },
            {
              title: "LAST",
              value: ({ lastTick, timezone }) =>
                lastTick === null
                  ? "-"
                  : `${localTime(Temporal.Instant.from(lastTick.scheduledFor), timezone)} ${lastTick.status}`,
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
