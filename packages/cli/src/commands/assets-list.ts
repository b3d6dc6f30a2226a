import type { AssetCounts } from "@iroko/core/client";
import { openAssets } from "../assets/assets.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { formatTable } from "../terminal/table.ts";
import { formatBytes } from "../terminal/units.ts";

interface AssetsListOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly select?: string;
  readonly allowEmpty?: boolean;
}

const command: CliCommand<AssetsListOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .option("-s, --select <selection>", "only these assets")
      .option("--allow-empty", "a selection that selects nothing is no mistake");
  },
  async run({ options, terminal }) {
    await using subject = await openAssets(options, terminal);
    const assets = await subject.list(options);
    if (options.json === true) {
      terminal.data(JSON.stringify(assets, null, 2));
      return exitCodes.done;
    }
    terminal.data(
      formatTable<AssetCounts>(
        [
          { title: "ASSET", value: ({ key }) => key },
          { title: "GROUP", value: ({ group }) => group },
          { title: "KIND", value: ({ external, kinds }) => (external ? "external" : kinds.join(" ")), shrinks: true },
          { title: "PARTITIONS", value: ({ partitions }) => partitions, align: "right" },
          { title: "MADE", value: ({ made }) => made, align: "right" },
          { title: "FAILED", value: ({ failed }) => failed || "", align: "right" },
          { title: "STALE", value: ({ stale }) => stale || "", align: "right" },
          { title: "ROWS", value: ({ rows }) => rows, align: "right" },
          { title: "BYTES", value: ({ bytes }) => formatBytes(bytes), align: "right" },
          { title: "LAST MADE", value: ({ lastMadeAt }) => lastMadeAt?.slice(0, 19).replace("T", " ") ?? "-" },
        ],
        assets,
        { width: terminal.columns, style: (text) => terminal.styleData("bold", text) },
      ),
    );
    await subject.sayUnfinished();
    return exitCodes.done;
  },
};

export default command;
