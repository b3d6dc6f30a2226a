import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { IrokoError, type StepScope } from "@iroko/core";
import { escapeGlob, literal, readParquet } from "../duckdb/quote.ts";
import { duckdbOf, type StepDatabase } from "../duckdb/step-database.ts";
import { BufferFile, type BufferSlice } from "./buffer-file.ts";
import { judgeDeliveries } from "./judge-deliveries.ts";

export interface DeliveriesWanted {
  readonly path: string;
  /** The first partition's start. */
  readonly start: Temporal.Instant;
  /** The days wanted: [from, to). */
  readonly from: Temporal.Instant;
  readonly to: Temporal.Instant;
}

/** What is handed to DuckDB at once. */
const batchBytes = 64 * 2 ** 20;

/**
 * The buffer's deliveries that belong to these days, judged: a relation of the step's database over scratch files; its SQL.
 * SQLite reads a batch while DuckDB judges the one before.
 */
export async function loadDeliveries(scope: StepScope, wanted: DeliveriesWanted): Promise<string> {
  const database = await duckdbOf(scope);
  using file = BufferFile.open(wanted.path);
  const judged: string[] = [];
  let judging: Promise<void> = Promise.resolve();
  const stem = join(scope.directory, database.freshName("deliveries"));
  for await (const batch of batchesOf(file.slices(takenInSince(wanted)), stem)) {
    scope.signal.throwIfAborted();
    await judging;
    judging = judge(database, batch, wanted);
    judging.catch(() => {}); // looked at by the next one, and at the end
    judged.push(batch.judged);
  }
  await judging;
  return readParquet(judged);
}

interface Batch {
  /** A file of lines. */
  readonly lines: string;
  /** Bytes of the longest one. */
  readonly longest: number;
  /** The file to make of them. */
  readonly judged: string;
}

const newline = Buffer.from("\n");

/** Slices as they come, in files of their own; one without lines where there is none. */
async function* batchesOf(slices: Iterable<BufferSlice>, stem: string): AsyncGenerator<Batch> {
  const rest = slices[Symbol.iterator]();
  let next = rest.next();
  for (let n = 0; n === 0 || next.done !== true; n += 1) {
    const lines = `${stem}-${n}.ndjson`;
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
    yield { lines, longest, judged: `${stem}-${n}.parquet` };
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
function takenInSince({ start, from }: DeliveriesWanted): number | undefined {
  if (Temporal.Instant.compare(from, start) <= 0) return undefined;
  return from.epochMilliseconds / 1000 - 601;
}

/**
 * Into a scratch file rather than a table: tables of two million rows would spill, and cost more to write. Unfiltered: a
 * condition on `filed_at` would be pushed down as its definition, and every delivery judged twice (both measured).
 */
async function judge(database: StepDatabase, batch: Batch, { start }: DeliveriesWanted): Promise<void> {
  const objectBytes = Math.max(2 ** 23, batch.longest + 2 ** 16);
  const source = `select i as id, make_timestamptz(c) as created_at, s as sent, k as checksum, p as payload
    from read_json(${literal(escapeGlob(batch.lines))}, format = 'newline_delimited', maximum_object_size = ${objectBytes},
      columns = {i: 'VARCHAR', c: 'BIGINT', s: 'BOOLEAN', k: 'VARCHAR', p: 'VARCHAR'})`;
  try {
    await database.run(`copy (${judgeDeliveries(source)}) to $judged (format parquet)`, {
      start,
      judged: batch.judged,
    });
  } finally {
    rmSync(batch.lines, { force: true });
  }
}
