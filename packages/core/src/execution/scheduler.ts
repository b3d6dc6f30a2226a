/**
 * Evaluates the schedules of every location. Any number of schedulers may run: a tick's primary key makes it happen
 * once, and what one of them has begun another can end. A tick first has the sources observed that its assets read, so
 * that its plan sees what is there; then its run is inserted in the transaction that ends it.
 */
import { requestDefinition } from "../planning/requested-partitions.ts";
import { dueTicks, ticksRequest } from "../automation/schedule-ticks.ts";
import { IrokoError } from "../errors.ts";
import type { Logger } from "../definitions/io-manager.ts";
import type { JobDefinition, ScheduleDefinition } from "../definitions/model.ts";
import { assetGraph } from "../graph/asset-graph.ts";
import { possibleAssets } from "../graph/selection.ts";
import {
  endTick,
  lockTick,
  setTickObservation,
  sightSchedule,
  startTick,
  ticksToPlan,
  type TickRow,
} from "../instance/automations.ts";
import type { Database, Tx } from "../instance/database.ts";
import { newestEventAt } from "../instance/events.ts";
import { currentLocation, listLocations, type Location } from "../instance/locations.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import { planObservation } from "../planning/plan-observation.ts";
import { ownErrorRecord } from "./own-error.ts";
import { clockWatch, type Clocks } from "./clock-watch.ts";
import { askMappings } from "./mapping/ask-mappings.ts";
import { failpoint } from "./failpoint.ts";
import { planRequest } from "./plan-request.ts";
import { readMoment } from "./read-moment.ts";
import { repeat } from "./repeat.ts";
import { submitRunIn } from "./submit-run.ts";

export interface SchedulerOptions {
  readonly db: Database;
  readonly log?: Logger;
}

export interface Scheduler {
  stop(): Promise<void>;
}

const evaluateEveryMs = 1_000;

/** Evaluates at once and then every second, until stopped; not while the machine's clock cannot be gone by. */
export function startScheduler({ clocks, ...options }: SchedulerOptions & { readonly clocks?: Clocks }): Scheduler {
  const watch = clockWatch(options.db, options.log, clocks);
  const evaluate = async (): Promise<void> => {
    const time = await watch.look();
    if ("now" in time) await evaluateSchedules({ ...options, now: () => time.now });
  };
  return repeat(evaluateEveryMs, evaluate, options.log);
}

/** One evaluation of everything that is due now; what it begins is gone on with by the next. */
export async function evaluateSchedules({
  db,
  log,
  now,
}: SchedulerOptions & { readonly now: () => Temporal.Instant }): Promise<void> {
  const at = now();
  const newestEvent = await newestEventAt(db);
  for (const location of await listLocations(db)) {
    for (const schedule of location.snapshot.schedules) {
      if (schedule.enabled) await beginTicks(db, location, schedule, { at, newestEvent, log });
    }
  }
  for (const tick of await ticksToPlan(db)) {
    try {
      // No other schedule waits for a worker to answer: a tick that could not be planned yet is looked at again.
      await askMappings({ db, location: tick.location, waitSeconds: 0 }, () => planTick(db, tick, at, log));
      failpoint("tick.requested");
    } catch (error) {
      if (!(error instanceof IrokoError)) throw error;
      if (error.code === "MAPPING_UNANSWERED") log?.warn(`the tick of "${tick.name}" waits: ${error.message}`);
      else await failTick(db, tick, error, log);
    }
  }
}

async function beginTicks(
  db: Database,
  location: Location,
  schedule: ScheduleDefinition,
  {
    at,
    newestEvent,
    log,
  }: {
    readonly at: Temporal.Instant;
    readonly newestEvent: Temporal.Instant | undefined;
    readonly log: Logger | undefined;
  },
): Promise<void> {
  const { key: name, cron, timezone } = schedule;
  const seen = await sightSchedule(db, { location: location.name, name, cron, timezone }, at);
  if (seen.paused) return;
  const lastHandled = seen.lastHandled ?? undefined;
  const due = dueTicks(schedule, { since: seen.since, lastHandled, now: at, newestEvent });
  if (due.waits !== undefined) log?.warn(`schedule "${name}" waits: ${due.waits}`);
  const job = jobOf(location, schedule);
  if (due.ticks.length === 0) return;
  const { dynamicKeys } = await readMoment(db, location.snapshot, at);
  const requests = ticksRequest(schedule, definitionOf(location, job), { ticks: due.ticks, lastHandled, dynamicKeys });
  let handledSince = seen.lastHandled;
  for (const { tick: scheduledFor, partitions, reason } of requests) {
    const tick = { location: location.name, name, scheduledFor, handledSince };
    await db.transaction(async (tx) => {
      if (partitions === undefined) return void (await startTick(tx, { ...tick, status: "skipped", reason }));
      if (!(await startTick(tx, { ...tick, status: "started", reason: null }))) return;
      const observation = await submitObservation(tx, location, job, name, at);
      if (observation !== undefined) await setTickObservation(tx, tick, observation);
    });
    failpoint("tick.begun");
    handledSince = scheduledFor;
  }
}

