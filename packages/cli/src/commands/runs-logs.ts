import { setTimeout as sleep } from "node:timers/promises";
import type { Snapshot } from "@iroko/core";
import {
  getRun,
  listSteps,
  locationAt,
  readLogs,
  type Database,
  type LogRow,
  type LogStream,
  type StepRecord,
} from "@iroko/core/engine";
import { InvalidArgumentError, Option } from "commander";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openInstance } from "../instance.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { findRun } from "../runs/find-run.ts";
import { recordName } from "../runs/step-name.ts";
import { untilInterrupted } from "../runs/until-interrupted.ts";
import { printable, type Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";

interface RunsLogsOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly step?: number;
  readonly attempt?: number;
  readonly stream?: LogStream;
  readonly follow?: boolean;
}

const page = 1_000;
const lookEveryMs = 250;

const command: CliCommand<RunsLogsOptions> = {
  configure(command) {
    withProjectOptions(command)
      .argument("<run>", "its id, or the first letters of it")
      .option("--step <n>", "only this step's, by its number in the run", wholeNumber)
      .option("--attempt <n>", "only this attempt's", wholeNumber)
      .addOption(new Option("--stream <name>", "only this stream's").choices(["stdout", "stderr", "log"]))
      .option("-f, --follow", "go on until the run ends");
    withJsonOption(command);
  },
  async run({ args, options, terminal }) {
    await using instance = await openInstance(findProject(options), terminal);
    const { db } = instance;
    const run = await findRun(db, args[0]!);
    const snapshot = (await locationAt(db, run.location, run.snapshotVersion))!.snapshot;
    if (options.step !== undefined && (await stepsFrom(db, run.id, options.step, 1))[0]?.n !== options.step) {
      throw new UsageError(
        `Run ${run.id} has no step ${options.step}.`,
        `Look at its steps: iroko runs show ${run.id}`,
      );
    }
    const print = printer(terminal, snapshot, options.json === true);
    if (options.follow !== true) {
      if (!(await printAll(db, run.id, options, print))) terminal.say("Nothing was printed.");
      return exitCodes.done;
    }
    const stop = new AbortController();
    const wasInterrupted = await untilInterrupted(
      terminal,
      () => follow(db, run.id, options, print, stop.signal),
      () => Promise.resolve(stop.abort()),
    );
    return wasInterrupted ? exitCodes.interrupted : exitCodes.done;
  },
};

export default command;

type Print = (step: StepRecord, rows: readonly LogRow[]) => void;

/** Returns whether there was anything. */
async function printAll(db: Database, run: string, options: RunsLogsOptions, print: Print): Promise<boolean> {
  const steps = new Map<number, StepRecord>();
  let after: readonly [number, number, number] | undefined;
  for (;;) {
    const rows = await readLogs(db, run, {
      ...filter(options),
      limit: page,
      ...(after === undefined ? {} : { after }),
    });
    for (const [n, list] of Map.groupBy(rows, (row) => row.n)) {
      if (!steps.has(n)) steps.set(n, (await stepsFrom(db, run, n, 1))[0]!);
      print(steps.get(n)!, list);
    }
    const last = rows.at(-1);
    if (last !== undefined) after = [last.step, last.attempt, last.seq];
    if (rows.length < page) return after !== undefined;
  }
}

/** Each step is read from where it was left, and once more after its end. */
async function follow(
  db: Database,
  run: string,
  options: RunsLogsOptions,
  print: Print,
  signal: AbortSignal,
): Promise<void> {
  const places = new Map<number, readonly [number, number, number]>();
  const finished = new Set<number>();
  while (!signal.aborted) {
    const isOver = (await getRun(db, run))?.endedAt !== null;
    for (const step of await begunSteps(db, run, options.step)) {
      if (finished.has(step.n)) continue;
      for (let isMore = true; isMore;) {
        const after = places.get(step.n);
        const rows = await readLogs(db, run, {
          ...filter(options),
          n: step.n,
          limit: page,
          ...(after === undefined ? {} : { after }),
        });
        const last = rows.at(-1);
        if (last !== undefined) places.set(step.n, [last.step, last.attempt, last.seq]);
        print(step, rows);
        isMore = rows.length === page;
      }
      if (step.endedAt !== null) finished.add(step.n);
    }
    if (isOver) return;
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
  }
}

async function begunSteps(db: Database, run: string, only: number | undefined): Promise<readonly StepRecord[]> {
  if (only !== undefined) return stepsFrom(db, run, only, 1);
  const steps: StepRecord[] = [];
  for (let from = 0; ;) {
    const next = await stepsFrom(db, run, from, page);
    steps.push(...next.filter(({ attempt }) => attempt > 0));
    if (next.length < page) return steps;
    from = next.at(-1)!.n + 1;
  }
}

const stepsFrom = (db: Database, run: string, n: number, limit: number): Promise<readonly StepRecord[]> =>
  listSteps(db, run, { after: n - 1, limit });

function filter({ step, attempt, stream }: RunsLogsOptions): { n?: number; attempt?: number; stream?: LogStream } {
  return {
    ...(step === undefined ? {} : { n: step }),
    ...(attempt === undefined ? {} : { attempt }),
    ...(stream === undefined ? {} : { stream }),
  };
}

/** The text alone goes to stdout; whose it is, to stderr. With --json a line for each chunk. */
function printer(terminal: Terminal, snapshot: Snapshot, isJson: boolean): Print {
  let said = "";
  return (step, rows) => {
    for (const { n, attempt, seq, stream, at, body } of rows) {
      if (isJson) {
        terminal.data(JSON.stringify({ step: n, attempt, seq, stream, at, body }));
        continue;
      }
      const title = `── step ${n} ${recordName(snapshot, step)}, attempt ${attempt}`;
      if (title !== said) terminal.say(terminal.style("dim", title));
      said = title;
      // A terminal is not steered by what a step has printed; a file gets it as it was.
      const text = process.stdout.isTTY ? printable(body) : body;
      terminal.data(text.endsWith("\n") ? text.slice(0, -1) : text);
    }
  };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("It is a whole number.");
}
