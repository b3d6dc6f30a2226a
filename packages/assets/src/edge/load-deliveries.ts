import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { IrokoError, type StepScope, type TimeWindow } from "@iroko/core";
import { escapeGlob, literal, readParquet } from "../duckdb/quote.ts";
import { duckdbOf, type StepDatabase } from "../duckdb/step-database.ts";
import { BufferFile, type BufferSlice } from "./buffer-file.ts";
import { judgeDeliveries } from "./judge-deliveries.ts";

export interface DeliveriesWanted {
  readonly path: string;
  /** The first partition's start. */
  readonly start: Temporal.Instant;
  /** The days wanted: at least one, in any order. */
  readonly days: readonly TimeWindow[];
}

/** Gives SQL for a relation of the step's database that holds all deliveries of a day, and of others too. */
export type DeliveriesOf = (day: TimeWindow) => string;

/** What is handed to DuckDB at once. */
const batchBytes = 64 * 2 ** 20;

/** Into how many parts the days are put: a batch makes a file of each, and a day reads the files of its own. */
const mostParts = 32;

/**
 * The buffer's deliveries that belong to these days, judged, in scratch files by day. SQLite reads a batch while DuckDB
 * judges the one before.
 */
export async function loadDeliveries(scope: StepScope, wanted: DeliveriesWanted): Promise<DeliveriesOf> {
  const database = await duckdbOf(scope);
  using file = BufferFile.open(wanted.path);
  const bounds = boundsOfParts(wanted.days);
  const folder = join(scope.directory, database.freshName("deliveries"));
  mkdirSync(folder);
  let judging: Promise<void> = Promise.resolve();
  for await (const batch of batchesOf(file.slices(takenInSince(wanted, bounds)), folder)) {
    scope.signal.throwIfAborted();
    await judging;
    judging = judge(database, batch, { start: wanted.start, bounds, folder });
    judging.catch(() => {}); // looked at by the next one, and at the end
  }
  await judging;
  const empty = await emptyFile(database, wanted.start, folder);
  const parts = bounds.map((_, part) => {
    const judged = join(folder, `part=${part}`);
    return readParquet(existsSync(judged) ? readdirSync(judged).map((name) => join(judged, name)) : [empty]);
  });
  return ({ start }) => parts[bounds.findLastIndex((each) => Temporal.Instant.compare(each, start) <= 0)] ?? empty;
}

/** Where parts begin: with the first day, with others so that there are not too many parts, and where the last day ends. */
function boundsOfParts(days: readonly TimeWindow[]): readonly Temporal.Instant[] {
  const sorted = days.toSorted((one, other) => Temporal.Instant.compare(one.start, other.start));
  const daysInPart = Math.ceil(sorted.length / mostParts);
  const starts = sorted.filter((_, index) => index % daysInPart === 0).map(({ start }) => start);
  return [...starts, ...sorted.slice(-1).map(({ end }) => end)];
}

interface Batch {
  readonly n: number;
  /** A file of lines. */
  readonly lines: string;
  /** Bytes of the longest one. */
  readonly longest: number;
}

const newline = Buffer.from("\n");

/** Slices as they come, in files of their own. */
async function* batchesOf(slices: Iterable<BufferSlice>, folder: string): AsyncGenerator<Batch> {
  const rest = slices[Symbol.iterator]();
  let next = rest.next();
  for (let n = 0; next.done !== true; n += 1) {
    const lines = join(folder, `${n}.ndjson`);
    let [size, longest] = [0, 0];
    const output = openSync(lines, "w");
    try {
      while (next.done !== true && size < batchBytes) {
        writeFileSync(output, next.value.lines);
        writeFileSync(output, newline);
        size += next.value.lines.length;
        longest = Math.max(longest, next.value.longest);
        await setImmediate(); // messages of the worker's are heard between two slices
        next = rest.next();
      }
    } catch (error) {
      throw isDiskFull(error) ? diskFull(lines, error) : error;
    } finally {
      closeSync(output);
    }
    yield { n, lines, longest };
  }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

function diskFull(file: string, cause: unknown): IrokoError {
  return new IrokoError("DISK_FULL", `The disk is full: ${file} cannot be written.`, {
    hint: "Free some space, then retry the step.",
    cause,
  });
}

/**
 * An event is at most ten minutes ahead of its taking in, so what was taken in earlier cannot lie in these days, but for
 * what is filed under the first.
 */
function takenInSince({ start }: DeliveriesWanted, [from = start]: readonly Temporal.Instant[]): number | undefined {
  if (Temporal.Instant.compare(from, start) <= 0) return undefined;
  return from.epochMilliseconds / 1000 - 601;
}

interface Target {
  readonly start: Temporal.Instant;
  readonly bounds: readonly Temporal.Instant[];
  readonly folder: string;
}

/**
 * Into scratch files rather than a table: tables of two million rows would spill, and cost more to write. With what lies
 * in no day asked for: a condition on `filed_at` would be pushed down as its definition, and every delivery judged twice
 * (both measured).
 */
async function judge(database: StepDatabase, batch: Batch, { start, bounds, folder }: Target): Promise<void> {
  const objectBytes = Math.max(2 ** 23, batch.longest + 2 ** 16);
  const source = `select i as id, make_timestamptz(c) as created_at, s as sent, k as checksum, p as payload
    from read_json(${literal(escapeGlob(batch.lines))}, format = 'newline_delimited', maximum_object_size = ${objectBytes},
      columns = {i: 'VARCHAR', c: 'BIGINT', s: 'BOOLEAN', k: 'VARCHAR', p: 'VARCHAR'})`;
  const parts = bounds.map((_, index) => `when filed_at < $bound_${index} then ${index - 1}`);
  const statement = `copy (
      select *, case ${parts.join(" ")} else ${bounds.length - 1} end as part from (${judgeDeliveries(source)})
    ) to $folder (format parquet, partition_by (part), filename_pattern '${batch.n}_{i}', overwrite_or_ignore true)`;
  const params = Object.fromEntries(bounds.map((bound, index) => [`bound_${index}`, bound]));
  try {
    await database.run(statement, { ...params, start, folder });
  } finally {
    rmSync(batch.lines, { force: true });
  }
}

/** What a day without deliveries reads: no rows, with the columns. */
async function emptyFile(database: StepDatabase, start: Temporal.Instant, folder: string): Promise<string> {
  const file = join(folder, "empty.parquet");
  const nothing = `select ''::varchar as id, $start::timestamptz as created_at, false as sent, ''::varchar as checksum,
    ''::varchar as payload where false`;
  await database.run(`copy (${judgeDeliveries(nothing)}) to $file (format parquet)`, { start, file });
  return file;
}