async function planTick(db: Database, tick: TickRow, now: Temporal.Instant, log: Logger | undefined): Promise<void> {
  await db.transaction(async (tx) => {
    if (!(await lockTick(tx, tick))) return;
    const location = await currentLocation(tx, tick.location);
    const schedule = location?.snapshot.schedules.find(({ key }) => key === tick.name);
    if (location === undefined || schedule === undefined) {
      await endTick(tx, tick, { status: "skipped", reason: "the schedule is no longer in the code", partitions: null });
      return;
    }
    const job = jobOf(location, schedule);
    const moment = await readMoment(tx, location.snapshot, now);
    const definition = definitionOf(location, job);
    const [request] = ticksRequest(schedule, definition, {
      ticks: [tick.scheduledFor],
      lastHandled: tick.handledSince ?? undefined,
      dynamicKeys: moment.dynamicKeys,
    });
    if (request?.partitions === undefined) {
      await endTick(tx, tick, {
        status: "skipped",
        reason: request?.reason ?? "nothing to ask for",
        partitions: null,
      });
      return;
    }
    const asked = { select: job.select, partitions: request.partitions };
    const partitions =
      request.partitions.kind === "set" && definition ? formatPartitions(definition, request.partitions.set) : null;
    try {
      const plan = await planRequest(tx, location.snapshot, asked, moment);
      const run = await submitRunIn(tx, {
        location,
        plan,
        selection: job.select,
        partitions: request.reason,
        asOf: moment,
        trigger: "schedule",
        triggerName: schedule.key,
        tags: job.tags,
        config: job.config,
        priority: job.priority,
        maxConcurrency: schedule.maxConcurrency ?? job.maxConcurrency,
      });
      await endTick(tx, tick, { status: "requested", reason: request.reason, run, partitions });
      failpoint("tick.planned");
    } catch (error) {
      const { code, message } = ownErrorRecord(error);
      if (code === "INTERNAL") throw error;
      // define() refuses what can never select anything: it is the state that lets it select nothing now.
      if (code === "SELECTION_EMPTY")
        return void (await endTick(tx, tick, { status: "skipped", reason: message, partitions }));
      log?.error(`the tick of "${tick.name}" cannot be planned: ${message}`);
      await endTick(tx, tick, { status: "failed", reason: `${code}: ${message}`, partitions });
    }
  });
}

/** A mapping function that the plan needs has failed where its code runs. */
async function failTick(
  db: Database,
  tick: TickRow,
  { code, message }: IrokoError,
  log: Logger | undefined,
): Promise<void> {
  log?.error(`the tick of "${tick.name}" cannot be planned: ${message}`);
  await db.transaction(async (tx) => {
    if (await lockTick(tx, tick))
      await endTick(tx, tick, { status: "failed", reason: `${code}: ${message}`, partitions: null });
  });
}

/** Has observed what the job's assets read and can be observed; undefined where there is nothing. */
async function submitObservation(
  tx: Tx,
  location: Location,
  job: JobDefinition,
  schedule: string,
  at: Temporal.Instant,
): Promise<string | undefined> {
  const now = await readMoment(tx, location.snapshot, at);
  const plan = planObservation({ snapshot: location.snapshot, select: job.select, now });
  if (plan.stepCount === 0) return undefined;
  return submitRunIn(tx, {
    location,
    plan,
    selection: job.select,
    partitions: "observation",
    asOf: now,
    trigger: "observe",
    triggerName: schedule,
    priority: job.priority,
  });
}

function jobOf({ snapshot }: Location, schedule: ScheduleDefinition): JobDefinition {
  const job = snapshot.jobs.find(({ key }) => key === schedule.job);
  // define() refuses a schedule without its job, so a snapshot has none.
  if (job === undefined)
    throw new Error(`schedule "${schedule.key}" names job "${schedule.job}", which is not in the snapshot`);
  return job;
}

function definitionOf({ snapshot }: Location, job: JobDefinition): ReturnType<typeof requestDefinition> {
  const graph = assetGraph(snapshot);
  return requestDefinition(graph, possibleAssets(graph, job.select));
}
