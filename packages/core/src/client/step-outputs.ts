/** What steps printed, what they made, and what their checks found wrong. */
import { z } from "zod";
import type { Metadata } from "../definitions/metadata.ts";
import { instant, metadata, number, text } from "./values.ts";

export type LogStream = "stdout" | "stderr" | "log";

/** A piece of output as it came; it may end in the middle of a line. */
export interface LogChunk {
  readonly step: number;
  readonly attempt: number;
  readonly seq: number;
  readonly stream: LogStream;
  readonly at: string;
  readonly body: string;
  /** Goes on after it, also when nothing has come yet. */
  readonly cursor: string;
}

export interface MadePartition {
  readonly asset: string;
  readonly partition: string;
  readonly step: number;
  readonly version: number | null;
  /** A later claim has won. */
  readonly superseded: boolean;
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly dataVersion: string;
  readonly objectKey: string | null;
  readonly sha256: string | null;
  readonly metadata: Metadata;
  /** Results of the checks that its step ran. */
  readonly checks: unknown;
}

export interface FailedCheck {
  readonly asset: string;
  readonly name: string;
  readonly partition: string;
  readonly severity: "error" | "warn";
  readonly blocking: boolean;
  readonly message: string | null;
  readonly violations: number | null;
  /** Some of the rows that broke it. */
  readonly sample: unknown;
}

export const logStream: z.ZodType<LogStream> = z.enum(["stdout", "stderr", "log"]);

export const logChunk: z.ZodType<LogChunk> = z
  .object({ step: number, attempt: number, seq: number, stream: logStream, at: instant, body: text, cursor: text })
  .meta({ id: "LogChunk" });

/** After this step's id, attempt and piece. */
export const logCursor: z.ZodType<string> = z.string().regex(/^\d{1,15}\.\d{1,9}\.\d{1,9}$/);

export const madePartition: z.ZodType<MadePartition> = z
  .object({
    asset: text,
    partition: text,
    step: number,
    version: number.nullable(),
    superseded: z.boolean(),
    rows: number,
    bytes: number,
    seconds: number,
    dataVersion: text,
    objectKey: text.nullable(),
    sha256: text.nullable(),
    metadata,
    checks: z.unknown(),
  })
  .meta({ id: "MadePartition" });

export const failedCheck: z.ZodType<FailedCheck> = z
  .object({
    asset: text,
    name: text,
    partition: text,
    severity: z.enum(["error", "warn"]),
    blocking: z.boolean(),
    message: text.nullable(),
    violations: number.nullable(),
    sample: z.unknown(),
  })
  .meta({ id: "FailedCheck" });
