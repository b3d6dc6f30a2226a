/** A run's lines: its steps by what they make, each with its states. */
import type { RunGroup } from "@iroko/core/client";
import { listRunGroups, type Database, type RunGroupRow } from "@iroko/core/engine";
import type { Sendable } from "../http/answer.ts";
import type { Catalog } from "./catalog.ts";
import { stepPartitions } from "./run-view.ts";

export async function readRunGroups(
  db: Database,
  catalog: Catalog,
  run: string,
): Promise<readonly Sendable<RunGroup>[]> {
  const groups = new Map<string, RunGroupRow[]>();
  for (const row of await listRunGroups(db, run)) {
    const key = JSON.stringify([row.name, row.kind, row.assets]);
    const rows = groups.get(key);
    if (rows === undefined) groups.set(key, [row]);
    else rows.push(row);
  }
  return Array.from(groups.values(), (rows) => groupOf(catalog, rows));
}

function groupOf(catalog: Catalog, rows: readonly RunGroupRow[]): Sendable<RunGroup> {
  const { name, kind, assets } = rows[0]!;
  const made = rows.find(({ status }) => status === "succeeded");
  return {
    name,
    kind: kind as RunGroup["kind"],
    assets,
    startedAt: extreme(
      rows.map(({ startedAt }) => startedAt),
      -1,
    ),
    endedAt: rows.every(({ status }) => status !== "running")
      ? extreme(
          rows.map(({ endedAt }) => endedAt),
          1,
        )
      : null,
    meanSeconds: made === undefined || made.seconds === null ? null : made.seconds / made.steps,
    states: rows.map((row) => ({
      status: row.status,
      steps: row.steps,
      partitions: stepPartitions(catalog, row),
      first: row.first,
    })),
  };
}

function extreme(instants: readonly (Temporal.Instant | null)[], sign: 1 | -1): Temporal.Instant | null {
  const known = instants.filter((at) => at !== null);
  return known.toSorted((a, b) => sign * Temporal.Instant.compare(b, a))[0] ?? null;
}
