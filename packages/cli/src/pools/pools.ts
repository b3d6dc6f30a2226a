/** Concurrency pools as commands list and size them: of a database here, or of a server there. */
import type { Pool, PoolSize, SizedPool } from "@iroko/core/client";
import type { ProjectOptions } from "../project.ts";
import { openSubject } from "../remote/subject.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface Pools extends AsyncDisposable {
  list(): Promise<readonly Pool[]>;
  set(pool: PoolSize): Promise<SizedPool>;
}

export async function openPools(options: ProjectOptions, terminal: Terminal): Promise<Pools> {
  return await openSubject(
    {
      here: async (project, terminal) => (await import("./pools-here.ts")).poolsHere(project, terminal),
      there: async (server) => (await import("./pools-there.ts")).poolsThere(server),
    },
    options,
    terminal,
  );
}
