/** What somebody wants to know first, in one answer: is anything wrong, what ran, what comes. */
import { z } from "zod";
import type { AssetHealth } from "./asset-detail.ts";
import type { Operation } from "./operation.ts";
import type { Run } from "./run.ts";
import { instant, nothing, number, text, texts, type Nothing } from "./values.ts";

export interface Home {
  /** The server's clock; times on the page are told from it. */
  readonly now: string;
  /** In which times are shown that belong to no asset. */
  readonly timezone: string;
  readonly assets: number;
  readonly locations: number;
  /** How many assets stand how. */
  readonly healths: Readonly<Record<AssetHealth, number>>;
  /** The worst first, at most twenty. */
  readonly troubles: readonly { readonly asset: string; readonly health: AssetHealth; readonly sentence: string }[];
  /** Steps that are ready and may not start yet, by why. */
  readonly held: readonly {
    readonly reason: string;
    readonly steps: number;
    readonly run: string;
    readonly until: string | null;
  }[];
  /** Those of the last day and those that have not ended, the newest first, at most two hundred. */
  readonly runs: readonly HomeRun[];
  /** Schedules whose tick is overdue. */
  readonly late: readonly HomeTick[];
  readonly next: readonly HomeTick[];
  readonly workers: { readonly alive: number; readonly slots: number; readonly running: number };
}

export interface HomeRun extends Pick<
  Run,
  | "id"
  | "status"
  | "selection"
  | "partitions"
  | "planned"
  | "succeeded"
  | "failed"
  | "createdAt"
  | "startedAt"
  | "endedAt"
> {
  readonly by: string;
}

export interface HomeTick {
  readonly at: string;
  readonly location: string;
  readonly schedule: string;
  readonly timezone: string;
  /** What it will ask for, in the text form; "" where nothing is partitioned. */
  readonly partitions: string;
}

export interface HomeStale {
  /** How many assets have a stale partition. */
  readonly assets: number;
  /** At most twenty of them, upstream first. */
  readonly first: readonly {
    readonly asset: string;
    /** Which ones, the first few ranges; "" where nothing is partitioned. */
    readonly partitions: string;
    readonly count: number;
    /** `raw_pos_transactions changed`, `its code changed` … */
    readonly reasons: readonly string[];
  }[];
}

const health = z.enum(["failed", "running", "missing", "made", "unknown"]);
const tick = z.object({ at: instant, location: text, schedule: text, timezone: text, partitions: text });

export const home: { readonly get: Operation<Nothing, Home>; readonly stale: Operation<Nothing, HomeStale> } = {
  get: {
    method: "GET",
    path: "/home",
    role: "viewer",
    summary: "Is anything late, failed, held or missing? What ran in the last day, and what comes next.",
    input: nothing,
    answer: z.object({
      now: instant,
      timezone: text,
      assets: number,
      locations: number,
      healths: z.object({ failed: number, running: number, missing: number, made: number, unknown: number }),
      troubles: z.array(z.object({ asset: text, health, sentence: text })),
      held: z.array(z.object({ reason: text, steps: number, run: text, until: instant.nullable() })),
      runs: z.array(
        z.object({
          id: text,
          status: z.enum(["queued", "running", "succeeded", "failed", "canceled"]),
          selection: text,
          partitions: text,
          by: text,
          planned: number,
          succeeded: number,
          failed: number,
          createdAt: instant,
          startedAt: instant.nullable(),
          endedAt: instant.nullable(),
        }),
      ),
      late: z.array(tick),
      next: z.array(tick),
      workers: z.object({ alive: number, slots: number, running: number }),
    }),
  },
  stale: {
    method: "GET",
    path: "/home/stale",
    role: "viewer",
    summary: "Which assets are stale, and why",
    input: nothing,
    answer: z.object({
      assets: number,
      first: z.array(z.object({ asset: text, partitions: text, count: number, reasons: texts })),
    }),
  },
};
