/** The options by which `materialize`, `backfill` and `apply` say how a run is to run: before which others, how much of it at once. */
import { InvalidArgumentError, type Command } from "commander";

export interface RunOptions {
  readonly priority?: number;
  readonly maxConcurrency?: number;
}

export function withRunOptions(command: Command): Command {
  return command
    .option("--priority <n>", "a run of a higher one goes first (default: 0)", parsePriority)
    .option("--max-concurrency <n>", "at most so many of its steps at once", parseMaxConcurrency);
}

export function howToRun({ priority, maxConcurrency }: RunOptions): RunOptions {
  return {
    ...(priority === undefined ? {} : { priority }),
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
  };
}

/** As far as the instance can count. */
const most = 2 ** 31 - 1;

function parsePriority(text: string): number {
  if (/^-?\d{1,10}$/.test(text) && Math.abs(Number(text)) <= most) return Number(text);
  throw new InvalidArgumentError("It is a whole number; 0 is what runs have unless told otherwise.");
}

function parseMaxConcurrency(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) >= 1 && Number(text) <= most) return Number(text);
  throw new InvalidArgumentError("It is a whole number from 1; leave it out for no limit.");
}
