/** The last lines of a process that ran steps, and its exit code: what has ended, what others go on with. */
import type { Drained, NamedStep } from "@iroko/core/engine";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { plural } from "./terminal/units.ts";

const mostNamed = 20;

export function reportDrained({ ended, handedOver, leftBehind }: Drained, terminal: Terminal): ExitCode {
  const left = [...handedOver, ...leftBehind];
  if (left.length === 0) {
    terminal.say(ended === 0 ? "Drained: no step was running." : `Drained: ${plural(ended, "step")} ended.`);
    return exitCodes.done;
  }
  const told = leftBehind.length === 0;
  terminal.say(
    `Drained: ${plural(ended, "step")} ended, ${left.length} ${left.length === 1 ? "was" : "were"} ${told ? "handed over" : "left behind"}:`,
  );
  for (const step of left.slice(0, mostNamed)) terminal.say(`  ${nameOf(step)}`);
  if (left.length > mostNamed) terminal.say(`  … and ${left.length - mostNamed} more`);
  if (!told) terminal.say("Postgres did not answer: others take these back once they see that this worker is gone.");
  return told ? exitCodes.handedOver : exitCodes.failed;
}

function nameOf({ run, name, partitions }: NamedStep): string {
  return `${name}${partitions === "" ? "" : `@${partitions}`} of run ${run}`;
}
