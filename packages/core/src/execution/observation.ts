/** The run that looks at the sources of a selection: at external assets which it names, or which what it names reads. */
import { planObservation } from "../planning/plan-observation.ts";
import type { Location } from "../instance/locations.ts";
import type { Moment } from "../partitions/moment.ts";
import type { Submission } from "./submit-run.ts";

/**
 * Undefined where nothing can be observed.
 *
 * @throws {IrokoError} SELECTION_SYNTAX, SELECTION_EMPTY, ASSET_NOT_FOUND
 */
export function observationOf(
  location: Location,
  { select, asOf, unpartitionedOnly = false }: ObservationRequest,
): Submission | undefined {
  const plan = planObservation({ snapshot: location.snapshot, select, now: asOf, unpartitionedOnly });
  if (plan.stepCount === 0) return undefined;
  return { location, plan, selection: select, partitions: "", asOf, trigger: "observe" };
}

export interface ObservationRequest {
  readonly select: string;
  readonly asOf: Moment;
  /** Only sources without partitions, which are cheap to look at. */
  readonly unpartitionedOnly?: boolean;
}
