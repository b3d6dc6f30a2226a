/** Keys of dynamic partitions as commands list and change them: of a database here, or of a server there. */
import type { DynamicKey } from "@iroko/core/client";
import type { ProjectOptions } from "../project.ts";
import { openSubject } from "../remote/subject.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface DynamicPartitions extends AsyncDisposable {
  /** By their name, or that of an asset that has them. */
  list(nameOrAsset: string): Promise<{ readonly partitions: string; readonly keys: readonly DynamicKey[] }>;
  change(verb: ChangeVerb, nameOrAsset: string, keys: readonly string[]): Promise<ChangedKeys>;
}

export type ChangeVerb = "add" | "remove";

export interface ChangedKeys {
  /** The partitions' own name. */
  readonly partitions: string;
  /** Those that it changed something for. */
  readonly keys: readonly string[];
}

export async function openDynamicPartitions(options: ProjectOptions, terminal: Terminal): Promise<DynamicPartitions> {
  return await openSubject(
    {
      here: async (project, terminal) =>
        (await import("./dynamic-partitions-here.ts")).dynamicPartitionsHere(project, terminal),
      there: async (server) => (await import("./dynamic-partitions-there.ts")).dynamicPartitionsThere(server),
    },
    options,
    terminal,
  );
}
