import { untilInterrupted } from "./runs/until-interrupted.ts";
import type { Terminal } from "./terminal/terminal.ts";

/**
 * Serves until SIGINT or SIGTERM, from its very start: a signal that comes while it is still opening things ends it in
 * order, too. The second one ends the process at once.
 */
export async function untilTold(terminal: Terminal, serve: (told: Promise<void>) => Promise<void>): Promise<void> {
  const told = Promise.withResolvers<void>();
  await untilInterrupted(
    terminal,
    () => serve(told.promise),
    () => {
      terminal.say("Stopping …");
      told.resolve();
      return Promise.resolve();
    },
  );
}
