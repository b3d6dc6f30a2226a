import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openSchedules } from "./schedules.ts";

/** `schedules pause` and `schedules resume`. */
export function pauseCommand(paused: boolean): CliCommand<ProjectOptions & { readonly json?: boolean }> {
  return {
    server: "answers",
    configure(command) {
      withProjectOptions(withJsonOption(command)).argument("<schedule>", "its key");
    },
    async run({ args, options, terminal }) {
      const key = args[0]!;
      await using schedules = await openSchedules(options, terminal);
      await schedules.setPaused(key, paused);
      if (options.json === true) terminal.data(JSON.stringify({ schedule: key, paused }, null, 2));
      terminal.say(
        paused
          ? `Schedule ${key} is paused, also over deploys, until: iroko schedules resume ${key}`
          : `Schedule ${key} is on again. Its next tick asks for what ended meanwhile, too.`,
      );
      return exitCodes.done;
    },
  };
}
