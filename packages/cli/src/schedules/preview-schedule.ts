/** The next ticks of a schedule, and the plan that each would make if everything stayed as it is now. */
import {
  assetGraph,
  describePlan,
  formatPartitions,
  IrokoError,
  previewTicks,
  requestDefinition,
  possibleAssets,
  type PlanDescription,
  type ScheduleDefinition,
} from "@iroko/core";
import { listAutomations, planRequest, readMoment } from "@iroko/core/engine";
import type { Session } from "../session.ts";
import { jobOf } from "./find-schedule.ts";

export interface PreviewedTick {
  readonly at: Temporal.Instant;
  /** `2026-11-21`; "" where nothing is partitioned, or nothing is asked for. */
  readonly partitions: string;
  readonly reason: string;
  /** Absent where nothing is asked for. */
  readonly plan?: PlanDescription;
  /** Why it could not be planned. */
  readonly problem?: string;
}

export async function previewSchedule(
  { db, location, asking }: Session,
  schedule: ScheduleDefinition,
  { now, count }: { readonly now: Temporal.Instant; readonly count: number },
): Promise<readonly PreviewedTick[]> {
  const { snapshot, name } = location;
  const { select } = jobOf(location, schedule);
  const graph = assetGraph(snapshot);
  const definition = requestDefinition(graph, possibleAssets(graph, select));
  const automation = (await listAutomations(db, name)).find((row) => row.name === schedule.key);
  const { dynamicKeys } = await readMoment(db, snapshot, now);
  const lastHandled = automation?.lastHandled ?? undefined;
  const ticks = previewTicks(schedule, definition, { now, count, lastHandled, dynamicKeys });
  return await Promise.all(
    ticks.map(async ({ tick: at, partitions: asked, reason }): Promise<PreviewedTick> => {
      if (asked === undefined) return { at, partitions: "", reason };
      const partitions =
        asked.kind === "set" && definition !== undefined ? formatPartitions(definition, asked.set) : "";
      try {
        const plan = await asking(() =>
          planRequest(db, snapshot, { select, partitions: asked }, { now: at, dynamicKeys }),
        );
        return { at, partitions, reason, plan: describePlan(plan, snapshot) };
      } catch (error) {
        if (!(error instanceof IrokoError)) throw error;
        return { at, partitions, reason, problem: `${error.code}: ${error.message}` };
      }
    }),
  );
}
