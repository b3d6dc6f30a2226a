/** From a plan to a run: inserted with its first steps and their wake-ups; what a long plan has beyond follows as a duty. */
import { v7 as uuidv7 } from "uuid";
import type { Json } from "../definitions/metadata.ts";
import type { Database, Tx } from "../instance/database.ts";
import { recordDecisions, type NewDecision } from "../instance/decisions.ts";
import { appendEvents } from "../instance/events.ts";
import type { Location } from "../instance/locations.ts";
import { insertRun, type NewRun, type RunTrigger } from "../instance/runs.ts";
import { assetGraph } from "../graph/asset-graph.ts";
import { expandPlan } from "../planning/expand-plan.ts";
import { planToJson } from "../planning/plan-codec.ts";
import type { Plan } from "../planning/plan.ts";
import { analyzeSteps, manyRows } from "../instance/statistics.ts";
import { wakeExpanding } from "../instance/wake-ups.ts";
import { instantOf, keysRevisionOf, type Moment } from "../partitions/moment.ts";
import { chunkSize } from "./expand-run.ts";
import { insertChunk, stepLookup } from "./insert-chunk.ts";
import { unhurried } from "./unhurried.ts";

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
  readonly priority?: number | undefined;
  /** At most so many of its steps run at once. */
  readonly maxConcurrency?: number | undefined;
  readonly parent?: string;
}

/** Returns the run's id. An empty plan makes a run that has succeeded already. */
export async function submitRun(db: Database, submission: Submission): Promise<string> {
  const run = await db.transaction((tx) => submitRunIn(tx, submission));
  if (submission.plan.stepCount > manyRows) await analyzeSteps(db);
  return run;
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
    maxConcurrency: submission.maxConcurrency ?? null,
    ...(submission.parent === undefined ? {} : { parent: submission.parent }),
    asOf: instantOf(submission.asOf),
    keysRevision: keysRevisionOf(submission.asOf),
  };
  await insertRun(tx, run, plan.stepCount);
  if (plan.stepCount > 0) await insertFirst(tx, run, submission);
  await appendEvents(tx, [
    { type: "run_submitted", run: id, payload: { steps: plan.stepCount, trigger: submission.trigger } },
  ]);
  await recordDecisions(tx, skipDecisions(id, submission));
  if (plan.stepCount > mostAtOnce) await wakeExpanding(tx, id);
  return id;
}

/** All steps of a run up to this size are there with it; of a longer one the first chunk, and the rest follows. */
const mostAtOnce = 50_000;

async function insertFirst(tx: Tx, run: NewRun, { location, plan, asOf }: Submission): Promise<void> {
  const isWhole = plan.stepCount <= mostAtOnce;
  const lookup = stepLookup(location.snapshot);
  const chunks = expandPlan(assetGraph(location.snapshot), plan, asOf, { size: isWhole ? mostAtOnce : chunkSize });
  for (let from = 0; ;) {
    const chunk = await unhurried(chunks);
    if (!chunk) return;
    await insertChunk(tx, run, lookup, chunk, from);
    if (!isWhole || chunk.isLast) return;
    from = chunk.steps.at(-1)!.n + 1;
  }
}

/** What was asked for and is not made, that somebody may ask about. */
function skipDecisions(run: string, { plan, location }: Submission): readonly NewDecision[] {
  const external = new Set(location.snapshot.assets.filter(({ kind }) => kind === "external").map(({ key }) => key));
  return plan.skipped
    .filter(({ asset }) => !external.has(asset))
    .map((skip) => ({ subject: "plan", ...skip, outcome: "skipped", run }));
}
