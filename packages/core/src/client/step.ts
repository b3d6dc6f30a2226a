/** A step of a run: what it makes, how it stands and why. */
import { z } from "zod";
import type { ErrorRecord } from "../errors.ts";
import type { Death } from "../planning/parking.ts";
import type { StepStatus } from "../planning/run-states.ts";
import { errorRecord, instant, number, text, texts } from "./values.ts";

export interface Step {
  readonly run: string;
  /** Its number in the plan. */
  readonly n: number;
  readonly kind: "materialize" | "check" | "observe" | "gate";
  readonly name: string;
  readonly assets: readonly string[];
  /** In the text form; "" where unpartitioned. */
  readonly partitions: string;
  readonly status: StepStatus;
  /** Why it was planned. */
  readonly reason: string;
  /** The one thing to know of it in its state: what it waits for, why it failed. */
  readonly why: string;
  readonly waitingOn: number;
  readonly attempt: number;
  readonly lostAttempts: number;
  readonly deaths: readonly Death[];
  readonly worker: string | null;
  readonly deferredUntil: string | null;
  readonly deferredReason: string | null;
  readonly outcome: "made" | "joined" | "superseded" | "unchanged" | null;
  readonly error: ErrorRecord | null;
  readonly readyAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

export const stepStatus: z.ZodType<StepStatus> = z.enum([
  "blocked",
  "ready",
  "running",
  "succeeded",
  "failed",
  "skipped",
  "canceled",
]);

const death: z.ZodType<Death> = z
  .object({
    of: z.enum(["child", "worker"]),
    attempt: number,
    cause: z.enum([
      "killed",
      "out of memory",
      "exited",
      "frozen",
      "machine restarted",
      "Postgres restarted",
      "drained",
    ]),
    unexplained: z.boolean().exactOptional(),
    alone: z.boolean().exactOptional(),
    signal: z.string().nullable().exactOptional(),
    code: z.number().nullable().exactOptional(),
    oomKills: z.number().exactOptional(),
    lastLines: z.array(z.string()).exactOptional(),
    worker: z.string().exactOptional(),
    host: z.string().exactOptional(),
  })
  .meta({ id: "Death" });

export const step: z.ZodType<Step> = z
  .object({
    run: text,
    n: number,
    kind: z.enum(["materialize", "check", "observe", "gate"]),
    name: text,
    assets: texts,
    partitions: text,
    status: stepStatus,
    reason: text,
    why: text,
    waitingOn: number,
    attempt: number,
    lostAttempts: number,
    deaths: z.array(death),
    worker: text.nullable(),
    deferredUntil: instant.nullable(),
    deferredReason: text.nullable(),
    outcome: z.enum(["made", "joined", "superseded", "unchanged"]).nullable(),
    error: errorRecord.nullable(),
    readyAt: instant.nullable(),
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
  })
  .meta({ id: "Step" });
