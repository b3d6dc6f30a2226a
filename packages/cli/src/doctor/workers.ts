/** Who works, and how each finds its link, its event loop and what bounds its steps. */
import {
  currentLocation,
  leastTtlSeconds,
  listWorkers,
  slowLoopMs,
  ttlTooShort,
  type Database,
  type WorkerRow,
} from "@iroko/core/engine";
import type { Project } from "../project.ts";
import { plural } from "../terminal/units.ts";
import type { Finding } from "./examine.ts";

export async function* workers(
  db: Database,
  { location, databaseUrl }: Project,
): AsyncGenerator<Finding, void, undefined> {
  const [all, deployed] = await Promise.all([listWorkers(db), currentLocation(db, location)]);
  const live = all.filter((worker) => !worker.lockGone && worker.location === location);
  for (const worker of live) {
    const { slots, running, draining, snapshot } = worker;
    const isOther = deployed !== undefined && snapshot !== deployed.snapshot.hash;
    const state = `${draining ? ", draining" : ""}${isOther ? ", of other code than is deployed" : ""}`;
    const message = `${nameOf(worker)}: ${running} of ${plural(slots, "slot")} busy${state}`;
    yield { about: "workers", verdict: "ok", message };
    if (worker.bounds !== null)
      yield { about: "workers", verdict: "ok", message: `${nameOf(worker)}: ${howBounded(worker.bounds)}` };
    yield* strained(worker);
  }
  for (const worker of all.filter(({ lockGone }) => lockGone)) {
    const message = `worker ${worker.id} (${nameOf(worker)}) is gone; its steps are taken back by the next worker`;
    yield { about: "workers", verdict: "note", message };
  }
  if (live.length > 0) return;
  yield databaseUrl === undefined
    ? { about: "workers", verdict: "ok", message: "none now; commands bring their own" }
    : { about: "workers", verdict: "note", message: `none live for "${location}"`, remedy: "Start one: iroko worker" };
}

function* strained(worker: WorkerRow): Generator<Finding, void, undefined> {
  const { ttlSeconds, roundTripMs, jitterMs, loopDelayMs } = worker;
  const link = { meanMs: roundTripMs ?? 0, jitterMs: jitterMs ?? 0 };
  const least = leastTtlSeconds(link);
  if (least > ttlSeconds) {
    const { code, message, hint = "" } = ttlTooShort(ttlSeconds, least, link);
    yield { about: "workers", verdict: "wrong", message: `${nameOf(worker)}: ${code} ${message}`, remedy: hint };
  }
  if (loopDelayMs !== null && loopDelayMs > slowLoopMs)
    yield {
      about: "workers",
      verdict: "note",
      message: `${nameOf(worker)}: its own work waited up to ${Math.round(loopDelayMs)} ms for its turn within the last two minutes`,
      remedy: "The machine has too few processors for what it does: iroko worker --slots with a smaller number.",
    };
}

function howBounded(why: string): string {
  return why === ""
    ? "a step is held to its memory by a control group of its own"
    : `a step is held to its memory by the worker's watch: ${why}`;
}

const nameOf = ({ host, pid }: WorkerRow): string => `${host}, process ${pid}`;
