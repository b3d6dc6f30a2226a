/** Waits for a run, telling on stderr how it goes. */
import { runProgress, type Database, type RunProgress } from "@iroko/core/engine";
import { progressLine } from "./progress-line.ts";
import { eventTeller, type EventTellerOptions } from "./tell-events.ts";

export interface FollowOptions extends EventTellerOptions {
  /** Gives up waiting; the run itself goes on. */
  readonly signal?: AbortSignal;
}

const lookEveryMs = 250;
const publishedEveryMs = 15;
/** Off a terminal, a line as seldom as that. */
const lineEveryMs = 5_000;

/** Returns when the run has ended and what it has made is published. */
export async function followRun(run: string, options: FollowOptions): Promise<RunProgress> {
  const { db, terminal, signal } = options;
  const since = performance.now();
  const bell = await listen(db, run);
  const tellEvents = eventTeller(run, options);
  try {
    for (let lastLine = since; ;) {
      signal?.throwIfAborted();
      const progress = (await runProgress(db, run))!;
      await tellEvents(progress);
      const isEnded = hasEnded(progress);
      if (isEnded && progress.unpublished === 0) return progress;
      const line = progressLine(progress, (performance.now() - since) / 1000, terminal);
      terminal.live([line]);
      if (!terminal.isLive && performance.now() - lastLine >= lineEveryMs) {
        lastLine = performance.now();
        terminal.say(line);
      }
      await bell.wait(isEnded ? publishedEveryMs : lookEveryMs, signal);
    }
  } finally {
    terminal.live([]);
    await bell.close();
  }
}

const hasEnded = ({ status }: RunProgress): boolean => status !== "queued" && status !== "running";

interface Bell {
  /** Until the run's end is told, the time is over, or `signal`. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** The engine notifies a run's end: then nobody waits for the next look. */
async function listen(db: Database, run: string): Promise<Bell> {
  const session = await db.session();
  let hasRung = false;
  let wake = (): void => {};
  session.on("notification", ({ payload }) => {
    if (payload !== run) return;
    hasRung = true;
    wake();
  });
  session.on("error", () => {}); // then the looks have to do
  await session.query("listen iroko_run");
  return {
    async wait(milliseconds, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, hasRung ? Math.min(milliseconds, publishedEveryMs) : milliseconds);
      wake = resolve;
      signal?.addEventListener("abort", wake, { once: true });
      await promise;
      clearTimeout(timer);
      signal?.removeEventListener("abort", wake);
    },
    close: () => session.end().catch(() => {}),
  };
}
