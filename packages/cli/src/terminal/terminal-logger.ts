import { inspect } from "node:util";
import type { Logger } from "@iroko/core";
import { redactorOf } from "@iroko/core/engine";
import { printable, type Terminal } from "./terminal.ts";

/** What a server, a worker or a scheduler says, as lines on stderr, which others keep: without secrets. */
export function terminalLogger({ say, style }: Terminal): Logger {
  const redactor = redactorOf(process.env);
  const line =
    (level: string, colour: "dim" | "yellow" | "red") =>
    (message: string, fields?: unknown): void => {
      const more = fields === undefined ? "" : ` ${inspect(redactor.value(fields), { breakLength: Infinity })}`;
      say(`${style(colour, level)} ${redactor.text(printable(message) + more)}`);
    };
  return {
    debug: () => {},
    info: line("info", "dim"),
    warn: line("warn", "yellow"),
    error: line("error", "red"),
  };
}
