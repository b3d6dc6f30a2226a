/** Runs as bars on a day, those that ran together below each other. */
import type { Home } from "@iroko/core/client";

export type HomeRun = Home["runs"][number];

export const dayMs = 86_400_000;
export const rowsShown = 12;
/** Of the width; a run of a second must be seen and hit. */
const narrowest = 0.6;

export interface Bar {
  readonly run: HomeRun;
  readonly left: number;
  readonly width: number;
  readonly row: number;
}

/** In percent of the width; each in the first row where it has place. */
export function barsOf(runs: readonly HomeRun[], nowMs: number): readonly Bar[] {
  const from = nowMs - dayMs;
  const percent = (at: number): number => (Math.max(0, at - from) / dayMs) * 100;
  const free: number[] = [];
  return runs
    .toReversed()
    .map((run) => {
      const left = Math.min(100 - narrowest, percent(new Date(run.startedAt ?? run.createdAt).getTime()));
      const right = percent(run.endedAt === null ? nowMs : new Date(run.endedAt).getTime());
      const width = Math.max(narrowest, right - left);
      const found = free.findIndex((end) => end <= left);
      const row = found < 0 ? free.length : found;
      free[row] = left + width + narrowest / 2;
      return { run, left, width, row };
    })
    .filter(({ row }) => row < rowsShown);
}
