/** Assets as commands list and explain them: of a database here, or of a server there. */
import type { AssetCounts, ExplainedAsset, RolledBack } from "@iroko/core/client";
import type { ProjectOptions } from "../project.ts";
import { openSubject } from "../remote/subject.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { AssetFacts, AssetQuestion } from "./asset-facts.ts";

export interface Assets extends AsyncDisposable {
  /** The selected assets in the graph's order; all of them, external ones too, without a selection. */
  list(filter: AssetsFilter): Promise<readonly AssetCounts[]>;
  /** Why partitions are as they are: of `key`, or of `key@partitions`. */
  explain(target: string): Promise<ExplainedAsset>;
  /** All that is known of one. */
  show(question: AssetQuestion): Promise<AssetFacts>;
  /** Makes an older version current again: of `key@partition`, or of `key` where there is only one. */
  rollback(target: string, to: number | undefined): Promise<RollbackAnswer>;
  /** Tells of runs that nobody goes on with. */
  sayUnfinished(): Promise<void>;
}

export interface RollbackAnswer extends RolledBack {
  readonly asset: string;
  /** null where unpartitioned. */
  readonly partition: string | null;
  /** Why readers do not see it yet; undefined: they do. */
  readonly unpublished: string | undefined;
}

export interface AssetsFilter {
  readonly select?: string | undefined;
  /** A selection that selects nothing is no mistake. */
  readonly allowEmpty?: boolean | undefined;
}

export async function openAssets(options: ProjectOptions, terminal: Terminal): Promise<Assets> {
  return await openSubject(
    {
      here: async (project, terminal) => (await import("./assets-here.ts")).assetsHere(project, terminal),
      there: async (server) => (await import("./assets-there.ts")).assetsThere(server),
    },
    options,
    terminal,
  );
}
