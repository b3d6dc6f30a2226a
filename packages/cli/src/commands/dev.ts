/** Everything in one process: database, worker, schedules, API and page; definitions are loaded anew when they are saved. */
import { dirname } from "node:path";
import type { CliCommand } from "../command.ts";
import { drainSignals, withDrainOption, type DrainSignals } from "../drain-signals.ts";
import type { ExitCode } from "../exit-codes.ts";
import { openInstance } from "../instance.ts";
import { findProject, requireDefinitions, type Project, type ProjectOptions } from "../project.ts";
import { withProjectOptions } from "../project-options.ts";
import { reportDrained } from "../report-drained.ts";
import { readServer, serveProject } from "../serve-project.ts";
import { withServerOptions, type ServerCommandOptions } from "../server-options.ts";
import { terminalLogger } from "../terminal/terminal-logger.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { plural } from "../terminal/units.ts";

interface DevOptions extends ProjectOptions, ServerCommandOptions {
  readonly drain: number;
}

/** Shorter than a worker's: somebody waits at the terminal. */
const drainSeconds = 5;

const command: CliCommand<DevOptions> = {
  configure(command) {
    withDrainOption(withServerOptions(withProjectOptions(command)), drainSeconds);
  },
  async run({ options, terminal }) {
    const project = findProject(options);
    requireDefinitions(project);
    // From the very start: a signal that comes while things are being opened ends it in order, too.
    using signals = drainSignals(options.drain, terminal);
    return await develop(project, options, terminal, signals);
  },
};

export default command;

async function develop(
  project: Project,
  options: DevOptions,
  terminal: Terminal,
  signals: DrainSignals,
): Promise<ExitCode> {
  void readServer(); // while Postgres starts
  await using instance = await openInstance(project, terminal);
  const log = terminalLogger(terminal);
  // The page first: it is there while the definitions are still being loaded.
  await using stack = new AsyncDisposableStack();
  const server = await serveProject(project, instance, options, { log, terminal });
  stack.defer(() => server.close());
  terminal.say(`${terminal.style(["green", "bold"], "Iroko is at")} ${server.url}`);

  const [{ devWorkers }, { watchFolder }, { openProbed }, { startScheduler }] = await Promise.all([
    import("../dev/dev-workers.ts"),
    import("../dev/watch-folder.ts"),
    import("../session.ts"),
    import("@iroko/core/engine"),
  ]);
  const store = await openProbed(project, terminal);
  stack.defer(() => store.close());
  const workers = devWorkers({ project, instance, store, terminal, log });
  stack.defer(async () => void (await workers.stop(0)));
  const folder = dirname(project.module);
  const watch = watchFolder(folder, {
    ignored: ignoredBy(project),
    changed: ([first, ...others]) => {
      const more = others.length === 0 ? "" : ` and ${plural(others.length, "other file")}`;
      terminal.say(terminal.style("dim", `${first} was saved${more}`));
      void workers.reload();
    },
    failed: (reason) => terminal.say(`${terminal.style("yellow", "not watching")} ${reason}: restart after a change.`),
  });
  stack.defer(() => watch.close());
  await workers.reload();
  const scheduler = startScheduler({ db: instance.db, log });
  stack.defer(() => scheduler.stop());
  terminal.say(`Watching ${folder}. Ctrl-C stops; what then still runs goes on at the next start.`);
  await signals.told;
  watch.close();
  void signals.hurried.then(() => workers.stop(0));
  return reportDrained(await workers.stop(options.drain), terminal);
}

/** Folders in which nothing is code: packages, what Iroko keeps, data, hidden ones. */
function ignoredBy({ home, storeUri }: Project): (folder: string, name: string) => boolean {
  const names = new Set(["node_modules", "data", "dist"]);
  return (folder, name) => names.has(name) || name.startsWith(".") || folder === home || folder === storeUri;
}
