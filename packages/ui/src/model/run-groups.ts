/**
 * A run's lines: its steps by what they make, each with its states. What was grouped is kept piece by piece; a look groups
 * those pieces again in which a step has changed since the last one, and tells what Postgres would tell of all steps.
 */
import type { RunGroup } from "@iroko/core/client";
import { runPieces, sharedLook, type Database, type RunPieceRow, type SetColumns } from "@iroko/core/engine";
import type { Sendable } from "../http/answer.ts";
import type { Catalog } from "./catalog.ts";
import { stepPartitions } from "./run-view.ts";

/** People follow a few runs at a time; of each a line for every thousand steps is kept. */
const runsKept = 20;

type Pieces = Awaited<ReturnType<typeof runPieces>>;

/** Opens what keeps pieces; one that nobody asks reads nothing. */
export function openRunGroups(db: Database): (catalog: Catalog, run: string) => Promise<readonly Sendable<RunGroup>[]> {
  const looks = new Map<string, () => Promise<Pieces>>();
  return async (catalog, run) => {
    const look = looks.get(run) ?? lookAtRun(db, run);
    // The one that was asked for last is dropped last.
    looks.delete(run);
    looks.set(run, look);
    for (const other of [...looks.keys()].slice(0, -runsKept)) looks.delete(other);
    const { pieces } = await look();
    const groups = Map.groupBy([...pieces.values()].flat(), ({ name, kind, assets }) =>
      JSON.stringify([name, kind, assets]),
    );
    return Array.from(groups.values(), (rows) => groupOf(catalog, rows)).toSorted((a, b) => firstOf(a) - firstOf(b));
  };
}

function lookAtRun(db: Database, run: string): () => Promise<Pieces> {
  let held: Pieces | undefined;
  return sharedLook(async () => {
    const found = await runPieces(db, run, held?.at);
    if (held !== undefined && held.life !== found.life) return (held = await runPieces(db, run));
    return (held = { ...found, pieces: new Map([...(held?.pieces ?? []), ...found.pieces]) });
  });
}

function groupOf(catalog: Catalog, rows: readonly RunPieceRow[]): Sendable<RunGroup> {
  const { name, kind, assets } = rows[0]!;
  const made = rows.filter(({ status }) => status === "succeeded");
  const byStatus = [...Map.groupBy(rows, ({ status }) => status)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    name,
    kind: kind as RunGroup["kind"],
    assets,
    startedAt: beginningOf(rows),
    endedAt: rows.every(({ status }) => status !== "running") ? endOf(rows) : null,
    meanSeconds:
      made.length === 0 ? null : sum(made.map(({ seconds }) => seconds ?? 0)) / sum(made.map(({ steps }) => steps)),
    states: byStatus.map(([status, same]) => ({
      status,
      steps: sum(same.map(({ steps }) => steps)),
      partitions: stepPartitions(catalog, { assets, ...allOf(same) }),
      first: Math.min(...same.map(({ first }) => first)),
      startedAt: beginningOf(same),
      endedAt: endOf(same),
    })),
  };
}

const firstOf = ({ states }: Sendable<RunGroup>): number => Math.min(...states.map(({ first }) => first));

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

/** One text of all windows is read once, and its ranges joined where they meet. */
function allOf(rows: readonly RunPieceRow[]): SetColumns {
  const [windows, keys, boxes] = [
    rows.flatMap((row) => row.windows ?? []),
    rows.flatMap((row) => row.keys?.flat() ?? []),
    rows.flatMap((row) => row.boxes?.flat() ?? []),
  ];
  return {
    windows:
      windows.length === 0
        ? null
        : `{${windows
            .map((text) => text.slice(1, -1))
            .filter(Boolean)
            .join(",")}}`,
    keys: keys.length === 0 ? null : [...new Set(keys)].toSorted(),
    boxes: boxes.length === 0 ? null : boxes,
  };
}

const beginningOf = (rows: readonly RunPieceRow[]): Temporal.Instant | null =>
  inOrder(rows.map(({ startedAt }) => startedAt))[0] ?? null;

const endOf = (rows: readonly RunPieceRow[]): Temporal.Instant | null =>
  inOrder(rows.map(({ endedAt }) => endedAt)).at(-1) ?? null;

const inOrder = (instants: readonly (Temporal.Instant | null)[]): readonly Temporal.Instant[] =>
  instants.filter((at) => at !== null).toSorted((a, b) => Temporal.Instant.compare(a, b));
