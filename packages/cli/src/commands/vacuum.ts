import { applyRetention, defaultGraceHours, retentionDue, vacuum, type Garbage } from "@iroko/core/engine";
import { InvalidArgumentError } from "commander";
import { auditedHere } from "../access/here.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openInstance } from "../instance.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openOwn } from "../session.ts";
import { formatBytes, plural } from "../terminal/units.ts";

interface VacuumCommandOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly grace: number;
}

const command: CliCommand<VacuumCommandOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .option("--dry-run", "only say what would be deleted")
      .option("--grace <hours>", "leave alone what is younger", hours, defaultGraceHours)
      .addHelpText(
        "after",
        `
Workers do the same by themselves: retention every hour, the whole store once a day. What a pointer, a kept version, or a
step that has not ended names is never deleted.`,
      );
  },
  async run({ options: { dryRun = false, json = false, grace, ...options }, terminal }) {
    const project = findProject(options);
    await using instance = await openInstance(project, terminal);
    const { db } = instance;
    const store = await openOwn(project, instance, terminal);
    try {
      const due = await retentionDue(db);
      if (!dryRun)
        await auditedHere(db, { operation: "store.vacuum", target: store.uri }, (db) => applyRetention(db, store));
      const garbage: Garbage[] = [];
      for await (const found of vacuum(db, store, { now: Temporal.Now.instant(), graceHours: grace, dryRun })) {
        garbage.push(found);
        if (!json) terminal.data(`${found.kind.padEnd(7)} ${store.uriOf(found.key)}`);
      }
      const bytes = [...due, ...garbage].reduce((sum, one) => sum + one.bytes, 0);
      if (json) {
        const expired = due.map(({ objectKey, bytes }) => ({ key: objectKey, bytes }));
        terminal.data(JSON.stringify({ dryRun, bytes, expired, unnamed: garbage }, null, 2));
      }
      terminal.say(
        `${dryRun ? "Would delete" : "Deleted"} ${plural(due.length, "version")} past their retention and ` +
          `${plural(garbage.length, "object")} that nothing names: ${formatBytes(bytes)}.`,
      );
      return exitCodes.done;
    } finally {
      await store.close();
    }
  },
};

export default command;

function hours(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1_000_000) return value;
  throw new InvalidArgumentError("It is a number of hours, 0 or more.");
}
