import { currentLocation, defaultDrainSeconds, startWorker, type Worker } from "@iroko/core/engine";
import { InvalidArgumentError } from "commander";
import type { CliCommand } from "../command.ts";
import { drainSignals, withDrainOption } from "../drain-signals.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { openInstance } from "../instance.ts";
import { findProject, requireDefinitions, type ProjectOptions } from "../project.ts";
import { withProjectOptions } from "../project-options.ts";
import { reportDrained } from "../report-drained.ts";
import { openProbed, openSession, workerOptions, type SessionWorkerOptions } from "../session.ts";
import { renderError } from "../terminal/render-error.ts";
import { terminalLogger } from "../terminal/terminal-logger.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface WorkerCommandOptions extends ProjectOptions {
  readonly slots?: number;
  readonly memory?: number;
  readonly ttl?: number;
  readonly drain: number;
}

const command: CliCommand<WorkerCommandOptions> = {
  configure(command) {
    const options = withProjectOptions(command)
      .option("--slots <n>", "steps at once (default: the processors)", positive)
      .option(
        "--memory <size>",
        "for all steps together: 4GB (default: 704 MiB a slot, at most half of the machine's)",
        parseBytes,
      )
      .option("--ttl <seconds>", "silence after which others take its steps; 15 or more over a bad link", positive);
    withDrainOption(options, defaultDrainSeconds);
  },
  async run({ options, terminal }) {
    const project = findProject(options);
    requireDefinitions(project);
    const settings: SessionWorkerOptions = {
      ...(options.slots === undefined ? {} : { slots: options.slots }),
      ...(options.memory === undefined ? {} : { memoryBytes: options.memory }),
      ...(options.ttl === undefined ? {} : { ttlSeconds: options.ttl }),
      log: terminalLogger(terminal),
    };
    if (project.databaseUrl === undefined) {
      await using session = await openSession(project, terminal);
      return await serve(await session.startWorker(settings), options.drain, terminal);
    }
    // A worker needs no deployed definitions to start: it waits for steps that it has the code of.
    await using instance = await openInstance(project, terminal);
    const store = await openProbed(project, terminal);
    try {
      const worker = await startWorker(
        workerOptions(project, instance, store, project.location, { ...settings, untilReplaced: true }),
      );
      const deployed = await currentLocation(instance.db, project.location);
      if (deployed?.snapshot.hash !== worker.snapshot.hash) {
        const which =
          deployed === undefined ? "not been deployed yet" : `changed since version ${deployed.version} was deployed`;
        terminal.say(
          `${terminal.style("yellow", "note")} the definitions here have ${which}: iroko deploy registers them`,
        );
      }
      return await serve(worker, options.drain, terminal);
    } finally {
      await store.close();
    }
  },
};

export default command;

/** Until a signal, or until others have taken its place. */
async function serve(worker: Worker, drainSeconds: number, terminal: Terminal): Promise<ExitCode> {
  terminal.say(`Worker ${worker.id} is ready.`);
  using signals = drainSignals(drainSeconds, terminal);
  void signals.hurried.then(() => worker.drain(0));
  try {
    await Promise.race([signals.told, worker.stopped]);
    const drained = worker.drain(drainSeconds);
    await Promise.race([drained, worker.stopped]);
    const exitCode = reportDrained(await drained, terminal);
    // At once: closing in order would wait for a database that does not answer.
    return exitCode === exitCodes.failed ? process.exit(exitCode) : exitCode;
  } catch (error) {
    terminal.say(renderError(error, terminal));
    // Likewise, and others have the steps already.
    return process.exit(exitCodes.failed);
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("It is a positive whole number.");
}

function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kMGT]?)(i?)B?$/i.exec(text.trim());
  if (match === null) throw new InvalidArgumentError("It is a size: 800MB, 4GB, 2GiB.");
  const power = ["", "K", "M", "G", "T"].indexOf(match[2]!.toUpperCase());
  return Math.floor(Number(match[1]) * (match[3] === "" ? 1000 : 1024) ** power);
}
