// Makes what an edge and an office would have: a buffer of POS transactions with everything that goes wrong in the field, and a
// merchants file. The same options give the same content. Also plays the forwarder: late records, deliveries, the clean-up.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { changeBuffer, makeBuffer, writeDeliveries } from "./generate/buffer.ts";
import { dirtKinds } from "./generate/dirt.ts";
import type { DirtKind } from "./generate/dirt/kind.ts";
import { merchantsCsv } from "./generate/merchants.ts";
import { seededRandom, shuffle, type Random } from "./generate/random.ts";
import { anyTransaction, payloadOf, type Delivery, type Transaction } from "./generate/record.ts";

export { checksumOf, digestOfBuffer } from "./generate/buffer.ts";
export { dirtKinds } from "./generate/dirt.ts";
export type { DirtKind, Outcome } from "./generate/dirt/kind.ts";

export interface GenerateOptions {
  /** The folder for `buffer.db` and `merchants.csv`; made if it is not there. */
  readonly out: string;
  /** The first day, in Lagos. Default 2026-11-01. */
  readonly from?: string;
  /** How many days. Default 7. */
  readonly days?: number;
  /** Rows of the buffer per day. Default 2,000. */
  readonly recordsPerDay?: number;
  /** Default 400. */
  readonly merchants?: number;
  readonly seed?: number;
  /** The share of rows with something odd about them, 0 to 1. Default 0.1; 0 makes a spotless buffer. */
  readonly dirt?: number;
  /** Days with `quietShare` of the records. */
  readonly quietDays?: readonly string[];
  /** Default 0.05; 0 leaves the day empty. */
  readonly quietShare?: number;
  /** Leaves files that are already there as they are. Default false. */
  readonly keep?: boolean;
}

export interface Generated {
  readonly buffer: string;
  readonly merchants: string;
  /** Rows written; 0 when the files were kept. */
  readonly rows: number;
  readonly kept: boolean;
}

/** Writes `buffer.db` and `merchants.csv` into the folder `out`, whole or not at all. */
export function generate(options: GenerateOptions): Generated {
  const { out, merchants = defaults.merchants, seed = defaults.seed, dirt = defaults.dirt, keep = false } = options;
  check("merchants", merchants, Number.isInteger(merchants) && merchants > 0, "a whole number from 1");
  check("seed", seed, Number.isInteger(seed), "a whole number");
  check("dirt", dirt, dirt >= 0 && dirt <= 1, "a share from 0 to 1");
  const days = daysOf(options);
  const files = { buffer: path.join(out, "buffer.db"), merchants: path.join(out, "merchants.csv") };
  if (keep && existsSync(files.buffer) && existsSync(files.merchants)) return { ...files, rows: 0, kept: true };

  mkdirSync(out, { recursive: true });
  writeFileSync(files.merchants, merchantsCsv(merchants, { seed, dirt: dirt > 0 }));
  const rows = makeBuffer(files.buffer, deliveries(days, { merchants, dirt, random: seededRandom(seed) }));
  return { ...files, rows, kept: false };
}

export interface LateOptions {
  /** The days, long closed, in which the records happened. */
  readonly days: readonly string[];
  /** Default 25. */
  readonly recordsPerDay?: number;
  /** When the edge takes them in: their created_at, a few milliseconds apart. */
  readonly takenInAt: Temporal.Instant | string;
  readonly status?: "sent" | "pending";
  /** As given to `generate`. Default 400. */
  readonly merchants?: number;
  readonly seed?: number;
}

/**
 * Adds ordinary records of earlier days to the buffer in `out`, as an edge does that was cut off for days. Returns the rows added.
 * Two calls that name the same `takenInAt` and seed would give the same ids, and the second fails.
 */
export function addLateRecords(out: string, options: LateOptions): number {
  const { days, recordsPerDay = 25, status = "sent", merchants = defaults.merchants, seed = defaults.seed } = options;
  const takenIn = Temporal.Instant.from(options.takenInAt).epochMilliseconds / 1000;
  const random = seededRandom(seed ^ Math.floor(takenIn));
  const prefix = `late-${takenIn}-${seed}`;
  const late = days.flatMap((day, d) =>
    eventTimes(dayOf(day, recordsPerDay), random).map((eventMs, n): Delivery => {
      const position = d * recordsPerDay + n;
      const tx = anyTransaction(random, position, eventMs, merchants);
      const payload = payloadOf({ ...tx, id: `${tx.id}-${prefix}` });
      return { payload, createdAt: takenIn + position / 256, ...(status === "pending" ? { status } : {}) };
    }),
  );
  return changeBuffer(path.join(out, "buffer.db"), (db) => writeDeliveries(db, prefix, late));
}

/** The forwarder gets through: every row that was not sent is sent at `now`. Returns how many. */
export function deliverPending(out: string, { now }: { readonly now: Temporal.Instant | string }): number {
  const deliver =
    "update buffer set status = 'sent', attempts = attempts + 1, last_attempt_at = ? where status <> 'sent'";
  return changeBuffer(path.join(out, "buffer.db"), (db) => Number(db.prepare(deliver).run(epochSeconds(now)).changes));
}

