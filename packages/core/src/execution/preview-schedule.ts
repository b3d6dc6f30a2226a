/** The next ticks of a schedule, and the plan that each would make if everything stayed as it is now. */
import { previewTicks } from "../automation/schedule-ticks.ts";
import type { ScheduleDefinition } from "../definitions/model.ts";
import { IrokoError } from "../errors.ts";
import { assetGraph } from "../graph/asset-graph.ts";
import { possibleAssets } from "../graph/selection.ts";
import type { Database } from "../instance/database.ts";
import { listAutomations } from "../instance/automations.ts";
import type { Location } from "../instance/locations.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import { describePlan, type PlanDescription } from "../planning/describe-plan.ts";
import { requestDefinition } from "../planning/requested-partitions.ts";
import { planRequest } from "./plan-request.ts";
import { readMoment } from "./read-moment.ts";

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

export interface PreviewOptions {
  readonly now: Temporal.Instant;
  readonly count: number;
  /** Only ticks after this one, which is taken for handled: the next page. */
  readonly after?: Temporal.Instant | undefined;
  /** Plans with mapping functions answered: see `askMappings`. */
  readonly asking: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

export async function previewSchedule(
  db: Database,
  { snapshot, name }: Location,
  schedule: ScheduleDefinition,
  { now, count, after, asking }: PreviewOptions,
): Promise<readonly PreviewedTick[]> {
  // define() refuses a schedule without its job.
  const { select } = snapshot.jobs.find(({ key }) => key === schedule.job)!;
  const graph = assetGraph(snapshot);
  const definition = requestDefinition(graph, possibleAssets(graph, select));
  const automation = (await listAutomations(db, name)).find((row) => row.name === schedule.key);
  const { dynamicKeys } = await readMoment(db, snapshot, now);
  const lastHandled = after ?? automation?.lastHandled ?? undefined;
  const ticks = previewTicks(schedule, definition, { now: after ?? now, count, lastHandled, dynamicKeys });
  const previewed: PreviewedTick[] = [];
  for (const { tick: at, partitions: asked, reason } of ticks) {
    if (asked === undefined) {
      previewed.push({ at, partitions: "", reason });
      continue;
    }
    const partitions = asked.kind === "set" && definition !== undefined ? formatPartitions(definition, asked.set) : "";
    try {
      const plan = await asking(() =>
        planRequest(db, snapshot, { select, partitions: asked }, { now: at, dynamicKeys }),
      );
      previewed.push({ at, partitions, reason, plan: describePlan(plan, snapshot) });
    } catch (error) {
      if (!(error instanceof IrokoError)) throw error;
      previewed.push({ at, partitions, reason, problem: `${error.code}: ${error.message}` });
    }
  }
  return previewed;
}
