import { fieldsOf, isoMillis, writePayload, type Delivery, type Fields, type Transaction } from "../record.ts";
import type { Random } from "../random.ts";

/** What a kind of dirt is made from: an ordinary transaction, and where and when it happened. */
export interface Scene {
  readonly tx: Transaction;
  /** When an edge in good health would take it in; seconds since 1970. */
  readonly createdAt: number;
  /** Midnight in Lagos at the start and at the end of the day; milliseconds since 1970. */
  readonly dayStartMs: number;
  readonly dayEndMs: number;
  /** Where the data begins, which the outcome `before_start` takes to be where the partitions begin. */
  readonly firstDayStartMs: number;
  readonly random: Random;
  /** A transaction of so many days before, if there are such days. */
  readonly earlier: (daysBefore: number) => Transaction | undefined;
}

export type Outcome =
  | "accepted"
  | "not_json"
  | "checksum_mismatch"
  | "missing_field"
  | "bad_amount"
  | "bad_time"
  | "clock_ahead"
  | "before_start";

/** One kind of dirt. `outcome` is what the rules make of every delivery it gives. */
export interface DirtKind {
  readonly name: string;
  readonly outcome: Outcome;
  readonly deliveries: (scene: Scene) => readonly Delivery[];
}

/** Fields to write otherwise, as JSON text; undefined leaves one out. */
export type Changes = Readonly<Record<string, string | undefined>>;

/** A kind that is one delivery with some fields written otherwise. */
export function changed(name: string, outcome: Outcome, change: (scene: Scene, fields: Fields) => Changes): DirtKind {
  return {
    name,
    outcome,
    deliveries: (scene) => {
      const fields = fieldsOf(scene.tx);
      const all: Changes = { ...fields, ...change(scene, fields) };
      const kept = Object.entries(all).filter((field): field is [string, string] => field[1] !== undefined);
      return [{ payload: writePayload(Object.fromEntries(kept)), createdAt: scene.createdAt }];
    },
  };
}

/** The instant as a clock at that offset shows it. */
export function localTime(ms: number, offsetMinutes: number, fraction: string, zone: string): string {
  const shown = isoMillis(ms + offsetMinutes * 60_000).slice(0, 19);
  return `${shown}${fraction === "" ? "" : `.${fraction}`}${zone}`;
}
