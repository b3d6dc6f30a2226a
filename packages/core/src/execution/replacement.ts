/**
 * What a worker is still there for once other code has been deployed and a live worker has it: only for what that one cannot
 * run, steps that were planned with the code from before. When none of these is left, it has been replaced.
 */
import type { Database } from "../instance/database.ts";
import { codeOfOthers, isCodeWanted } from "../instance/workers.ts";

export interface Replacement {
  /** Hashes of what the worker may claim, as of the last look. */
  readonly claimable: readonly string[];
  /** Whether nothing is left that only this worker can run. */
  look(): Promise<boolean>;
}

/** @param hashes of everything that the worker has the code of */
export function replacementOf(
  db: Database,
  worker: { readonly id: string; readonly location: string; readonly hashes: readonly string[] },
): Replacement {
  let claimable = worker.hashes;
  let wasCurrent = false;
  return {
    get claimable() {
      return claimable;
    },
    async look() {
      const { isCurrent, others } = await codeOfOthers(db, worker.id);
      wasCurrent ||= isCurrent;
      // One that has never had the code that is deployed was started so on purpose, or before its deploy.
      if (!wasCurrent || isCurrent || others === null) {
        claimable = worker.hashes;
        return false;
      }
      const theirs = new Set(others);
      claimable = worker.hashes.filter((hash) => !theirs.has(hash));
      return claimable.length === 0 || !(await isCodeWanted(db, worker.location, claimable));
    },
  };
}
