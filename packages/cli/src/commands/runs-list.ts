import { runStatuses } from "@iroko/core";
import type { Run } from "@iroko/core/client";
import { InvalidArgumentError, Option } from "commander";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openRuns } from "../runs/runs.ts";
import { printList } from "../terminal/print-list.ts";
import { formatSeconds } from "../terminal/units.ts";

interface RunsListOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly limit: number;
  readonly status?: (typeof runStatuses)[number];
  readonly before?: string;
  readonly observations?: boolean;
}

const command: CliCommand<RunsListOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .option("-n, --limit <n>", "at most so many, the newest", parseLimit, 20)
      .addOption(new Option("--status <status>", "only these").choices([...runStatuses]))
      .option("--before <id>", "only runs made before this one: the next page")
      .option("--observations", "those that only looked at external assets, too");
  },
  async run({ options, terminal }) {
    await using subject = await openRuns(options, terminal);
    const { limit, status, before, observations } = options;
    const runs = await subject.list({ limit, status, before, observations });
    printList<Run>(
      {
        rows: runs,
        columns: [
          { title: "RUN", value: ({ id }) => id },
          { title: "STATUS", value: ({ status }) => status },
          { title: "ASSETS", value: ({ selection }) => selection, shrinks: true },
          { title: "PARTITIONS", value: ({ partitions }) => partitions || "-", shrinks: true },
          { title: "STEPS", value: stepsText, align: "right" },
          { title: "BY", value: ({ trigger, triggerName }) => triggerName ?? trigger },
          { title: "ASKED FOR (UTC)", value: ({ createdAt }) => createdAt.slice(0, 19).replace("T", " ") },
          { title: "TOOK", value: tookText, align: "right" },
        ],
        none: "No run yet. Start one: iroko materialize --select '*' --partition last:1",
        json: options.json === true ? runs : undefined,
      },
      terminal,
    );
    return exitCodes.done;
  },
};

export default command;

export function stepsText({ planned, succeeded, failed, skipped, canceled }: Run): string {
  const rest = Object.entries({ failed, skipped, canceled }).flatMap(([what, count]) =>
    count === 0 ? [] : [`${count} ${what}`],
  );
  return [succeeded === planned ? `${planned}` : `${succeeded}/${planned}`, ...rest].join(", ");
}

export function tookText({ startedAt, endedAt }: Pick<Run, "startedAt" | "endedAt">): string {
  if (startedAt === null) return "-";
  const end = endedAt === null ? Temporal.Now.instant() : Temporal.Instant.from(endedAt);
  return formatSeconds(Temporal.Instant.from(startedAt).until(end).total("seconds"));
}

function parseLimit(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1_000) return value;
  throw new InvalidArgumentError("It is a whole number from 1 to 1000.");
}
