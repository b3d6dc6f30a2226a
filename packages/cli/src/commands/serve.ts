import { startScheduler } from "@iroko/core/engine";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openInstance } from "../instance.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withProjectOptions } from "../project-options.ts";
import { serveProject } from "../serve-project.ts";
import { withServerOptions, type ServerCommandOptions } from "../server-options.ts";
import { terminalLogger } from "../terminal/terminal-logger.ts";
import { untilTold } from "../until-told.ts";

/** API, page and schedules of an instance. User code is not loaded: it runs in `iroko worker`. */
const command: CliCommand<ProjectOptions & ServerCommandOptions> = {
  configure(command) {
    withServerOptions(withProjectOptions(command));
  },
  async run({ options, terminal }) {
    const project = findProject(options);
    await untilTold(terminal, async (told) => {
      await using instance = await openInstance(project, terminal);
      const log = terminalLogger(terminal);
      await using stack = new AsyncDisposableStack();
      const server = await serveProject(project, instance, options, { log, terminal });
      stack.defer(() => server.close());
      const scheduler = startScheduler({ db: instance.db, log });
      stack.defer(() => scheduler.stop());
      terminal.say(`Iroko is at ${server.url}`);
      if (instance.mode === "embedded")
        terminal.say("No worker runs in this process: iroko worker in another, or iroko dev for both in one.");
      await told;
    });
    return exitCodes.done;
  },
};

export default command;
