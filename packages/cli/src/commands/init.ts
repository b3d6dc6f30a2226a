import { mkdirSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { isInstalledFor } from "../init/is-installed-for.ts";
import { writeProject } from "../init/write-project.ts";
import { withJsonOption } from "../project-options.ts";

interface InitOptions {
  readonly json?: boolean;
}

/** A project that runs at once; nothing is fetched, nothing is overwritten. */
const command: CliCommand<InitOptions> = {
  server: "unasked",
  configure(command) {
    withJsonOption(command).argument("[folder]", "made when missing", ".");
  },
  async run({ args, options, terminal }) {
    const folder = resolve(args[0] ?? ".");
    mkdirSync(folder, { recursive: true });
    const zoned = Temporal.Now.zonedDateTimeISO();
    const files = writeProject(folder, {
      name: packageName(basename(folder)),
      start: zoned.toPlainDate().subtract({ days: 7 }).toString(),
      timezone: zoned.timeZoneId,
    });
    if (options.json === true) terminal.data(JSON.stringify({ folder, files }, null, 2));
    const place = relative(process.cwd(), folder);
    for (const file of files) terminal.say(`${terminal.style("green", "made")} ${join(place, file)}`);
    const next = [
      ...(place === "" ? [] : [`cd ${/\s/.test(place) ? JSON.stringify(place) : place}`]),
      ...(isInstalledFor(folder) ? [] : ["npm install"]),
      "npx iroko check",
      "npx iroko backfill --select '*' --missing",
      "npx iroko dev",
    ];
    terminal.say(`\nNext:\n${next.map((line) => `  ${line}`).join("\n")}`);
    return exitCodes.done;
  },
};

export default command;

/** A folder's name as npm takes it. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replaceAll(/^[._-]+|[._-]+$/g, "");
  return name === "" ? "iroko-project" : name;
}
