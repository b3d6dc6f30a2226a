/** Waits for a run, telling on stderr how it goes. */
import { IrokoError } from "@iroko/core";
import type { RunDetail } from "@iroko/core/client";
import type { Terminal } from "../terminal/terminal.ts";
import { progressLine } from "./progress-line.ts";
import type { Runs } from "./runs.ts";
import { eventTeller } from "./tell-events.ts";

export interface FollowOptions {
  readonly runs: Runs;
  readonly terminal: Terminal;
  /** Gives up waiting; the run itself goes on. */
  readonly signal?: AbortSignal;
}

/** Off a terminal, a line as seldom as that. */
const lineEveryMs = 5_000;

/** Returns when the run has ended and what it has made is published. */
export async function followRun(run: string, options: FollowOptions): Promise<RunDetail> {
  const { runs, terminal, signal } = options;
  const since = performance.now();
  const bell = await runs.listen(run);
  const tellEvents = eventTeller(runs, terminal);
  let isAway = false;
  /** undefined: the server is away, which the run does not mind. */
  const look = async (): Promise<RunDetail | undefined> => {
    try {
      const progress = await runs.get(run);
      await tellEvents(progress);
      isAway = false;
      return progress;
    } catch (error) {
      if (!(error instanceof IrokoError && error.code === "SERVER_UNREACHABLE")) throw error;
      if (!isAway) terminal.say(`${terminal.style("yellow", "waiting")} ${error.message} The run goes on meanwhile.`);
      isAway = true;
      return undefined;
    }
  };
  try {
    for (let lastLine = since; ;) {
      signal?.throwIfAborted();
      const progress = await look();
      if (progress === undefined) {
        await bell.wait(signal);
        continue;
      }
      if (progress.endedAt !== null && progress.unpublished === 0) return progress;
      const line = progressLine(progress, (performance.now() - since) / 1000, terminal);
      terminal.live([line]);
      if (!terminal.isLive && performance.now() - lastLine >= lineEveryMs) {
        lastLine = performance.now();
        terminal.say(line);
      }
      await bell.wait(signal);
    }
  } finally {
    terminal.live([]);
    await bell.close();
  }
}
