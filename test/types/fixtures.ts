import { asset, daily, decimal, fixed, hourly, timestamp, type Check, type IoManager, type RowOf } from "@iroko/core";
import { z } from "zod";

/** An IO manager for the compiler: these programs are checked, never run. */
export function relation(path: string): IoManager<"relation"> {
  return { kind: "none", path, extension: "", stage: never, load: never };
}

/** An IO manager that loads text. */
export function text(path: string): IoManager<string> {
  return { kind: "text", path, extension: ".txt", stage: never, load: never };
}

/** A check that reads the columns it is given. */
export function unique<const C extends string>(...columns: readonly C[]): Check<C> {
  return { name: "unique", kind: "unique", severity: "error", blocking: true, columns, history: 0, run: never };
}

async function never(): Promise<never> {
  throw new Error("checked, never run");
}

export const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
export const hours = hourly({ start: "2026-11-01-00:00", timezone: "Africa/Lagos" });
export const states = fixed(["LA", "AB", "KN"]);

export const Transaction = z.object({
  id: z.string(),
  amount: decimal(18, 2),
  at: timestamp(),
  channel: z.enum(["chip", "contactless"]).nullable(),
});
export type Transaction = RowOf<typeof Transaction>;

export const byDay = asset({
  key: "by_day",
  partitions: days,
  schema: Transaction,
  output: relation("by_day"),
  materialize: () => [],
});
export const byHour = asset({
  key: "by_hour",
  partitions: hours,
  schema: Transaction,
  output: relation("by_hour"),
  materialize: () => [],
});
export const byState = asset({
  key: "by_state",
  partitions: states,
  schema: Transaction,
  output: relation("by_state"),
  materialize: () => [],
});
export const whole = asset({
  key: "whole",
  schema: z.object({ merchant: z.string() }),
  output: relation("whole"),
  materialize: () => [],
});
export const note = asset({
  key: "note",
  schema: z.object({ line: z.string() }),
  output: text("note"),
  materialize: () => "a text",
});
export const signal = asset({ key: "signal", materialize: () => ({ metadata: { rows: 3 } }) });
