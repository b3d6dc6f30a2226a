import { IrokoError } from "@iroko/core";
import { findRuns, type Database, type RunRecord } from "@iroko/core/engine";
import { UsageError } from "../usage-error.ts";

/**
 * The run whose id starts so.
 *
 * @throws {IrokoError} RUN_NOT_FOUND, RUN_AMBIGUOUS
 */
export async function findRun(db: Database, id: string): Promise<RunRecord> {
  requireRunId(id);
  const [run, ...others] = await findRuns(db, id);
  if (run === undefined) throw noSuchRun(id);
  if (others.length === 0) return run;
  throw ambiguousRun(id, [run, ...others]);
}

/** @throws {UsageError} */
export function requireRunId(id: string): void {
  if (!/^[0-9a-f-]{4,36}$/i.test(id))
    throw new UsageError(`${JSON.stringify(id)} is no run's id.`, "Copy one, or its first letters: iroko runs list");
}

export function noSuchRun(id: string): IrokoError {
  return new IrokoError("RUN_NOT_FOUND", `There is no run ${id}.`, { hint: "List the runs: iroko runs list" });
}

export function ambiguousRun(id: string, runs: readonly { readonly id: string }[]): IrokoError {
  return new IrokoError("RUN_AMBIGUOUS", `${id} may be one of several runs.`, {
    hint: `Type more of it: ${runs.map((each) => each.id).join(", ")}`,
  });
}
