/** The instance: whether it is well, who works, what waits, what its store and its code locations are. */
import { z } from "zod";
import type { AssetHealth } from "./assets.ts";
import type { Operation } from "./operation.ts";
import { instant, nothing, number, text, type Nothing } from "./values.ts";

export interface Health {
  readonly status: "ok";
  readonly locations: readonly Location[];
  readonly workers: readonly Worker[];
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
  readonly alive: boolean;
}

/** What home shows: how everything stands, in counts. */
export interface Summary {
  readonly now: string;
  /** In which times are shown that belong to no asset. */
  readonly timezone: string;
  readonly assets: Readonly<Record<AssetHealth, number>>;
  readonly runs: {
    readonly queued: number;
    readonly running: number;
    /** Ended within the last day. */
    readonly succeeded: number;
    readonly failed: number;
    readonly canceled: number;
  };
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
    answer: z.object({ status: z.literal("ok"), locations: z.array(location), workers: z.array(worker) }),
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
