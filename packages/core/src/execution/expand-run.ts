/**
 * The duty that inserts what is left of long plans, chunk by chunk, each in a transaction of its own. Any worker may do it:
 * the run says where to go on from, and the plan gives the same steps to everybody. Killed at any moment, it loses nothing
 * and doubles nothing; the next one to look goes on.
 */
import type { Logger } from "../definitions/io-manager.ts";
import { assetGraph } from "../graph/asset-graph.ts";
import type { Database } from "../instance/database.ts";
import { growthOf, runsToExpand, takeTurn, type Growth } from "../instance/expansion.ts";
import { locationAt } from "../instance/locations.ts";
import { analyzeSteps } from "../instance/statistics.ts";
import { expandPlan, type PlanChunk } from "../planning/expand-plan.ts";
import { planFromJson, type PlanJson } from "../planning/plan-codec.ts";
import { endWaiting } from "./cancel-run.ts";
import { insertChunk, stepLookup, type StepLookup } from "./insert-chunk.ts";
import { momentOfRun } from "./read-moment.ts";
import { unhurried } from "./unhurried.ts";

/** Steps a transaction inserts: those that wait for the locks of one wait a fraction of a second. */
export const chunkSize = 5_000;

export interface Expander {
  /** Goes on with a run, and with all that nobody goes on with, until nothing is left. */
  look(run?: string): void;
  stop(): Promise<void>;
}

export function expander(db: Database, log?: Logger): Expander {
  let busy: Promise<void> | undefined;
  const asked = new Set<string>();
  let isAsked = false;
  let isStopped = false;
  const work = async (): Promise<void> => {
    while (isAsked && !isStopped) {
      isAsked = false;
      // One chunk of each in turn: a long run keeps back no other.
      let open = new Set([...asked, ...(await runsToExpand(db))]);
      asked.clear();
      const expansions = new Map<string, Expansion>();
      while (open.size > 0 && !isStopped) {
        for (const run of open) {
          const expansion = expansions.get(run) ?? (await openExpansion(db, run));
          if (expansion) expansions.set(run, expansion);
          if (!expansion || !(await goOn(db, expansion))) {
            open.delete(run);
            if (expansion?.hasInserted === true) await analyzeSteps(db);
          }
          if (isStopped) return;
        }
        open = new Set(open);
      }
    }
  };
  return {
    look(run) {
      isAsked = true;
      if (run !== undefined) asked.add(run);
      busy ??= work()
        .catch((error: unknown) =>
          log?.warn("a plan could not be expanded further; it is tried again", { error: String(error) }),
        )
        .finally(() => {
          busy = undefined;
        });
    },
    async stop() {
      isStopped = true;
      await busy;
    },
  };
}

interface Expansion {
  readonly run: Growth;
  readonly lookup: StepLookup;
  readonly chunksFrom: (from: number) => Generator<PlanChunk | undefined, void, undefined>;
  chunks?: Generator<PlanChunk | undefined, void, undefined>;
  /** Where the chunk begins that comes next. */
  from?: number;
  next?: PlanChunk;
  hasInserted?: boolean;
}

async function openExpansion(db: Database, id: string): Promise<Expansion | undefined> {
  const run = await growthOf(db, id);
  if (!run) return undefined;
  const [planned, running] = await Promise.all([
    locationAt(db, run.location, run.planVersion),
    locationAt(db, run.location, run.snapshotVersion),
  ]);
  if (!planned || !running) throw new Error(`the snapshots of run ${id} are gone`);
  const moment = await momentOfRun(db, planned.snapshot, run);
  const graph = assetGraph(planned.snapshot);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it was submitted
  const plan = planFromJson(run.plan as PlanJson);
  return {
    run,
    lookup: stepLookup(running.snapshot),
    chunksFrom: (from) => expandPlan(graph, plan, moment, { size: chunkSize, from }),
  };
}

/** Inserts a chunk. False: there is no more to do, or another does it. */
async function goOn(db: Database, expansion: Expansion): Promise<boolean> {
  const { run } = expansion;
  if (expansion.chunks && !expansion.next) {
    const next = await unhurried(expansion.chunks);
    if (!next) return false;
    expansion.next = next;
  }
  const { next, from } = expansion;
  try {
    return await db.transaction(async (tx) => {
      const turn = await takeTurn(tx, run.id);
      if (!turn) return false;
      if (turn.canceled) {
        await endWaiting(tx, run.id);
        return false;
      }
      if (!next || from === undefined) {
        // Only now, so that of two who look at once one alone reckons through what is there.
        expansion.chunks = expansion.chunksFrom(turn.from);
        expansion.from = turn.from;
        return true;
      }
      if (turn.from !== from) return false;
      if (!(await insertChunk(tx, run, expansion.lookup, next, from))) throw new Overtaken();
      expansion.from = (next.steps.at(-1)?.n ?? from) + 1;
      delete expansion.next;
      expansion.hasInserted = true;
      return !next.isLast;
    });
  } catch (error) {
    if (error instanceof Overtaken) return true; // canceled meanwhile, most likely: the next turn sees to it
    throw error;
  }
}

class Overtaken extends Error {}
