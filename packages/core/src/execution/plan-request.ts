/**
 * The one way from a request to a plan: whoever asks, CLI, API, page or schedule, the same ask of the same snapshot in the
 * same state at the same moment is the same plan.
 */
import type { Snapshot } from "../definitions/snapshot.ts";
import type { Queryable } from "../instance/database.ts";
import type { Plan, PlanRequest } from "../planning/plan.ts";
import type { Moment } from "../partitions/moment.ts";
import { planRun } from "../planning/plan-run.ts";
import { withStoredMappings } from "./mapping/stored-mappings.ts";
import { readPlanningState } from "./planning-state.ts";
import { readSelectionFacts } from "./read-selection-facts.ts";

/**
 * @throws {IrokoError} as `planRun`
 * @throws {MappingQuestion} when a mapping function has to be asked: `askMappings` has it answered, and asks again
 */
export async function planRequest(db: Queryable, snapshot: Snapshot, request: PlanRequest, now: Moment): Promise<Plan> {
  const selection = await readSelectionFacts(db, snapshot, request.select, now);
  const state = await readPlanningState(db, snapshot, request, now, selection);
  return withStoredMappings(db, now, (moment) => planRun({ snapshot, request, state, now: moment }));
}
