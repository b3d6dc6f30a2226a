import { readFileSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { commandTable, type CommandEntry } from "./command-table.ts";
import type { CliCommand } from "./command.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { ProjectOptions } from "./project.ts";
import { exitCodeOf, renderError, toJsonError } from "./terminal/render-error.ts";
import { openTerminal, type Terminal } from "./terminal/terminal.ts";

/** Runs one command line, without the program's name; returns its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const isJson = argv.includes("--json");
  const terminal = openTerminal();
  try {
    return await runCommand(argv, terminal);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done; // --help and --version
    if (isJson) terminal.data(JSON.stringify({ error: toJsonError(error) }, null, 2));
    // What commander refuses, it has told already.
    if (!(error instanceof CommanderError)) terminal.say(renderError(error, terminal));
    return exitCodeOf(error);
  }
}

async function runCommand(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const chosen = chosenEntry(argv[0] === "help" ? argv.slice(1) : argv);
  let exitCode: ExitCode = exitCodes.done;
  const program = emptyProgram();
  const groups = new Map<string, Command>();
  for (const entry of commandTable) {
    const [word, subword] = entry.name.split(" ") as [string, string | undefined];
    const parent = subword === undefined ? program : (groups.get(word) ?? groupOf(program, word, entry, groups));
    const command = parent.command(subword ?? word).summary(entry.summary);
    command.description(`${entry.summary[0]!.toUpperCase()}${entry.summary.slice(1)}.`);
    if (subword === undefined) command.helpGroup(entry.group);
    if (entry !== chosen) continue;
    const { default: definition } = await entry.load();
    definition.configure(command);
    if (definition.server !== "unasked") command.addOption(serverOption(definition));
    command.action(async () => {
      await refuseServer(entry, definition, command.opts());
      exitCode = await definition.run({ args: command.args, options: command.opts(), terminal });
    });
  }
  await program.parseAsync([...argv], { from: "user" });
  return exitCode;
}

function serverOption({ server }: CliCommand): Option {
  const option = new Option("--server <url>", "ask this server instead of a database here (default: IROKO_SERVER)");
  return option.hideHelp(server !== "answers");
}

/** @throws {IrokoError} LOCAL_ONLY: a server is named, and the command needs what only its instance's machine has */
async function refuseServer({ name }: CommandEntry, definition: CliCommand, options: ProjectOptions): Promise<void> {
  if (definition.server !== undefined || !(options.server ?? process.env["IROKO_SERVER"])) return;
  const { IrokoError } = await import("@iroko/core");
  throw new IrokoError("LOCAL_ONLY", `iroko ${name} cannot be done over a server.`, {
    hint: "Run it on the machine of the instance, with its DATABASE_URL. Here, leave out --server and unset IROKO_SERVER.",
  });
}

function emptyProgram(): Command {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  return new Command("iroko")
    .description("Iroko makes tables: declared as assets, planned by partition, written as Parquet.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .configureHelp({ showGlobalOptions: false })
    .exitOverride()
    .addHelpText(
      "after",
      "\n`iroko COMMAND --help` tells more of one. Start with `iroko init` or `iroko check`.\nExit codes: 0 done, 1 something failed, 2 wrong usage or definitions, 3 steps handed over, 130 interrupted.",
    );
}

function groupOf(program: Command, word: string, { group }: CommandEntry, groups: Map<string, Command>): Command {
  const names = commandTable.flatMap(({ name }) => (name.startsWith(`${word} `) ? [name.slice(word.length + 1)] : []));
  const command = program.command(word).summary(names.join(" | ")).helpGroup(group);
  groups.set(word, command);
  return command;
}

function chosenEntry([word, subword]: readonly string[]): CommandEntry | undefined {
  return commandTable.find(({ name }) => name === word || name === `${word} ${subword}`);
}
