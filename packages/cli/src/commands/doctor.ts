import type { CliCommand } from "../command.ts";
import { examineServer } from "../doctor/examine-server.ts";
import { examine, type Finding, type Look } from "../doctor/examine.ts";
import { strictLook } from "../doctor/strict.ts";
import { exitCodes } from "../exit-codes.ts";
import { findServer } from "../remote/find-server.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { UsageError } from "../usage-error.ts";

interface DoctorOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly strict?: boolean;
  readonly repair?: boolean;
}

const command: CliCommand<DoctorOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .option("--strict", "look at every invariant: of runs, steps, versions, and each object in the store")
      .option("--repair", "with --strict: mend what needs nobody's decision")
      .addHelpText(
        "after",
        `
Its exit code is 1 when something is wrong. --strict asks the store for every object that a version names, and reads
through those that are on this machine.`,
      );
  },
  async run({ options, terminal }) {
    const { strict = false, repair = false } = options;
    if (repair && !strict) throw new UsageError("--repair mends what --strict finds: give both.");
    const server = findServer(options);
    if (strict && server !== undefined)
      throw new UsageError("--strict reads the database and the store.", "Run it on the machine of the instance.");
    const project = findProject(options);
    const findings: Finding[] = [];
    const look: Look | undefined = strict ? (db) => strictLook(db, project, terminal, { repair }) : undefined;
    // What can be looked at is another thing there than here, and so is what is found.
    const looking = server === undefined ? examine(project, terminal, look) : examineServer(server);
    for await (const finding of looking) {
      findings.push(finding);
      if (options.json === true) continue;
      const { verdict, about, message, remedy } = finding;
      terminal.data(`${terminal.styleData(colours[verdict], verdict.padEnd(5))} ${about.padEnd(12)} ${message}`);
      if (remedy !== undefined) terminal.data(`${" ".repeat(19)}${terminal.styleData("cyan", "→")} ${remedy}`);
    }
    const ok = findings.every(({ verdict }) => verdict !== "wrong");
    if (options.json === true) terminal.data(JSON.stringify({ ok, findings }, null, 2));
    return ok ? exitCodes.done : exitCodes.failed;
  },
};

export default command;

const colours = { ok: "green", note: "yellow", wrong: "red" } as const;
