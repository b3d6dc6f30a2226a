/** The server of a project's instance, as `iroko serve` and `iroko dev` start it. */
import type { Logger } from "@iroko/core";
import type { RunningServer } from "@iroko/ui";
import type { Instance } from "./instance.ts";
import { storeKind, type Project } from "./project.ts";
import { serverOptions, type ServerCommandOptions } from "./server-options.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** Reads the server's code, so that it need not be read later: while Postgres starts, say. */
export async function readServer(): Promise<void> {
  await Promise.all([import("@iroko/ui"), import("@iroko/assets")]);
}

export async function serveProject(
  project: Project,
  instance: Instance,
  options: ServerCommandOptions,
  { log, terminal }: { readonly log: Logger; readonly terminal: Terminal },
): Promise<RunningServer> {
  const [{ startServer }, { dataReader }] = await Promise.all([import("@iroko/ui"), import("@iroko/assets")]);
  return await startServer({
    instance,
    store: storeKind(project),
    openStore: async () => (await import("./session.ts")).openOwn(project, instance, terminal),
    storeUri: project.storeUri,
    dataReader: dataReader(),
    ...serverOptions(options),
    log,
  });
}
