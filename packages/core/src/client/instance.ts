/** The instance: whether it is well, who works, what waits, what its store and its code locations are. */
import { z } from "zod";
import type { ErrorRecord } from "../errors.ts";
import { cursorOf, listOperation } from "./list-operation.ts";
import type { ListOperation, Operation } from "./operation.ts";
import { errorRecord, instant, name, nothing, number, text, type Nothing } from "./values.ts";

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

export interface Instance {
  readonly id: string;
  /** Raised when it was restored from a backup. */
  readonly incarnation: number;
  /** The server's clock; ages are told from it. */
  readonly now: string;
  /** In which times are shown that belong to no asset. */
  readonly timezone: string;
  /** Whether what steps make goes over a network; null where the server was not told. */
  readonly store: "local" | "remote" | null;
}

export interface LocationVersion extends Location {
  /** Of the definitions. */
  readonly hash: string;
  readonly current: boolean;
}

/** A limit on how many steps run at once. */
export interface Pool {
  readonly name: string;
  /** null: nobody has given it a size, and it limits nothing. */
  readonly slots: number | null;
  readonly running: number;
}

export interface PoolSize {
  readonly name: string;
  /** null: no limit. */
  readonly slots: number | null;
}

export interface SizedPool extends PoolSize {
  /** Whether an asset that is deployed names it. */
  readonly named: boolean;
}

/** Steps of a code location that wait or run. */
export interface Queue {
  readonly location: string;
  readonly ready: number;
  /** Of these, those that have a wake-up; the others wait behind them. */
  readonly admitted: number;
  /** Of these, those put off until later. */
  readonly deferred: number;
  readonly running: number;
  /** Since when the one that has waited longest may start. */
  readonly waitingSince: string | null;
}

export interface Store {
  /** Committed versions that the stable paths do not show yet. */
  readonly unpublished: number;
  /** Multipart uploads under way. */
  readonly uploads: number;
  /** Files that are built and wait for their upload, or for their commit to be verified. */
  readonly built: number;
  /** What went over the link within the last day. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export interface DatabaseHealth {
  /** Of Postgres. */
  readonly version: string;
  readonly startedAt: string;
  readonly sizeBytes: number;
  /** Of any program to any database of this Postgres, and how many it takes. */
  readonly connections: number;
  readonly mostConnections: number;
  /** Since when the oldest transaction here is open: what it can still see cannot be cleaned up. */
  readonly oldestTransactionAt: string | null;
}

const locationVersion: z.ZodType<LocationVersion> = z
  .object({ name: text, version: number, registeredAt: instant, hash: text, current: z.boolean() })
  .meta({ id: "LocationVersion" });
const pool: z.ZodType<Pool> = z.object({ name: text, slots: number.nullable(), running: number }).meta({ id: "Pool" });
const queue: z.ZodType<Queue> = z
  .object({
    location: text,
    ready: number,
    admitted: number,
    deferred: number,
    running: number,
    waitingSince: instant.nullable(),
  })
  .meta({ id: "Queue" });

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
  readonly get: Operation<Nothing, Instance>;
  readonly health: Operation<Nothing, Health>;
  readonly locations: ListOperation<Nothing, LocationVersion>;
  readonly pools: ListOperation<Nothing, Pool>;
  readonly setPool: Operation<PoolSize, SizedPool>;
  readonly queues: ListOperation<Nothing, Queue>;
  readonly store: Operation<Nothing, Store>;
  readonly database: Operation<Nothing, DatabaseHealth>;
  readonly openapi: Operation<Nothing, unknown>;
} = {
  get: {
    method: "GET",
    path: "/instance",
    role: "viewer",
    summary: "Which instance this is",
    input: nothing,
    answer: z.object({
      id: text,
      incarnation: number,
      now: instant,
      timezone: text,
      store: z.enum(["local", "remote"]).nullable(),
    }),
  },
  locations: listOperation<Nothing, LocationVersion>({
    path: "/locations",
    role: "viewer",
    summary: "Code locations and the definitions that each has registered, the newest first",
    input: {},
    item: locationVersion,
    page: { normal: 100, most: 1_000 },
    cursor: cursorOf(z.tuple([z.string(), z.int32()])),
  }),
  pools: listOperation<Nothing, Pool>({
    path: "/pools",
    role: "viewer",
    summary: "Pools, and how much of each is taken",
    input: {},
    item: pool,
    page: { normal: 200, most: 1_000 },
  }),
  setPool: {
    method: "POST",
    path: "/pools/{name}",
    role: "operator",
    summary: "Limit how many steps of a pool run at once, from the next one on",
    input: z.strictObject({ name, slots: z.int().min(0).max(999_999).nullable() }),
    answer: z.object({ name: text, slots: number.nullable(), named: z.boolean() }),
    repeatable: true,
  },
  queues: listOperation<Nothing, Queue>({
    path: "/queues",
    role: "viewer",
    summary: "What waits and what runs, by code location",
    input: {},
    item: queue,
    page: { normal: 200, most: 1_000 },
  }),
  store: {
    method: "GET",
    path: "/store",
    role: "viewer",
    summary: "What is to be uploaded and published, and what went over the link in the last day",
    input: nothing,
    answer: z.object({
      unpublished: number,
      uploads: number,
      built: number,
      sentBytes: number,
      receivedBytes: number,
    }),
  },
  database: {
    method: "GET",
    path: "/database",
    role: "viewer",
    summary: "How Postgres stands: its version, size, connections, and the oldest open transaction",
    input: nothing,
    answer: z.object({
      version: text,
      startedAt: instant,
      sizeBytes: number,
      connections: number,
      mostConnections: number,
      oldestTransactionAt: instant.nullable(),
    }),
  },
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
