/**
 * Deletes staged objects that nothing names, and ends uploads that nobody will go on with. What names an object is asked of
 * the tables after it was listed, and only an object that is in nobody's hands is asked about: its step has ended, and a
 * terminal step never reopens. So no clock decides whether data is lost; the grace time only spares late readers.
 */
import {
  abandonedUploads,
  forgetUploads,
  unnamedObjects,
  uploadsUnderWay,
  type StagedObject,
} from "../instance/garbage.ts";
import type { Database, Queryable } from "../instance/database.ts";
import type { ObjectInfo, Store, UnderwayUpload } from "./store.ts";

export interface Garbage {
  readonly kind: "object" | "upload";
  readonly key: string;
  /** Of an object; of what an upload has left a store does not tell. */
  readonly bytes: number;
  readonly uploadId?: string;
  /** Its step is in the tables. */
  readonly known: boolean;
}

export interface VacuumOptions {
  readonly now: Temporal.Instant;
  /** Younger ones are left alone; 24 by default. */
  readonly graceHours?: number;
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

export const defaultGraceHours = 24;
/** What the tables have never heard of may be all that is left of work done after a backup: a person has a week to see. */
const unknownGraceHours = 7 * 24;
/** As many are asked about at once: the pointers are read through for each such batch. */
const objectsAtOnce = 20_000;
const deletesAtOnce = 8;

const stagedFolder = "_v/";

/** Everything that may go, as it goes; with `dryRun` nothing does. */
export async function* vacuum(
  db: Database,
  store: Store,
  options: VacuumOptions,
): AsyncGenerator<Garbage, void, undefined> {
  const { dryRun = false, signal } = options;
  for await (const found of garbage(db, store, options)) {
    signal?.throwIfAborted();
    if (!dryRun) await inParallel(found, (one) => remove(db, store, one));
    yield* found;
  }
}

async function* garbage(
  db: Queryable,
  store: Store,
  options: VacuumOptions,
): AsyncGenerator<readonly Garbage[], void, undefined> {
  for await (const listed of batches(store.list(stagedFolder), objectsAtOnce, options.signal)) {
    yield await garbageAmong(db, listed, options);
  }
  const recorded = await abandonedUploads(db);
  yield recorded.map(({ key, uploadId }): Garbage => ({ kind: "upload", key, uploadId, bytes: 0, known: true }));
  const told = new Set(recorded.map(({ uploadId }) => uploadId));
  for await (const listed of batches(store.uploads(""), objectsAtOnce, options.signal)) {
    const left = listed.filter(({ uploadId }) => !told.has(uploadId));
    yield await uploadsAmong(db, left, options);
  }
}

async function garbageAmong(
  db: Queryable,
  listed: readonly ObjectInfo[],
  { now, graceHours = defaultGraceHours }: VacuumOptions,
): Promise<readonly Garbage[]> {
  const before = (hours: number): bigint => now.subtract({ seconds: Math.round(hours * 3600) }).epochNanoseconds;
  const [old, veryOld] = [before(graceHours), before(Math.max(graceHours, unknownGraceHours))];
  const places = new Map<string, ObjectInfo>();
  const asked: StagedObject[] = [];
  for (const object of listed) {
    const staged = stagedBy(object.key);
    // What is not named as we name objects is not ours to delete.
    if (staged === undefined || object.modifiedAt.epochNanoseconds >= old) continue;
    places.set(object.key, object);
    asked.push(staged);
  }
  return (await unnamedObjects(db, asked)).flatMap(({ key, known }): readonly Garbage[] => {
    const { bytes, modifiedAt } = places.get(key)!;
    return known || modifiedAt.epochNanoseconds < veryOld ? [{ kind: "object", key, bytes, known }] : [];
  });
}

async function uploadsAmong(
  db: Queryable,
  listed: readonly UnderwayUpload[],
  { now, graceHours = defaultGraceHours }: VacuumOptions,
): Promise<readonly Garbage[]> {
  const old = now.subtract({ seconds: Math.round(graceHours * 3600) }).epochNanoseconds;
  const candidates = listed.filter(({ startedAt }) => startedAt.epochNanoseconds < old);
  const keys = candidates.map(({ key }) => key);
  const kept = await uploadsUnderWay(db, keys);
  const staged = keys.flatMap((key) => stagedBy(key) ?? []);
  const free = new Set((await unnamedObjects(db, staged)).map(({ key }) => key));
  return candidates.flatMap(({ key, uploadId }): readonly Garbage[] =>
    kept.has(key) || (stagedBy(key) !== undefined && !free.has(key))
      ? []
      : [{ kind: "upload", key, uploadId, bytes: 0, known: true }],
  );
}

async function remove(db: Queryable, store: Store, { kind, key, uploadId = "" }: Garbage): Promise<void> {
  if (kind === "object") return await store.delete(key);
  await store.abortUpload(key, uploadId);
  await forgetUploads(db, [key]);
}

/** Deletes those of these objects that nothing names any more. */
export async function deleteUnnamed(
  db: Queryable,
  store: Store,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const free = await unnamedObjects(
    db,
    keys.flatMap((key) => stagedBy(key) ?? []),
  );
  signal?.throwIfAborted();
  await inParallel(free, ({ key }) => store.delete(key));
}

/** `_v/<path>/<partition>/<run>-<n>-<epoch>.<extension>`, as `stagedKey` names it. */
function stagedBy(key: string): StagedObject | undefined {
  const match = /\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-(\d{1,9})-\d{1,9}(?:\.[^/]*)?$/.exec(key);
  return match === null || !key.startsWith(stagedFolder) ? undefined : { key, run: match[1]!, n: Number(match[2]) };
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: deletesAtOnce }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}

async function* batches<Item>(
  items: AsyncIterable<Item>,
  size: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly Item[], void, undefined> {
  let batch: Item[] = [];
  for await (const item of items) {
    signal?.throwIfAborted();
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
