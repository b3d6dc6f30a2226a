import { setPaused } from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openSession } from "../session.ts";
import { findSchedule } from "./find-schedule.ts";

/** `schedules pause` and `schedules resume`. */
export function pauseCommand(paused: boolean): CliCommand<ProjectOptions & { readonly json?: boolean }> {
  return {
    configure(command) {
      withProjectOptions(withJsonOption(command)).argument("<schedule>", "its key");
    },
    async run({ args, options, terminal }) {
      await using session = await openSession(findProject(options), terminal);
      const { db, location } = session;
      const { key } = findSchedule(location, args[0]!);
      const subject = { operation: `schedules.${paused ? "pause" : "resume"}`, target: `${location.name} ${key}` };
      await auditedHere(db, subject, (db) => db.transaction((tx) => setPaused(tx, location.name, key, paused)));
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
