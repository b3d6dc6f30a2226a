/** Ctrl-C: the first one is asked for, politely; the second one ends the process. */
import type { Terminal } from "../terminal/terminal.ts";
import { exitCodes } from "../exit-codes.ts";

/** Runs `work`; at SIGINT or SIGTERM, `stop` too, and `work` ends when that has had its effect. Returns whether it was interrupted. */
export async function untilInterrupted(
  terminal: Terminal,
  work: () => Promise<void>,
  stop: () => Promise<void>,
): Promise<boolean> {
  let isInterrupted = false;
  let stopping: Promise<void> = Promise.resolve();
  const interrupt = (): void => {
    if (isInterrupted) {
      terminal.live([]);
      process.exit(exitCodes.interrupted);
    }
    isInterrupted = true;
    stopping = stop().catch((error: unknown) => {
      terminal.say(error instanceof Error ? error.message : String(error));
    });
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  try {
    await work();
    await stopping;
    return isInterrupted;
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
}
