/** A run by what it makes: a line for each asset and state, with partitions as ranges, whether it has ten steps or 100,000. */
import { z } from "zod";
import type { StepStatus } from "../planning/run-states.ts";
import { instant, number, text, texts } from "./values.ts";

export interface RunGroup {
  /** The steps' name; those of a multi-asset have one of their own. */
  readonly name: string;
  readonly kind: "materialize" | "check" | "observe";
  readonly assets: readonly string[];
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Seconds that a step which succeeded took, in the mean; null: none has. */
  readonly meanSeconds: number | null;
  readonly states: readonly {
    /** `held`: ready, and put off for a reason. */
    readonly status: StepStatus | "held";
    readonly steps: number;
    /** In the text form; "" where unpartitioned. */
    readonly partitions: string;
    /** The number of the first of them. */
    readonly first: number;
    /** When the first of them began, and when the last that has ended did; null: none has. */
    readonly startedAt: string | null;
    readonly endedAt: string | null;
  }[];
}

export const runGroup: z.ZodType<RunGroup> = z
  .object({
    name: text,
    kind: z.enum(["materialize", "check", "observe"]),
    assets: texts,
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    meanSeconds: number.nullable(),
    states: z.array(
      z.object({
        status: z.enum(["blocked", "ready", "running", "succeeded", "failed", "skipped", "canceled", "held"]),
        steps: number,
        partitions: text,
        first: number,
        startedAt: instant.nullable(),
        endedAt: instant.nullable(),
      }),
    ),
  })
  .meta({ id: "RunGroup" });
