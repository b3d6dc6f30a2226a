/** From a plan to a run: inserted whole, with the wake-ups of its first steps. */
import { v7 as uuidv7 } from "uuid";
import type { Json } from "../definitions/metadata.ts";
import { noSet, setColumns } from "../instance/columns.ts";
import type { Database, Tx } from "../instance/database.ts";
import { recordDecisions, type NewDecision } from "../instance/decisions.ts";
import { appendEvents } from "../instance/events.ts";
import type { Location } from "../instance/locations.ts";
import { insertRun, insertSteps, type NewRun, type NewStep, type RunTrigger } from "../instance/runs.ts";
import { assetGraph } from "../graph/asset-graph.ts";
import { wholePlan } from "../planning/expand-plan.ts";
import { planToJson } from "../planning/plan-codec.ts";
import type { Plan, PlannedStep } from "../planning/plan.ts";
import { instantOf, keysRevisionOf, type Moment } from "../partitions/moment.ts";
import { admit } from "./admit.ts";
import { stepDefinition } from "./step-definition.ts";

export interface Submission {
  readonly location: Location;
  readonly plan: Plan;
  readonly selection: string;
  /** What was asked for, in words: "2026-11-01..2026-11-07", "stale". */
  readonly partitions: string;
  /** The moment of the plan: its clock and its dynamic keys. */
  readonly asOf: Moment;
  readonly trigger: RunTrigger;
  readonly triggerName?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly config?: Readonly<Record<string, Json>>;
  readonly priority?: number;
  readonly parent?: string;
}

/** Returns the run's id. An empty plan makes a run that has succeeded already. */
export async function submitRun(db: Database, submission: Submission): Promise<string> {
  return db.transaction((tx) => submitRunIn(tx, submission));
}

/** The same within the caller's transaction: a tick and its run are one. */
export async function submitRunIn(tx: Tx, submission: Submission): Promise<string> {
  const { location, plan } = submission;
  const id = uuidv7();
  const run: NewRun = {
    id,
    location: location.name,
    snapshotVersion: location.version,
    trigger: submission.trigger,
    ...(submission.triggerName === undefined ? {} : { triggerName: submission.triggerName }),
    selection: submission.selection,
    partitions: submission.partitions,
    plan: planToJson(plan),
    tags: submission.tags ?? {},
    config: submission.config ?? {},
    priority: submission.priority ?? 0,
    ...(submission.parent === undefined ? {} : { parent: submission.parent }),
    asOf: instantOf(submission.asOf),
    keysRevision: keysRevisionOf(submission.asOf),
  };
  const { steps, edges } = wholePlan(assetGraph(location.snapshot), plan, submission.asOf);
  await insertRun(tx, run, steps.length);
  await insertSteps(
    tx,
    run,
    steps.map((step) => newStep(location, step)),
    edges,
  );
  await appendEvents(tx, [
    { type: "run_submitted", run: id, payload: { steps: plan.stepCount, trigger: submission.trigger } },
  ]);
  await recordDecisions(tx, skipDecisions(id, submission));
  await admit(tx, location.name);
  return id;
}

/** What was asked for and is not made, that somebody may ask about. */
function skipDecisions(run: string, { plan, location }: Submission): readonly NewDecision[] {
  const external = new Set(location.snapshot.assets.filter(({ kind }) => kind === "external").map(({ key }) => key));
  return plan.skipped
    .filter(({ asset }) => !external.has(asset))
    .map((skip) => ({ subject: "plan", ...skip, outcome: "skipped", run }));
}

function newStep(location: Location, step: PlannedStep): NewStep {
  return {
    n: step.n,
    kind: step.kind,
    name: step.name,
    assets: step.assets,
    definitionHash: stepDefinition(location.snapshot, step.kind, step.name)?.definitionHash ?? "",
    ...(step.kind === "gate" ? noSet : setColumns(step.partitions)),
    pools: step.pools,
    reason: step.reason,
    onlyIfChanged: step.onlyIfChanged ?? false,
  };
}
