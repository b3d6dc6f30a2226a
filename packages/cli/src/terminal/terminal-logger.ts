import { inspect } from "node:util";
import type { Logger } from "@iroko/core";
import { printable, type Terminal } from "./terminal.ts";

/** What a worker or a scheduler says, as lines on stderr. */
export function terminalLogger({ say, style }: Terminal): Logger {
  const line =
    (level: string, colour: "dim" | "yellow" | "red") =>
    (message: string, fields?: unknown): void =>
      say(
        `${style(colour, level)} ${printable(message)}${fields === undefined ? "" : ` ${inspect(fields, { breakLength: Infinity })}`}`,
      );
  return {
    debug: () => {},
    info: line("info", "dim"),
    warn: line("warn", "yellow"),
    error: line("error", "red"),
  };
}
