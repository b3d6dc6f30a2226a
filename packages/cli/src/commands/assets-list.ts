import { assetGraph, countIn, existing, intersect, stalenessOf, type SnapshotAsset } from "@iroko/core";
import { assetStatuses, readMoment, readState, selectFrom } from "@iroko/core/engine";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { sayUnfinished } from "../runs/unfinished-runs.ts";
import { openSession, type Session } from "../session.ts";
import { formatTable } from "../terminal/table.ts";
import { formatBytes } from "../terminal/units.ts";

interface AssetsListOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly select?: string;
  readonly allowEmpty?: boolean;
}

const command: CliCommand<AssetsListOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .option("-s, --select <selection>", "only these assets")
      .option("--allow-empty", "a selection that selects nothing is no mistake");
  },
  async run({ options, terminal }) {
    await using session = await openSession(findProject(options), terminal);
    const assets = await session.asking(() => listAssets(session, options));
    if (options.json === true) {
      terminal.data(JSON.stringify(assets, null, 2));
      return exitCodes.done;
    }
    terminal.data(
      formatTable<ListedAsset>(
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
    await sayUnfinished(session);
    return exitCodes.done;
  },
};

export default command;

interface ListedAsset {
  readonly key: string;
  readonly group: string;
  readonly kinds: readonly string[];
  readonly owners: readonly string[];
  readonly external: boolean;
  /** How many exist now. */
  readonly partitions: number;
  readonly made: number;
  readonly failed: number;
  readonly stale: number;
  readonly rows: number;
  readonly bytes: number;
  /** UTC */
  readonly lastMadeAt: string | null;
}

/** The selected assets in the graph's order; all of them, external ones too, without a selection. */
async function listAssets(
  { db, location }: Session,
  { select, allowEmpty }: Pick<AssetsListOptions, "select" | "allowEmpty">,
): Promise<readonly ListedAsset[]> {
  const graph = assetGraph(location.snapshot);
  const now = await readMoment(db, location.snapshot, Temporal.Now.instant());
  const keys =
    select === undefined
      ? [...graph.assets.keys()]
      : await selectFrom(db, location.snapshot, select, now, { allowEmpty });
  const [state, facts] = await Promise.all([
    readState(db, location.snapshot, [...graph.assets.keys()], now),
    assetStatuses(db, keys),
  ]);
  const staleness = stalenessOf(graph, state, now);
  return keys.map((key) => {
    const asset: SnapshotAsset = graph.assets.get(key)!;
    const { materialized, failed } = state.assets.get(key)!;
    const exists = existing(asset.partitions, now);
    const row = facts.get(key);
    return {
      key,
      group: asset.group,
      kinds: asset.kinds,
      owners: asset.owners,
      external: asset.kind === "external",
      partitions: countIn(asset.partitions, exists),
      made: countIn(asset.partitions, intersect(materialized, exists)),
      failed: countIn(asset.partitions, failed),
      stale: countIn(asset.partitions, staleness.get(key)!.stale),
      rows: row?.rows ?? 0,
      bytes: row?.bytes ?? 0,
      lastMadeAt: row?.lastMadeAt?.toString() ?? null,
    };
  });
}
