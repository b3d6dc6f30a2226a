import { InvalidArgumentError } from "commander";
import { openAccess } from "../access/access.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { printList } from "../terminal/print-list.ts";

interface AuditListOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly limit: number;
  readonly before?: number;
  readonly operation?: string;
  readonly actor?: string;
}

const command: CliCommand<AuditListOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .option("-n, --limit <n>", "at most so many, the newest", parseLimit, 20)
      .option("--before <number>", "only rows before this one: the next page", parseSeq)
      .option("--operation <name>", "only these, e.g. runs.cancel")
      .option("--actor <name>", "only what this one did");
  },
  async run({ options, terminal }) {
    await using access = await openAccess(options, terminal);
    const rows = await access.audit(options);
    printList(
      {
        rows,
        columns: [
          { title: "NUMBER", value: ({ seq }) => seq, align: "right" },
          { title: "AT (UTC)", value: ({ at }) => at.slice(0, 19).replace("T", " ") },
          { title: "WHO", value: ({ actor, actorKind }) => `${actor} (${actorKind})` },
          { title: "FROM", value: ({ via, address }) => (address === null ? via : `${via} ${address}`) },
          { title: "OPERATION", value: ({ operation }) => operation },
          { title: "OUTCOME", value: ({ outcome }) => outcome },
          { title: "TARGET", value: ({ target }) => target, shrinks: true },
        ],
        none: "Nothing has been changed yet that the audit tells of.",
        json: options.json === true ? rows : undefined,
      },
      terminal,
    );
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
