/** Attempts of a run's steps that did not end them, for a line of time: the last attempt of each is told by the step itself. */
import { z } from "zod";
import type { ErrorRecord } from "../errors.ts";
import { eventCursor } from "./events.ts";
import { listOperation } from "./list-operation.ts";
import type { ListOperation } from "./operation.ts";
import { errorRecord, instant, name, number, text, wholeNumber } from "./values.ts";

export interface AttemptsInput {
  /** The run's. */
  readonly id: string;
  /** Of steps from this number on, and up to that one; both included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface Attempt {
  readonly step: number;
  readonly attempt: number;
  readonly startedAt: string;
  readonly endedAt: string;
  /** `deferred`: put off, which counts as no failure; `lost`: with its worker. */
  readonly outcome: "failed" | "deferred" | "lost";
  readonly error: ErrorRecord | null;
  readonly reason: string;
  /** Until then the step waited; null: it could begin at once. */
  readonly retryAt: string | null;
}

const attempt: z.ZodType<Attempt> = z
  .object({
    step: number,
    attempt: number,
    startedAt: instant,
    endedAt: instant,
    outcome: z.enum(["failed", "deferred", "lost"]),
    error: errorRecord.nullable(),
    reason: text,
    retryAt: instant.nullable(),
  })
  .meta({ id: "Attempt" });

export const attempts: ListOperation<AttemptsInput, Attempt> = listOperation<AttemptsInput, Attempt>({
  path: "/runs/{id}/attempts",
  role: "viewer",
  summary: "Attempts that did not end their steps, in the order in which they ended: failed, put off, lost",
  input: { id: name, from: wholeNumber.optional(), to: wholeNumber.optional() },
  item: attempt,
  page: { normal: 500, most: 5_000 },
  cursor: eventCursor,
});
