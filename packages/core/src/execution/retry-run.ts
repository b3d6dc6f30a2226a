import { v7 as uuidv7 } from "uuid";
import type { Snapshot } from "../definitions/snapshot.ts";
import { IrokoError } from "../errors.ts";
import { setColumns } from "../instance/columns.ts";
import type { Database, Tx } from "../instance/database.ts";
import { beginWith, neverInserted } from "../instance/expansion.ts";
import { appendEvents } from "../instance/events.ts";
import { currentLocation } from "../instance/locations.ts";
import { getRun, insertRun } from "../instance/runs.ts";
import { copySteps, halfMadeBoxes, narrowBoxes } from "../instance/steps.ts";
import { setOfPartitions } from "../partitions/partitions-in.ts";
import { subtract } from "../partitions/set-algebra.ts";
import { setFromJson } from "../partitions/set-codec.ts";
import { partitionIfAny } from "../partitions/table-name.ts";
import { wakeExpanding } from "../instance/wake-ups.ts";
import { admit } from "./admit.ts";
import { runNotFound } from "./cancel-run.ts";
import { stepDefinition, stepHashes } from "./step-definition.ts";

/**
 * Runs again what did not succeed in a run that has ended, with its partitions, inputs, config and clock, by the code of
 * now: a retry is what one asks for after mending it. From the start, what has succeeded is made again, too. Returns the new
 * run's id.
 *
 * @throws {IrokoError} RUN_NOT_FOUND; RUN_NOT_ENDED while it still runs; RUN_SUCCEEDED when nothing is left to retry
 */
export async function retryRun(
  db: Database,
  id: string,
  { fromStart = false }: { readonly fromStart?: boolean } = {},
): Promise<string> {
  return db.transaction(async (tx) => {
    const run = await getRun(tx, id);
    if (run === undefined) throw runNotFound(id);
    if (run.endedAt === null) {
      throw new IrokoError("RUN_NOT_ENDED", `Run ${id} is still ${run.status}.`, {
        hint: `Cancel it first (iroko runs cancel ${id}) or wait for its end.`,
      });
    }
    if (run.status === "succeeded" && !fromStart) {
      throw new IrokoError("RUN_SUCCEEDED", `Run ${id} has succeeded: there is nothing to retry.`, {
        hint: `To make it all again: iroko runs retry ${id} --from-start`,
      });
    }
    const current = await currentLocation(tx, run.location);
    if (current === undefined) throw new Error(`run ${id} is of location "${run.location}", which has no snapshot`);
    const again = uuidv7();
    // A run that was canceled while its plan was being expanded: the rest is expanded now, as it was planned.
    const never = await neverInserted(tx, id);
    await insertRun(
      tx,
      {
        id: again,
        location: run.location,
        snapshotVersion: current.version,
        trigger: "retry",
        selection: run.selection,
        partitions: run.partitions,
        plan: run.plan,
        tags: run.tags,
        config: run.config,
        priority: run.priority,
        parent: id,
        asOf: run.asOf,
        keysRevision: run.keysRevision,
        planVersion: never.planVersion,
      },
      fromStart ? run.planned : run.planned - run.succeeded,
      never.from,
    );
    const steps = await copySteps(tx, id, again, stepHashes(current.snapshot), fromStart);
    if (!fromStart) await narrowToRest(tx, id, again, current.snapshot);
    await beginWith(tx, again, steps, never.steps);
    if (never.steps > 0) await wakeExpanding(tx, again);
    await appendEvents(tx, [
      { type: "run_submitted", run: again, payload: { steps: steps + never.steps, trigger: "retry", parent: id } },
    ]);
    await admit(tx, run.location);
    return again;
  });
}

/** A step over several dimensions keeps what it has not made; of one dimension the copying sees to it. */
async function narrowToRest(tx: Tx, from: string, to: string, snapshot: Snapshot): Promise<void> {
  const narrowed = (await halfMadeBoxes(tx, from)).flatMap(({ n, kind, name, boxes, made }) => {
    const definition = stepDefinition(snapshot, kind, name)?.partitions;
    if (definition === undefined) return [];
    const partitions = made.flatMap((id) => partitionIfAny(definition, id) ?? []);
    const rest = setColumns(subtract(setFromJson({ boxes }), setOfPartitions(definition, partitions))).boxes ?? [];
    return rest.length === 0 ? [] : [{ n, boxes: rest }];
  });
  if (narrowed.length > 0) await narrowBoxes(tx, to, narrowed);
}
