import type { Command } from "commander";

/** The options of every command that looks at a project. */
export function withProjectOptions(command: Command): Command {
  return command
    .option("--definitions <file>", "the definitions module (default: iroko.config.ts here)")
    .option("--location <name>", "the code location's name (default: the package's name)");
}

export function withJsonOption(command: Command): Command {
  return command.option("--json", "print JSON on stdout");
}
