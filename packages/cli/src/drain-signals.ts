/** What SIGINT and SIGTERM mean to a process that runs steps: drain; again, hand over at once; a third time, end. */
import { InvalidArgumentError, type Command } from "commander";
import { exitCodes } from "./exit-codes.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { formatSeconds } from "./terminal/units.ts";

/** `--drain`, for the commands that run steps until they are told to stop. */
export function withDrainOption(command: Command, seconds: number): Command {
  return command.option(
    "--drain <seconds>",
    "how long running steps may go on after SIGTERM or Ctrl-C; then they are handed over",
    (text) => {
      if (/^\d+$/.test(text)) return Number(text);
      throw new InvalidArgumentError("It is a whole number of seconds; 0 hands over at once.");
    },
    seconds,
  );
}

export interface DrainSignals extends Disposable {
  /** At the first one. */
  readonly told: Promise<void>;
  /** At the second one. */
  readonly hurried: Promise<void>;
}

export function drainSignals(drainSeconds: number, terminal: Terminal): DrainSignals {
  const told = Promise.withResolvers<void>();
  const hurried = Promise.withResolvers<void>();
  let count = 0;
  const hear = (signal: NodeJS.Signals): void => {
    count += 1;
    if (count === 1) {
      const time = formatSeconds(drainSeconds);
      terminal.say(`${signal}: no more steps; those that run have ${time}. Again: they are handed over at once.`);
      told.resolve();
    } else if (count === 2) {
      terminal.say(`${signal}: what still runs is handed over.`);
      hurried.resolve();
    } else {
      process.exit(exitCodes.interrupted);
    }
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, hear);
  return {
    told: told.promise,
    hurried: hurried.promise,
    [Symbol.dispose]() {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, hear);
    },
  };
}
