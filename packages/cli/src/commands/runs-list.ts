import { runStatuses } from "@iroko/core";
import type { Run } from "@iroko/core/client";
import { InvalidArgumentError, Option } from "commander";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openRuns } from "../runs/runs.ts";
import { parseTime } from "../terminal/parse-time.ts";
import { printList } from "../terminal/print-list.ts";
import { formatSeconds } from "../terminal/units.ts";

interface RunsListOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly limit: number;
  readonly status?: (typeof runStatuses)[number];
  readonly before?: string;
  readonly observations?: boolean;
  readonly asset?: string;
  readonly by?: string;
  readonly since?: string;
  readonly until?: string;
}

const command: CliCommand<RunsListOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .option("-n, --limit <n>", "at most so many, the newest", parseLimit, 20)
      .addOption(new Option("--status <status>", "only these").choices([...runStatuses]))
      .option("--asset <key>", "only those that make, observe or check it")
      .option("--by <name>", "only what this asked for: a schedule's name, or cli, api, schedule, retry")
      .option(
        "--since <time>",
        "only those asked for then or later: 24h, 2026-11-20, 2026-11-20T02:00+01:00",
        parseTime,
      )
      .option("--until <time>", "only those asked for before then", parseTime)
      .option("--before <id>", "only runs made before this one: the next page")
      .option("--observations", "those that only looked at external assets, too");
  },
  async run({ options, terminal }) {
    await using subject = await openRuns(options, terminal);
    const { limit, status, before, observations, asset, by, since, until } = options;
    const runs = await subject.list({ limit, status, before, observations, asset, by, since, until });
    const isFiltered = [status, before, asset, by, since, until].some((given) => given !== undefined);
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
        none: isFiltered
          ? "No such run. All of them: iroko runs list"
          : "No run yet. Start one: iroko materialize --select '*' --partition last:1",
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
