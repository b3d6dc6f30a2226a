/** The instance: whether it is well, who works, what waits, what its store and its code locations are. */
import { z } from "zod";
import type { ErrorRecord } from "../errors.ts";
import type { Operation } from "./operation.ts";
import { errorRecord, instant, nothing, number, text, type Nothing } from "./values.ts";

export interface Health {
  readonly status: "ok";
  readonly clock: Clocks;
  readonly locations: readonly Location[];
  readonly workers: readonly Worker[];
}

/** The server's clock and that of Postgres, looked at together. */
export interface Clocks {
  readonly here: string;
  readonly postgres: string;
  /** The server's before that of Postgres. */
  readonly secondsAhead: number;
  /** Where they are too far apart for anything to be decided by them. */
  readonly problem?: ErrorRecord;
}

export interface Location {
  readonly name: string;
  readonly version: number;
  readonly registeredAt: string;
}

export interface Worker {
  readonly id: string;
  readonly location: string;
  readonly host: string;
  readonly pid: number;
  readonly slots: number;
  /** Steps that it runs. */
  readonly running: number;
  readonly draining: boolean;
  readonly startedAt: string;
  /** Its clock before that of Postgres; null: it has not looked yet. */
  readonly secondsAhead: number | null;
  readonly roundTripMs: number | null;
  readonly loopDelayMs: number | null;
  readonly alive: boolean;
}

const location: z.ZodType<Location> = z
  .object({ name: text, version: number, registeredAt: instant })
  .meta({ id: "Location" });
const worker: z.ZodType<Worker> = z
  .object({
    id: text,
    location: text,
    host: text,
    pid: number,
    slots: number,
    running: number,
    draining: z.boolean(),
    startedAt: instant,
    secondsAhead: number.nullable(),
    roundTripMs: number.nullable(),
    loopDelayMs: number.nullable(),
    alive: z.boolean(),
  })
  .meta({ id: "Worker" });

export const instance: {
  readonly health: Operation<Nothing, Health>;
  readonly openapi: Operation<Nothing, unknown>;
} = {
  health: {
    method: "GET",
    path: "/health",
    role: "viewer",
    summary: "Whether Postgres answers, and who works",
    input: nothing,
    answer: z.object({
      status: z.literal("ok"),
      clock: z.object({
        here: instant,
        postgres: instant,
        secondsAhead: number,
        problem: errorRecord.exactOptional(),
      }),
      locations: z.array(location),
      workers: z.array(worker),
    }),
  },
  openapi: {
    method: "GET",
    path: "/openapi.json",
    role: "viewer",
    summary: "This API as an OpenAPI 3.1 document",
    input: nothing,
    answer: z.looseObject({ openapi: text }),
  },
};
