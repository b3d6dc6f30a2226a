/**
 * Finishes that are ready together go into one transaction: while one is under way, the next gather. Who comes alone waits
 * for nobody. Whatever fails a transaction of several fails none but its own: then each is tried by itself.
 */
import type { Snapshot } from "../definitions/snapshot.ts";
import type { Database } from "../instance/database.ts";
import { finishSteps, type Ending, type Finished } from "./finish.ts";

/** Ends a step's attempt for good; resolves once that is committed. */
export type Finish = (ending: Ending) => Promise<Finished>;

const mostAtOnce = 64;
/** Steps of more partitions have a transaction of their own, and keep nobody waiting. */
const mostPartitions = 64;

export function finishTogether(db: Database, snapshot: Snapshot): Finish {
  const waiting: { readonly ending: Ending; readonly finished: PromiseWithResolvers<Finished> }[] = [];
  let underWay = false;

  const alone: Finish = async (ending) => (await finishSteps(db, [ending], snapshot))[0];

  async function run(): Promise<void> {
    underWay = true;
    await Promise.resolve(); // for those that end in this tick
    for (let batch = waiting.splice(0, mostAtOnce); batch.length > 0; batch = waiting.splice(0, mostAtOnce)) {
      try {
        const endings = batch.map(({ ending }) => ending);
        const finished = await finishSteps(db, endings, snapshot);
        for (const [place, one] of batch.entries()) one.finished.resolve(finished[place]);
      } catch (error) {
        if (batch.length === 1) batch[0]?.finished.reject(error);
        else for (const one of batch) await alone(one.ending).then(one.finished.resolve, one.finished.reject);
      }
    }
    underWay = false;
  }

  return (ending) => {
    if (ending.attempt.partitions.length > mostPartitions) return alone(ending);
    const finished = Promise.withResolvers<Finished>();
    waiting.push({ ending, finished });
    if (!underWay) void run();
    return finished.promise;
  };
}
