import { listAudit, type AuditRow } from "@iroko/core/engine";
import { InvalidArgumentError } from "commander";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openInstance } from "../instance.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { formatTable } from "../terminal/table.ts";

interface AuditListOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly limit: number;
  readonly before?: number;
  readonly operation?: string;
  readonly actor?: string;
}

const command: CliCommand<AuditListOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .option("-n, --limit <n>", "at most so many, the newest", parseLimit, 20)
      .option("--before <number>", "only rows before this one: the next page", parseSeq)
      .option("--operation <name>", "only these, e.g. runs.cancel")
      .option("--actor <name>", "only what this one did");
  },
  async run({ options, terminal }) {
    await using instance = await openInstance(findProject(options), terminal);
    const rows = await listAudit(instance.db, options.limit, options);
    if (options.json === true) terminal.data(JSON.stringify(rows, null, 2));
    else if (rows.length === 0) terminal.say("Nothing has been changed yet that the audit tells of.");
    else {
      terminal.data(
        formatTable<AuditRow>(
          [
            { title: "NUMBER", value: ({ seq }) => seq, align: "right" },
            { title: "AT (UTC)", value: ({ at }) => at.toString().slice(0, 19).replace("T", " ") },
            { title: "WHO", value: ({ actor, actorKind }) => `${actor} (${actorKind})` },
            { title: "FROM", value: ({ via, address }) => (address === null ? via : `${via} ${address}`) },
            { title: "OPERATION", value: ({ operation }) => operation },
            { title: "OUTCOME", value: ({ outcome }) => outcome },
            { title: "TARGET", value: ({ target }) => target, shrinks: true },
          ],
          rows,
          { width: terminal.columns, style: (text) => terminal.styleData("bold", text) },
        ),
      );
    }
    return exitCodes.done;
  },
};

export default command;

function parseLimit(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 10_000) return value;
  throw new InvalidArgumentError("It is a whole number from 1 to 10000.");
}

function parseSeq(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError("It is a row's number.");
}
