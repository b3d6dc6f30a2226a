import type { Metadata } from "@iroko/core";
import { api, type FailedCheck, type Run } from "@iroko/core/client";
import {
  askMappings,
  cancelRun,
  listEvents,
  listFailedChecks,
  listRuns,
  materializationsOf,
  observationOf,
  readMoment,
  retryRun,
  runProgress,
  submitRun,
  type RunRecord,
} from "@iroko/core/engine";
import type { Answer, Sendable } from "../http/answer.ts";
import { pageOf } from "../http/page-of.ts";
import { findAsset, findLocation } from "../model/catalog.ts";
import { eventView } from "../model/event-view.ts";
import type { Instance } from "../model/instance.ts";
import { submit } from "../model/plan-request.ts";
import { openRunGroups } from "../model/run-groups.ts";
import { findRun, partitionKey } from "../model/run-view.ts";

export function runsApi(answer: Answer, instance: Instance): void {
  const { db, catalog } = instance;
  const {
    list,
    submit: submission,
    get,
    groups,
    materializations,
    failedChecks,
    events,
    observe,
    cancel,
    retry,
  } = api.runs;

  answer(list, async (input) => {
    const { status, observations, asset, by, since, until } = input;
    const statuses = status === undefined ? undefined : [status];
    const page = await pageOf(list, input, {
      read: ({ limit, after: before }) =>
        listRuns(db, { limit, before, statuses, observations, asset, by, since, until }),
      cursor: ({ id }) => id,
      item: runView,
    });
    // One that is defined no more may still have runs.
    if (asset !== undefined && page.items.length === 0) findAsset(await catalog(), asset);
    return page;
  });

  answer(submission, async (input) => ({ run: await submit(instance, input) }));

  answer(get, async ({ id }) => {
    const run = await findRun(db, id);
    const progress = await runProgress(db, run.id);
    const { running = 0, rows = 0, bytes = 0, unpublished = 0 } = progress ?? {};
    return { ...runView(run), running, rows, bytes, unpublished };
  });

  const runGroups = openRunGroups(db);
  answer(groups, async ({ id }) => {
    const [run, known] = await Promise.all([findRun(db, id), catalog()]);
    return { items: await runGroups(known, run.id) };
  });

  answer(materializations, async (input) => {
    const [run, { assets }] = await Promise.all([findRun(db, input.id), catalog()]);
    return pageOf(materializations, input, {
      read: ({ limit, after }) =>
        materializationsOf(db, run.id, { limit, ...(after === undefined ? {} : { after: madeCursor(after) }) }),
      cursor: ({ n, asset, partition }) => JSON.stringify([n, asset, partition]),
      item: ({ n, asset, partition, ...row }) => ({
        asset,
        partition: partitionKey(assets.get(asset)?.asset.partitions, partition),
        step: n,
        version: row.version,
        superseded: row.superseded,
        rows: row.rows,
        bytes: row.bytes,
        seconds: row.seconds,
        dataVersion: row.dataVersion,
        objectKey: row.objectKey,
        sha256: row.sha256,
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the step's process checked it
        metadata: row.metadata as Metadata,
        checks: row.checks ?? [],
      }),
    });
  });

  answer(failedChecks, async (input) => {
    const [run, { assets }] = await Promise.all([findRun(db, input.id), catalog()]);
    return pageOf(failedChecks, input, {
      read: ({ limit, after }) =>
        listFailedChecks(db, run.id, { limit, ...(after === undefined ? {} : { after: pairOf(after) }) }),
      cursor: ({ event, place }) => `${event}.${place}`,
      item: ({ asset, name, partition, severity, blocking, message, violations, sample }): Sendable<FailedCheck> => ({
        asset,
        name,
        partition: partitionKey(assets.get(asset)?.asset.partitions, partition),
        severity,
        blocking,
        message,
        violations,
        sample,
      }),
    });
  });

  answer(events, async (input) => {
    const [run, known] = await Promise.all([findRun(db, input.id), catalog()]);
    return pageOf(events, input, {
      read: ({ limit, after }) =>
        listEvents(
          db,
          { run: run.id, step: input.step },
          { limit, ...(after === undefined ? {} : { before: Number(after) }) },
        ),
      cursor: ({ id }) => id,
      item: (event) => eventView(known, event),
    });
  });

  answer(observe, async ({ select, location: named }) => {
    const location = findLocation(await catalog(), named);
    const asOf = await readMoment(db, location.snapshot, instance.now());
    const observation = observationOf(location, { select, asOf });
    return { run: observation === undefined ? null : await submitRun(db, observation) };
  });

  answer(cancel, async ({ id, reason = "canceled over the API" }) => {
    const run = await findRun(db, id);
    await cancelRun(db, run.id, reason);
    return { run: run.id };
  });

  answer(retry, async ({ id: wanted, ...options }) => {
    const { id, location } = await findRun(db, wanted);
    return { run: await askMappings({ db, location }, () => retryRun(db, id, options)) };
  });
}

function runView({ plan: _plan, keysRevision: _revision, ...run }: RunRecord): Sendable<Run> {
  return run;
}

function madeCursor(text: string): readonly [n: number, asset: string, partition: string] {
  return JSON.parse(text) as [number, string, string];
}

function pairOf(text: string): readonly [event: number, place: number] {
  const [event = 0, place = 0] = text.split(".").map(Number);
  return [event, place];
}
