/** Runs as bars on a day: a lane for each selection, in it those that ran together below each other. */
import type { Home } from "@iroko/core/client";

export type HomeRun = Home["runs"][number];

export const dayMs = 86_400_000;
const lanesShown = 8;
const rowsOfLane = 4;
/** Of the width; a run of a second must be seen and hit. */
const narrowest = 1.5;

export interface Bar {
  readonly run: HomeRun;
  readonly left: number;
  readonly width: number;
  readonly row: number;
}

export interface Lane {
  readonly selection: string;
  readonly bars: readonly Bar[];
  readonly rows: number;
}

/** The lane on top is that of the newest run. */
export function lanesOf(runs: readonly HomeRun[], nowMs: number): readonly Lane[] {
  return [...Map.groupBy(runs, ({ selection }) => selection)].slice(0, lanesShown).map(([selection, its]) => {
    const bars = barsOf(its, nowMs);
    return { selection, bars, rows: Math.max(...bars.map(({ row }) => row + 1)) };
  });
}

/** In percent of the width; each in the first row where it has place. */
export function barsOf(runs: readonly HomeRun[], nowMs: number): readonly Bar[] {
  const from = nowMs - dayMs;
  // What a clock that is behind calls the future ends now.
  const percent = (at: number): number => (Math.min(dayMs, Math.max(0, at - from)) / dayMs) * 100;
  const free: number[] = [];
  return runs
    .toReversed()
    .map((run) => {
      const left = Math.min(100 - narrowest, percent(new Date(run.startedAt ?? run.createdAt).getTime()));
      const right = percent(run.endedAt === null ? nowMs : new Date(run.endedAt).getTime());
      const width = Math.max(narrowest, right - left);
      const found = free.findIndex((end) => end <= left);
      const row = found < 0 ? free.length : found;
      free[row] = left + width;
      return { run, left, width, row };
    })
    .filter(({ row }) => row < rowsOfLane);
}
