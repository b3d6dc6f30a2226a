/** A user's project with the `iroko` command in it, on an instance of its own. */
import { chmod } from "node:fs/promises";
import { openEmbeddedPostgres, type EmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";
import { runCli, startCli, type CliOptions, type CliResult, type RunningCli } from "../support/run-cli.ts";
import { tempProject, type TempProject } from "../support/temp-project.ts";

export interface CliProject extends TempProject {
  /** Runs a command in the project's folder. */
  iroko(args: readonly string[], options?: CliOptions): Promise<CliResult>;
  start(args: readonly string[], options?: CliOptions): RunningCli;
  /** Keeps the embedded server up between commands, which saves each of them its start and stop. */
  holdServer(): Promise<EmbeddedPostgres>;
}

/** What a developer's shell may hold and a test must not see. */
const unset = {
  DATABASE_URL: undefined,
  IROKO_HOME: undefined,
  IROKO_STORE: undefined,
  FORCE_COLOR: undefined,
};

/** On an embedded Postgres, unless `env` names another one. */
export async function cliProject(
  files: Readonly<Record<string, string>>,
  env: CliOptions["env"] = {},
): Promise<CliProject> {
  const project = await tempProject({
    "package.json": JSON.stringify({ name: "shop", type: "module", private: true }),
    ...files,
  });
  await chmod(project.folder, 0o755); // root's Postgres runs as another user
  const inProject = (options: CliOptions = {}): CliOptions => ({
    cwd: project.folder,
    ...options,
    env: { ...unset, ...env, ...options.env },
  });
  return {
    ...project,
    iroko: (args, options) => runCli(args, inProject(options)),
    start: (args, options) => startCli(args, inProject(options)),
    holdServer: () => openEmbeddedPostgres({ home: project.file(".iroko"), say: () => {} }),
  };
}

/** Two daily assets and an unpartitioned one, as tables of Parquet. */
export const shop = `
  import { z } from "zod";
  import { asset, daily, define, externalAsset } from "@iroko/core";
  import { parquet, sqlAsset, unique } from "@iroko/assets";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  export const shops = asset({
    key: "shops", schema: z.object({ shop: z.string() }), output: parquet({ path: "shops" }),
    materialize: () => [{ shop: "Ada" }, { shop: "Bola" }],
  });
  export const sales = asset({
    key: "raw/sales", group: "raw", partitions: days, schema: z.object({ shop: z.string(), kobo: z.int() }),
    output: parquet({ path: "raw/sales" }),
    materialize: (ctx) => {
      console.log("reading", ctx.partition.key);
      return [{ shop: "Ada", kobo: 150 }, { shop: "Ada", kobo: 250 }, { shop: "Bola", kobo: 5 }];
    },
  });
  export const revenue = sqlAsset({
    key: "revenue", group: "marts", partitions: days, schema: z.object({ shop: z.string(), kobo: z.int() }),
    output: parquet({ path: "marts/revenue" }),
    deps: { sales, shops },
    sql: "select shop, sum(kobo)::integer as kobo from sales join shops using (shop) group by shop",
    metrics: "select count(*)::integer as shops from self",
    checks: [unique("shop")],
  });
  export default define({ assets: [shops, sales, revenue] });
`;
