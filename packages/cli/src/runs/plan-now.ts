import { planRun, type Plan, type PlanRequest } from "@iroko/core";
import { readPlanningState } from "@iroko/core/engine";
import type { Session } from "../session.ts";

/** What the request means with the definitions and the state as they are; `iroko plan` shows what others submit. */
export async function planNow({ db, location }: Session, request: PlanRequest, now: Temporal.Instant): Promise<Plan> {
  const { snapshot } = location;
  const state = await readPlanningState(db, snapshot, request);
  return planRun({ snapshot, request, state, now });
}
