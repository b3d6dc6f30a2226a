/** Why partitions are as they are, down to the first cause. */
import { z } from "zod";
import type { ErrorRecord } from "../errors.ts";
import type { ExplainedStatus, ReasonCode } from "../planning/explanation.ts";
import { errorRecord, instant, number, text } from "./values.ts";

export interface ExplainedReason {
  readonly code: ReasonCode;
  readonly message: string;
  readonly asset?: string;
  readonly partitions?: string;
  readonly run?: string;
  readonly step?: number;
  readonly at?: string;
  readonly until?: string;
  readonly error?: ErrorRecord;
  /** What mends it, or makes it. */
  readonly command?: string;
  readonly because?: readonly ExplainedReason[];
}

export interface ExplainedAsset {
  readonly asset: string;
  /** Partitions that stand alike, and why the last of them does. */
  readonly groups: readonly {
    readonly status: ExplainedStatus;
    readonly partitions: string;
    readonly count: number;
    readonly example?: string;
    readonly because: readonly ExplainedReason[];
  }[];
  /** Who asks for it, and when next. */
  readonly schedules: readonly ExplainedReason[];
}

const reason: z.ZodType<ExplainedReason> = z
  .object({
    // Open: a later server may know more.
    code: z.string() as unknown as z.ZodType<ReasonCode>,
    message: text,
    asset: text.exactOptional(),
    partitions: text.exactOptional(),
    run: text.exactOptional(),
    step: number.exactOptional(),
    at: instant.exactOptional(),
    until: instant.exactOptional(),
    error: errorRecord.exactOptional(),
    command: text.exactOptional(),
    get because(): z.ZodExactOptional<z.ZodType<readonly ExplainedReason[]>> {
      return (z.array(reason) as z.ZodType<readonly ExplainedReason[]>).exactOptional();
    },
  })
  .meta({ id: "Reason" });

export const explained: z.ZodType<ExplainedAsset> = z.object({
  asset: text,
  groups: z.array(
    z.object({
      status: z.enum(["running", "waiting", "failed", "missing", "stale", "behind", "fresh", "observed", "not yet"]),
      partitions: text,
      count: number,
      example: text.exactOptional(),
      because: z.array(reason),
    }),
  ),
  schedules: z.array(reason),
});
