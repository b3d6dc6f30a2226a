/** Inserts some of a plan's steps into its run, behind those that are there: the only way in, at once or bit by bit. */
import type { Snapshot } from "../definitions/snapshot.ts";
import { readsWhatThereIs } from "../graph/joins.ts";
import { noSet, setColumns } from "../instance/columns.ts";
import type { Tx } from "../instance/database.ts";
import { advance, givenBy, lockUpstream } from "../instance/expansion.ts";
import { countEnded, insertSteps, type NewRun, type NewStep } from "../instance/runs.ts";
import { arrivals, type Arrival, type Upstream } from "../planning/arrivals.ts";
import type { PlanChunk } from "../planning/expand-plan.ts";
import type { PlannedStep } from "../planning/plan.ts";
import { admit } from "./admit.ts";
import { stepDefinition, type StepDefinition } from "./step-definition.ts";

/** Looks up what a snapshot says of steps, each only once. */
export type StepLookup = (step: Pick<PlannedStep, "kind" | "name">) => StepDefinition | undefined;

export function stepLookup(snapshot: Snapshot): StepLookup {
  const known = new Map<string, StepDefinition | undefined>();
  return ({ kind, name }) => {
    const key = `${kind} ${name}`;
    if (!known.has(key)) known.set(key, stepDefinition(snapshot, kind, name));
    return known.get(key);
  };
}

/**
 * False: somebody else has inserted it, or the run is to be canceled; then nothing of the transaction may stay.
 *
 * @param from the number that the run has got to
 */
export async function insertChunk(
  tx: Tx,
  run: Pick<NewRun, "id" | "location" | "priority" | "maxConcurrency">,
  lookup: StepLookup,
  { steps, edges, first, isLast }: PlanChunk,
  from: number,
): Promise<boolean> {
  const upstream = await upstreamOf(tx, run.id, lookup, [
    ...new Set(edges.flatMap((edge) => (edge.from < first ? [edge.from] : []))),
  ]);
  // What reads what there is may find others: its claim sees.
  const needs = (step: PlannedStep, asset: string): boolean =>
    lookup(step)?.deps.some((dep) => dep.asset === asset && !dep.weak && !readsWhatThereIs(dep.mapping)) ?? false;
  const beginnings = arrivals(steps, edges, upstream, needs);
  const isThere = new Set([...steps.map(({ n }) => n), ...upstream.keys()]);
  await insertSteps(
    tx,
    run,
    steps.map((step, at) => newStep(lookup, step, beginnings[at]!)),
    edges.filter((edge) => isThere.has(edge.from)),
  );
  await admit(tx, run.location);
  const to = steps.length === 0 ? from : steps.at(-1)!.n + 1;
  const gates = steps.filter(({ kind }) => kind === "gate").length;
  if (!(await advance(tx, run.id, { from, to, steps: steps.length, gates, isLast }))) return false;
  const ended = {
    skipped: beginnings.filter(({ status }) => status === "skipped").length,
    succeeded: beginnings.filter(({ status }) => status === "succeeded").length,
  };
  if (isLast || ended.skipped + ended.succeeded > 0) await countEnded(tx, run.id, ended);
  return true;
}

async function upstreamOf(
  tx: Tx,
  run: string,
  lookup: StepLookup,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, Upstream>> {
  const rows = await lockUpstream(tx, run, numbers);
  const optionalOf = (row: (typeof rows)[number]): readonly string[] => {
    if (row.status !== "succeeded" || (row.outcome !== "made" && row.outcome !== "superseded")) return [];
    const outputs = lookup(row)?.outputs ?? [];
    return outputs.flatMap(({ asset, optional }) => (optional && row.assets.includes(asset) ? [asset] : []));
  };
  const asked = rows.filter((row) => optionalOf(row).length > 0);
  const given = await givenBy(
    tx,
    asked.map(({ id }) => id),
  );
  return new Map(
    rows.map((row): [number, Upstream] => {
      const { n, id, status, name, because } = row;
      const notGiven = optionalOf(row).filter((asset) => !given.get(id)?.has(asset));
      return [n, { status, name, notGiven, ...(status === "skipped" && because !== null ? { because } : {}) }];
    }),
  );
}

function newStep(lookup: StepLookup, step: PlannedStep, arrival: Arrival): NewStep {
  return {
    ...arrival,
    n: step.n,
    kind: step.kind,
    name: step.name,
    assets: step.assets,
    definitionHash: lookup(step)?.definitionHash ?? "",
    ...(step.kind === "gate" ? noSet : setColumns(step.partitions)),
    pools: step.pools,
    reason: step.reason,
    onlyIfChanged: step.onlyIfChanged ?? false,
  };
}
