/** Runs that a process was making which is gone: killed, or its machine lost its power. */
import { listRuns, type RunRecord } from "@iroko/core/engine";
import { hasLiveWorker, type Session } from "../session.ts";
import { plural } from "../terminal/units.ts";

/** Of an embedded instance on which nobody works; the oldest first. */
export async function unfinishedRuns(session: Session): Promise<readonly RunRecord[]> {
  if (session.mode !== "embedded") return [];
  const runs = await listRuns(session.db, { limit: 100, statuses: ["queued", "running"], observations: true });
  if (runs.length === 0 || (await hasLiveWorker(session))) return [];
  return runs.toReversed();
}

/** `run 0199… (cli, daily_revenue, 3 of 7 steps done)` */
export function describeRun({ id, selection, partitions, planned, ...run }: RunRecord): string {
  const done = run.succeeded + run.failed + run.skipped + run.canceled;
  const what = [selection, partitions].filter(Boolean).join(" ");
  return `run ${id} (${what}: ${done} of ${plural(planned, "step")} done)`;
}

/** Tells of them; the next command with a worker goes on with them. */
export async function sayUnfinished(session: Session): Promise<void> {
  for (const run of await unfinishedRuns(session)) {
    session.terminal.say(
      `${session.terminal.style("yellow", "unfinished")} ${describeRun(run)}: the next materialize, backfill or observe goes on with it; iroko runs cancel ${run.id} ends it`,
    );
  }
}
