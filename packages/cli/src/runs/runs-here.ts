/** Runs of a database, told as a server would tell them. */
import { assetOf, type Snapshot, type SnapshotAsset } from "@iroko/core";
import { api } from "@iroko/core/client";
import {
  cancelRun,
  failedChecksOf,
  getRun,
  listEvents,
  listLocations,
  listRuns,
  listSteps,
  locationAt,
  materializationsOf,
  readLogs,
  runProgress,
  whyOfStep,
  setOfColumns,
  type Database,
  type RunRecord,
  type SetColumns,
  type Store,
} from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import { allTold, asTold } from "../remote/as-told.ts";
import { nothingToClose } from "../remote/subject.ts";
import { findRun } from "./find-run.ts";
import { partitionKey, publishedUri } from "./published.ts";
import { listenHere } from "./run-bell.ts";
import type { Made, Runs } from "./runs.ts";
import { partitionsText } from "./step-name.ts";

/** Without the store it is not told where readers find what was made. */
export function runsHere(db: Database, store?: Pick<Store, "uriOf">): Runs {
  const snapshotOf = snapshots(db);
  return {
    ...nothingToClose,
    async list({ status, ...filter }) {
      const records = await listRuns(db, { ...filter, statuses: status === undefined ? undefined : [status] });
      if (filter.asset !== undefined && records.length === 0) await requireAsset(db, filter.asset);
      return allTold(api.runs.list, records.map(withoutPlan));
    },
    async find(id) {
      return allTold(api.runs.list, [withoutPlan(await findRun(db, id))])[0]!;
    },
    async get(run) {
      const [record, progress] = await Promise.all([getRun(db, run), runProgress(db, run)]);
      return asTold(api.runs.get, { ...withoutPlan(record!), ...progress });
    },
    async steps(run, { limit, after, status }) {
      const [records, snapshot] = await Promise.all([
        listSteps(db, run, {
          limit,
          ...(after === undefined ? {} : { after }),
          ...(status === undefined ? {} : { statuses: [status] }),
        }),
        snapshotOf(run),
      ]);
      return allTold(
        api.runs.steps,
        records.map((record) => ({
          ...record,
          why: whyOfStep(record),
          partitions: textOf(snapshot, record.assets[0], record),
        })),
      );
    },
    async made(run) {
      const [rows, snapshot] = await Promise.all([materializationsOf(db, run), snapshotOf(run)]);
      const assets = new Map(snapshot.assets.map((asset) => [asset.key, asset]));
      const told = allTold(
        api.runs.materializations,
        rows.map(({ n, partition, ...row }) => ({
          ...row,
          step: n,
          partition: partitionKey(assets.get(row.asset), partition),
          metadata: row.metadata ?? {},
          checks: row.checks ?? [],
        })),
      );
      return told.map((made, index): Made => {
        const asset = assets.get(made.asset);
        const isThere = store !== undefined && asset !== undefined && made.objectKey !== null;
        return { ...made, uri: isThere ? publishedUri(store, asset, rows[index]!.partition) : null };
      });
    },
    async failedChecks(run) {
      const [rows, snapshot] = await Promise.all([failedChecksOf(db, run), snapshotOf(run)]);
      const assets = new Map(snapshot.assets.map((asset): [string, SnapshotAsset] => [asset.key, asset]));
      return allTold(
        api.runs.failedChecks,
        rows.map((row) => ({
          ...row,
          message: row.message ?? null,
          violations: row.violations ?? null,
          partition: partitionKey(assets.get(row.asset), row.partition),
        })),
      );
    },
    async events(run, limit) {
      const [rows, snapshot] = await Promise.all([listEvents(db, { run }, { limit }), snapshotOf(run)]);
      return allTold(
        api.runs.events,
        rows.map((row) => ({ ...row, partitions: textOf(snapshot, row.asset ?? undefined, row) })),
      );
    },
    async logs(run, { limit, after, step, attempt, stream }) {
      const rows = await readLogs(db, run, {
        limit,
        ...(after === undefined ? {} : { after: after.split(".").map(Number) as [number, number, number] }),
        ...(step === undefined ? {} : { n: step }),
        ...(attempt === undefined ? {} : { attempt }),
        ...(stream === undefined ? {} : { stream }),
      });
      return allTold(
        api.runs.logs,
        rows.map((row) => ({ ...row, step: row.n, cursor: `${row.step}.${row.attempt}.${row.seq}` })),
      );
    },
    async cancel(run, reason) {
      await auditedHere(db, { operation: "runs.cancel", target: run }, (db) => cancelRun(db, run, reason));
    },
    async definitionsOf({ id }) {
      return new Map((await snapshotOf(id)).assets.map(({ key, partitions }) => [key, partitions]));
    },
    async triesOf({ id }, { name }) {
      const { computes, checks } = await snapshotOf(id);
      const made = computes.find((candidate) => candidate.name === name);
      const retry = (made ?? checks.find((check) => `${check.asset}:${check.name}` === name))?.retry;
      return retry === undefined ? undefined : retry.maxRetries + 1;
    },
    listen: (run) => listenHere(db, run),
  };
}

/** A run's plan is for its planner, and may be large. */
function withoutPlan({ plan: _plan, ...run }: RunRecord): Omit<RunRecord, "plan"> {
  return run;
}

function textOf(snapshot: Snapshot, asset: string | undefined, columns: SetColumns): string {
  const { windows, keys, boxes } = columns;
  return windows === null && keys === null && boxes === null
    ? ""
    : partitionsText(snapshot, asset, setOfColumns(columns));
}

/** The definitions that a run was planned with: they never change, and are read once. */
function snapshots(db: Database): (run: string) => Promise<Snapshot> {
  const known = new Map<string, Promise<Snapshot>>();
  const read = async (id: string): Promise<Snapshot> => {
    const run = (await getRun(db, id))!;
    return (await locationAt(db, run.location, run.snapshotVersion))!.snapshot;
  };
  return (run) => {
    const found = known.get(run) ?? read(run);
    known.set(run, found);
    return found;
  };
}

/** @throws {IrokoError} ASSET_NOT_FOUND where no location defines it */
async function requireAsset(db: Database, key: string): Promise<void> {
  const locations = await listLocations(db);
  assetOf(
    { assets: new Map(locations.flatMap(({ snapshot }) => snapshot.assets.map((asset) => [asset.key, asset]))) },
    key,
  );
}
