import { setTimeout as sleep } from "node:timers/promises";
import type { LogChunk, LogStream, Step } from "@iroko/core/client";
import { InvalidArgumentError, Option } from "commander";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { allSteps, mostOfPage, openRuns, type LogsPage, type Runs } from "../runs/runs.ts";
import { stepTitle } from "../runs/step-name.ts";
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

const lookEveryMs = 250;

const command: CliCommand<RunsLogsOptions> = {
  server: "answers",
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
    await using runs = await openRuns(options, terminal);
    const run = await runs.find(args[0]!);
    if (options.step !== undefined && (await stepAt(runs, run.id, options.step)) === undefined) {
      throw new UsageError(
        `Run ${run.id} has no step ${options.step}.`,
        `Look at its steps: iroko runs show ${run.id}`,
      );
    }
    const print = printer(terminal, options.json === true);
    if (options.follow !== true) {
      if (!(await printAll(runs, run.id, options, print))) terminal.say("Nothing was printed.");
      return exitCodes.done;
    }
    const stop = new AbortController();
    const wasInterrupted = await untilInterrupted(
      terminal,
      () => follow(runs, run.id, options, print, stop.signal),
      () => Promise.resolve(stop.abort()),
    );
    return wasInterrupted ? exitCodes.interrupted : exitCodes.done;
  },
};

export default command;

type Print = (step: Step, chunks: readonly LogChunk[]) => void;

/** Returns whether there was anything. */
async function printAll(runs: Runs, run: string, options: RunsLogsOptions, print: Print): Promise<boolean> {
  const steps = new Map<number, Step>();
  for (let after: string | undefined; ;) {
    const chunks = await runs.logs(run, { ...filter(options), limit: mostOfPage, after });
    for (const [n, list] of Map.groupBy(chunks, ({ step }) => step)) {
      if (!steps.has(n)) steps.set(n, (await stepAt(runs, run, n))!);
      print(steps.get(n)!, list);
    }
    after = chunks.at(-1)?.cursor ?? after;
    if (chunks.length < mostOfPage) return after !== undefined;
  }
}

/** Each step is read from where it was left, and once more after its end. */
async function follow(
  runs: Runs,
  run: string,
  options: RunsLogsOptions,
  print: Print,
  signal: AbortSignal,
): Promise<void> {
  const places = new Map<number, string>();
  const finished = new Set<number>();
  while (!signal.aborted) {
    const isOver = (await runs.get(run)).endedAt !== null;
    for (const step of await begunSteps(runs, run, options.step)) {
      if (finished.has(step.n)) continue;
      for (let isMore = true; isMore;) {
        const after = places.get(step.n);
        const chunks = await runs.logs(run, { ...filter(options), step: step.n, limit: mostOfPage, after });
        const last = chunks.at(-1);
        if (last !== undefined) places.set(step.n, last.cursor);
        print(step, chunks);
        isMore = chunks.length === mostOfPage;
      }
      if (step.endedAt !== null) finished.add(step.n);
    }
    if (isOver) return;
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
  }
}

async function begunSteps(runs: Runs, run: string, only: number | undefined): Promise<readonly Step[]> {
  if (only === undefined) return (await allSteps(runs, run)).filter(({ attempt }) => attempt > 0);
  const step = await stepAt(runs, run, only);
  return step === undefined ? [] : [step];
}

async function stepAt(runs: Runs, run: string, n: number): Promise<Step | undefined> {
  const [step] = await runs.steps(run, { after: n === 0 ? undefined : n - 1, limit: 1 });
  return step?.n === n ? step : undefined;
}

function filter({ step, attempt, stream }: RunsLogsOptions): Omit<LogsPage, "limit"> {
  return { step, attempt, stream };
}

/** The text alone goes to stdout; whose it is, to stderr. With --json a line for each chunk. */
function printer(terminal: Terminal, isJson: boolean): Print {
  let said = "";
  return (step, chunks) => {
    for (const { step: n, attempt, seq, stream, at, body } of chunks) {
      if (isJson) {
        terminal.data(JSON.stringify({ step: n, attempt, seq, stream, at, body }));
        continue;
      }
      const title = `── step ${n} ${stepTitle(step)}, attempt ${attempt}`;
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
