/** What happened: events are only ever added. */
import { z } from "zod";
import { instant, number, text } from "./values.ts";

export interface InstanceEvent {
  readonly id: number;
  readonly at: string;
  /** `materialization`, `step_failed`, `run_submitted`, …: later servers may have more. */
  readonly type: string;
  readonly run: string | null;
  /** The step's number in its run. */
  readonly step: number | null;
  readonly asset: string | null;
  /** One event may be of a whole set: in the text form; "" where it is of none, or unpartitioned. */
  readonly partitions: string;
  /** As the type has it. */
  readonly payload: unknown;
}

export const instanceEvent: z.ZodType<InstanceEvent> = z
  .object({
    id: number,
    at: instant,
    type: text,
    run: text.nullable(),
    step: number.nullable(),
    asset: text.nullable(),
    partitions: text,
    payload: z.unknown(),
  })
  .meta({ id: "Event" });
/** Events are paged by their ids. */
export const eventCursor: z.ZodType<string> = z.string().regex(/^\d{1,15}$/);
