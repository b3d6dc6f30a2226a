/**
 * A worker that stops gives what it still runs to others, in one transaction: they begin it at once, and need not find out
 * first that somebody is gone. Nothing of it counts against the steps.
 */
import type { Tx } from "../instance/database.ts";
import { appendEvents } from "../instance/events.ts";
import type { StepGivenBack } from "../instance/lost-steps.ts";
import { freeQueueLocks } from "../instance/wake-ups.ts";
import { removeWorkers } from "../instance/workers.ts";
import { giveBackLost } from "./sweep.ts";

/** Returns what was handed over; undefined when others have buried the worker before. */
export async function handOver(
  tx: Tx,
  worker: { readonly id: string; readonly host: string },
): Promise<readonly StepGivenBack[] | undefined> {
  const [gone] = await removeWorkers(tx, [worker]);
  if (gone === undefined) return undefined;
  const death = { worker: worker.id, host: worker.host, cause: "drained" as const };
  const steps = await giveBackLost(tx, [], "handed over by a worker that was drained", [death]);
  const handedOver = steps.filter((step) => step.death?.worker === worker.id);
  await appendEvents(tx, [{ type: "worker_stopped", payload: { ...death, handedOver: handedOver.length } }]);
  await freeQueueLocks(tx, gone.queueIds);
  return handedOver;
}
