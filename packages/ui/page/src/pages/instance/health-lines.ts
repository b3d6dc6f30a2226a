/** What is well with the instance and what is not: a line each, since when it is so, and what mends it. */
import type { DatabaseHealth, Health, LocationVersion, Pool, Queue, Store } from "@iroko/core/client";
import { bytes, count, counted, span } from "../../parts/amounts.ts";
import { deploy, repairStore, widenPool, worker, workerOf } from "../../parts/commands.ts";

export interface HealthLine {
  readonly about: string;
  readonly state: "ok" | "warning" | "error";
  readonly says: string;
  /** Since when it is so; null: as of now. */
  readonly since: string | null;
  /** To be typed. */
  readonly command?: string;
  /** To be done otherwise. */
  readonly remedy?: string | undefined;
}

/** What is known of it; undefined: nothing yet. */
export interface Known {
  readonly health: Health | undefined;
  readonly queues: readonly Queue[] | undefined;
  readonly pools: readonly Pool[] | undefined;
  readonly store: Store | undefined;
  readonly database: DatabaseHealth | undefined;
  readonly locations: readonly LocationVersion[] | undefined;
}

/** What is worst first. */
export function healthLines(known: Known, nowMs: number): readonly HealthLine[] {
  const { health, queues, pools, store, database, locations } = known;
  const lines = [
    ...(locations === undefined ? [] : ofLocations(locations)),
    ...(health === undefined ? [] : [...ofWorkers(health.workers), ofClock(health.clock)]),
    ...(queues === undefined || health === undefined ? [] : ofQueues(queues, health.workers, nowMs)),
    ...(pools === undefined ? [] : ofPools(pools)),
    ...(store === undefined ? [] : [ofStore(store)]),
    ...(database === undefined ? [] : ofDatabase(database, nowMs)),
  ];
  const order = ["error", "warning", "ok"];
  return lines.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
}

type Worker = Health["workers"][number];

function ofWorkers(workers: readonly Worker[]): readonly HealthLine[] {
  const alive = workers.filter((each) => each.alive);
  if (alive.length === 0) {
    const says = "No worker is running: nothing is made until one starts.";
    return [{ about: "workers", state: "error", says, since: null, command: worker }];
  }
  const slots = alive.reduce((sum, each) => sum + each.slots, 0);
  const oldest = alive.map(({ startedAt }) => startedAt).toSorted()[0]!;
  const says = `${counted(alive.length, "worker")} at work, with ${counted(slots, "slot")}.`;
  return [
    { about: "workers", state: "ok", says, since: oldest },
    ...alive.flatMap((each) =>
      troublesOf(each).map(({ says: trouble, remedy }): HealthLine => ({
        about: `worker on ${each.host}`,
        state: "warning",
        says: `${trouble}.`,
        since: each.startedAt,
        remedy,
      })),
    ),
  ];
}

/** Above this a worker's own loop is late with its beats. */
const lateLoopMs = 200;
const clockOffSeconds = 5;

/** Where a worker's machine does not keep up. */
export function troublesOf({ secondsAhead, loopDelayMs }: Worker): readonly Pick<HealthLine, "says" | "remedy">[] {
  const isOff = secondsAhead !== null && Math.abs(secondsAhead) > clockOffSeconds;
  const isLate = loopDelayMs !== null && loopDelayMs > lateLoopMs;
  return [
    ...(isOff ? [{ says: `its clock is ${Math.round(secondsAhead)} s off`, remedy: "Set the machine's clock." }] : []),
    ...(isLate
      ? [
          {
            says: `its loop is ${Math.round(loopDelayMs)} ms late`,
            remedy: "The machine has too much to do: give the worker fewer slots, or another machine.",
          },
        ]
      : []),
  ];
}

