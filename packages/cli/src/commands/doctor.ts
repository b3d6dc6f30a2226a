import type { CliCommand } from "../command.ts";
import { examine, type Finding } from "../doctor/examine.ts";
import { exitCodes } from "../exit-codes.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";

interface DoctorOptions extends ProjectOptions {
  readonly json?: boolean;
}

const command: CliCommand<DoctorOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(command)).addHelpText("after", "\nIts exit code is 1 when something is wrong.");
  },
  async run({ options, terminal }) {
    const findings: Finding[] = [];
    for await (const finding of examine(findProject(options), terminal)) {
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
