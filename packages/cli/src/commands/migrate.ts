import { migrate, openDatabase } from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openInstance } from "../instance.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";

interface MigrateOptions extends ProjectOptions {
  readonly json?: boolean;
}

const command: CliCommand<MigrateOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(command)).addHelpText(
      "after",
      "\nAn embedded database is migrated by every command; one that DATABASE_URL names, only by this.",
    );
  },
  async run({ options, terminal }) {
    const project = findProject(options);
    const report = await migrated(project, terminal);
    if (options.json === true) {
      terminal.data(JSON.stringify(report, null, 2));
    } else {
      for (const name of report.applied) terminal.say(`applied ${name}`);
      terminal.say(`The database has schema version ${report.to}.`);
    }
    return exitCodes.done;
  },
};

export default command;

async function migrated(
  project: Parameters<typeof openInstance>[0],
  terminal: Parameters<typeof openInstance>[1],
): Promise<Awaited<ReturnType<typeof migrate>>> {
  if (project.databaseUrl === undefined) {
    await using instance = await openInstance(project, terminal); // migrates it
    return await migrate(instance.db);
  }
  const db = openDatabase(project.databaseUrl);
  try {
    const report = await migrate(db);
    const target = report.applied.join(" ");
    if (target !== "") await auditedHere(db, { operation: "instance.migrate", target }, () => Promise.resolve());
    return report;
  } finally {
    await db.close();
  }
}
