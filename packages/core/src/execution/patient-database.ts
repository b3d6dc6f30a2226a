/**
 * A database that is waited for: what a step has brought is not thrown away because Postgres is being restarted, or has no
 * room. Ends with the signal, when others have taken the steps anyway.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { IrokoError } from "../errors.ts";
import type { Database } from "../instance/database.ts";

const passing: ReadonlySet<string> = new Set(["DATABASE_UNREACHABLE", "DATABASE_FULL"]);
const firstPauseMs = 50;
const longestPauseMs = 1_000;

/**
 * Everything asked of it may happen twice: when the answer to a commit is lost, nobody knows whether it happened. All that
 * a step's attempt writes bears that, being fenced or keyed.
 */
export function patientDatabase(db: Database, signal: AbortSignal): Database {
  async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        return await ask();
      } catch (error) {
        const passes = error instanceof IrokoError && passing.has(error.code);
        if (!passes || signal.aborted) throw error;
        await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => {});
      }
    }
  }
  return {
    ...db,
    query: (text, values) => patiently(() => db.query(text, values)),
    transaction: (work) => patiently(() => db.transaction(work)),
  };
}
