import type { Command } from "commander";
import type { ExitCode } from "./exit-codes.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** One command: a file in `commands/` each, loaded only when it is the one that was typed. */
export interface CliCommand<Options extends object = object> {
  /** Its arguments, options and examples. */
  configure(command: Command): void;
  run(call: CommandCall<Options>): Promise<ExitCode>;
  /** `answers`: it can do its work over a server's API. `unasked`: it needs no instance. Else it needs the instance's machine. */
  readonly server?: "answers" | "unasked";
}

export interface CommandCall<Options extends object = object> {
  readonly args: readonly string[];
  readonly options: Options;
  readonly terminal: Terminal;
}