function ofClock({ secondsAhead, problem }: Health["clock"]): HealthLine {
  const about = "clock";
  if (problem !== undefined)
    return { about, state: "error", says: `${problem.code} ${problem.message}`, since: null, remedy: problem.hint };
  const says = `The server's clock is within ${Math.max(1, Math.ceil(Math.abs(secondsAhead)))} s of that of Postgres.`;
  return { about, state: "ok", says, since: null };
}

/** What has waited this long waits for something that is missing. */
const longWaitSeconds = 60;

function ofQueues(queues: readonly Queue[], workers: readonly Worker[], nowMs: number): readonly HealthLine[] {
  const waiting = queues.filter(({ ready }) => ready > 0);
  if (waiting.length === 0) return [{ about: "queue", state: "ok", says: "No step waits.", since: null }];
  return waiting.map(({ location, ready, waitingSince }): HealthLine => {
    const about = `queue of ${location}`;
    const says = `${counted(ready, "step")} waiting.`;
    if (!workers.some((each) => each.alive && each.location === location)) {
      const why = `${says} No worker of this code location is running.`;
      return { about, state: "error", says: why, since: waitingSince, command: workerOf(location) };
    }
    const isLong = waitingSince !== null && nowMs - new Date(waitingSince).getTime() > longWaitSeconds * 1000;
    const remedy = isLong ? "Every slot is taken: start more workers, or give the run less." : undefined;
    return { about, state: isLong ? "warning" : "ok", says, since: waitingSince, remedy };
  });
}

function ofPools(pools: readonly Pool[]): readonly HealthLine[] {
  return pools.flatMap(({ name, slots, running }): HealthLine[] => {
    if (slots === null || running < slots) return [];
    const says = slots === 0 ? "Nothing of it may run." : `All ${count(slots)} places are taken: other steps wait.`;
    const command = widenPool(name, slots + 1);
    return [{ about: `pool ${name}`, state: slots === 0 ? "warning" : "ok", says, since: null, command }];
  });
}

function ofStore({ unpublished }: Store): HealthLine {
  if (unpublished === 0)
    return { about: "store", state: "ok", says: "The stable paths show every committed version.", since: null };
  const says = `${counted(unpublished, "committed version")} not yet at the stable path.`;
  return { about: "store", state: "warning", says, since: null, command: repairStore };
}

/** Of the connections that there are. */
const manyConnections = 0.9;
const longTransactionSeconds = 3_600;

function ofDatabase(database: DatabaseHealth, nowMs: number): readonly HealthLine[] {
  const { version, sizeBytes, startedAt, connections, mostConnections, oldestTransactionAt } = database;
  const about = "database";
  const lines: HealthLine[] = [
    { about, state: "ok", says: `PostgreSQL ${version} answers; it holds ${bytes(sizeBytes)}.`, since: startedAt },
  ];
  if (connections > manyConnections * mostConnections) {
    const says = `${count(connections)} of ${count(mostConnections)} connections are taken.`;
    lines.push({
      about,
      state: "warning",
      says,
      since: null,
      remedy: "Raise max_connections, or put a pooler in front.",
    });
  }
  const openSeconds = oldestTransactionAt === null ? 0 : (nowMs - new Date(oldestTransactionAt).getTime()) / 1000;
  if (openSeconds > longTransactionSeconds) {
    const says = `A transaction is open for ${span(openSeconds, 1)}: what is deleted takes room until it ends.`;
    const remedy = "Look for it in pg_stat_activity, and end what left it open.";
    lines.push({ about, state: "warning", says, since: oldestTransactionAt, remedy });
  }
  return lines;
}

function ofLocations(locations: readonly LocationVersion[]): readonly HealthLine[] {
  const current = locations.filter((each) => each.current);
  if (current.length === 0) {
    const says = "No code location has registered its definitions.";
    return [{ about: "code", state: "error", says, since: null, command: deploy }];
  }
  return current.map(({ name, version, registeredAt }) => ({
    about: `code of ${name}`,
    state: "ok",
    says: `Version ${version} is deployed.`,
    since: registeredAt,
  }));
}
