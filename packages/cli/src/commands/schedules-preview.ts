import type { PreviewedTick } from "@iroko/core/client";
import { InvalidArgumentError } from "commander";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { localTime } from "../schedules/local-time.ts";
import { noSchedules, openSchedules } from "../schedules/schedules.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { plural } from "../terminal/units.ts";

interface SchedulesPreviewOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly ticks: number;
}

const command: CliCommand<SchedulesPreviewOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .argument("[schedule]", "its key (default: all of them)")
      .option("-n, --ticks <n>", "so many ticks", parseTicks, 5);
  },
  async run({ args, options, terminal }) {
    await using subject = await openSchedules(options, terminal);
    const previews = await subject.preview(args[0], options.ticks);
    if (options.json === true) {
      terminal.data(JSON.stringify(previews, null, 2));
      return exitCodes.done;
    }
    if (previews.length === 0) terminal.say(noSchedules);
    for (const { key, cron, timezone, enabled, ticks } of previews) {
      terminal.data(`${terminal.styleData("bold", key)} ${cron} in ${timezone}${enabled ? "" : " (off in code)"}`);
      for (const tick of ticks) printTick(tick, timezone, terminal);
      if (ticks.length === 0) terminal.data("  never");
    }
    return exitCodes.done;
  },
};

export default command;

function printTick(
  { at, partitions, reason, plan, problem }: PreviewedTick,
  timezone: string,
  terminal: Terminal,
): void {
  const utc = terminal.styleData("dim", `(${at})`);
  const asks = [partitions, reason].filter(Boolean).join(": ");
  terminal.data(`  ${localTime(at, timezone)} ${utc} ${asks}`);
  if (problem !== undefined) terminal.data(`    cannot be planned as things are: ${problem}`);
  if (plan === undefined) return;
  for (const { asset, partitions: of, steps } of plan.assets) {
    terminal.data(`    ${of === "" ? asset : `${asset}@${of}`}  ${terminal.styleData("dim", plural(steps, "step"))}`);
  }
  for (const { name, steps } of plan.checks) {
    terminal.data(`    check ${name}  ${terminal.styleData("dim", plural(steps, "step"))}`);
  }
}

function parseTicks(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 366) return value;
  throw new InvalidArgumentError("It is a whole number from 1 to 366.");
}