export interface CleanOptions {
  /** Default 72. */
  readonly olderThanHours?: number;
  readonly now: Temporal.Instant | string;
}

/** The forwarder cleans up: rows delivered longer ago than that are deleted. Returns how many. */
export function cleanDelivered(out: string, { olderThanHours = 72, now }: CleanOptions): number {
  const before = epochSeconds(now) - olderThanHours * 3600;
  const clean = "delete from buffer where status = 'sent' and coalesce(last_attempt_at, created_at) < ?";
  return changeBuffer(path.join(out, "buffer.db"), (db) => Number(db.prepare(clean).run(before).changes));
}

const timezone = "Africa/Lagos";
const defaults = {
  from: "2026-11-01",
  days: 7,
  recordsPerDay: 2_000,
  merchants: 400,
  seed: 1,
  dirt: 0.1,
  quietShare: 0.05,
};

interface Day {
  readonly startMs: number;
  readonly endMs: number;
  readonly records: number;
}

function daysOf(options: GenerateOptions): readonly Day[] {
  const { from = defaults.from, days = defaults.days, recordsPerDay = defaults.recordsPerDay } = options;
  const { quietDays = [], quietShare = defaults.quietShare } = options;
  check("days", days, Number.isInteger(days) && days > 0, "a whole number from 1");
  check("recordsPerDay", recordsPerDay, Number.isInteger(recordsPerDay) && recordsPerDay >= 0, "a whole number from 0");
  check("quietShare", quietShare, quietShare >= 0 && quietShare <= 1, "a share from 0 to 1");
  for (const date of [from, ...quietDays]) check("a day", date, isDate(date), "a date like 2026-11-01");
  const first = Temporal.PlainDate.from(from);
  const end = first.add({ days }).toString();
  for (const date of quietDays) check("a quiet day", date, from <= date && date < end, `from ${from} to before ${end}`);
  return Array.from({ length: days }, (_, n) => {
    const date = first.add({ days: n }).toString();
    return dayOf(date, quietDays.includes(date) ? Math.floor(recordsPerDay * quietShare) : recordsPerDay);
  });
}

function dayOf(date: string, records: number): Day {
  const start = Temporal.PlainDate.from(date);
  return { startMs: startOf(start), endMs: startOf(start.add({ days: 1 })), records };
}

function startOf(date: Temporal.PlainDate): number {
  return date.toZonedDateTime(timezone).epochMilliseconds;
}

function epochSeconds(instant: Temporal.Instant | string): number {
  return Temporal.Instant.from(instant).epochMilliseconds / 1000;
}

interface Mix {
  readonly merchants: number;
  readonly dirt: number;
  readonly random: Random;
}

/** As many rows for each day as it says, in the order in which they happened. */
function* deliveries(days: readonly Day[], { merchants, dirt, random }: Mix): Generator<Delivery, void> {
  const remembered = days.map((): Transaction[] => []);
  const kinds = everyKindInTurn(random);
  let kind = kinds();
  let number = 0;
  for (const [d, day] of days.entries()) {
    let left = day.records;
    for (let n = 0; left > 0; n++) {
      number += 1;
      const eventMs = eventTime(day, n, random);
      const tx = anyTransaction(random, number, eventMs, merchants);
      const createdAt = eventMs / 1000 + 0.05 + 3 * random() * random();
      let rows: readonly Delivery[] = [];
      if (random() < dirt) {
        rows = kind.deliveries({
          tx,
          createdAt,
          dayStartMs: day.startMs,
          dayEndMs: day.endMs,
          firstDayStartMs: days[0]!.startMs,
          random,
          earlier: (daysBefore) => remembered[d - daysBefore]?.pop(),
        });
        if (rows.length <= left) kind = kinds();
        else rows = [];
      } else if (remembered[d]!.length < 50) remembered[d]!.push(tx);
      if (rows.length === 0) yield { payload: payloadOf(tx), createdAt };
      else yield* rows;
      left -= Math.max(rows.length, 1);
    }
  }
}

/** Every kind once, in some order, and then again: even a small buffer has one of each. */
function everyKindInTurn(random: Random): () => DirtKind {
  let waiting: DirtKind[] = [];
  return () => {
    if (waiting.length === 0) waiting = shuffle(random, dirtKinds);
    return waiting.pop()!;
  };
}

function eventTimes(day: Day, random: Random): readonly number[] {
  return Array.from({ length: day.records }, (_, n) => eventTime(day, n, random));
}

/** The n-th of the day's records: rising with n, and closer together around noon. */
function eventTime({ startMs, endMs, records }: Day, n: number, random: Random): number {
  const share = (n + random()) / records;
  const warped = share + share * (1 - share) * (1 - 2 * share); // twice as dense at noon; no sine, which may differ by machine
  return startMs + Math.floor((endMs - startMs) * warped);
}

function isDate(text: string): boolean {
  try {
    return Temporal.PlainDate.from(text).toString() === text;
  } catch {
    return false;
  }
}

function check(name: string, value: unknown, holds: boolean, wanted: string): void {
  if (!holds) throw new RangeError(`${name} must be ${wanted}, got ${String(value)}`);
}
