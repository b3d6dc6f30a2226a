import type { RunCounts, RunDetail } from "@iroko/core/client";
import type { Terminal } from "../terminal/terminal.ts";
import { formatBytes, formatCount, formatSeconds } from "../terminal/units.ts";

/** `156/360 steps · 2 running · 1,204,000 rows · 18 MB · 95,000 rows/s · 13 s · about 17 s left` */
export function progressLine(progress: RunDetail, seconds: number, { style }: Pick<Terminal, "style">): string {
  const done = endedSteps(progress);
  const parts = [`${formatCount(done)}/${formatCount(progress.planned)} steps`];
  if (progress.running > 0) parts.push(`${formatCount(progress.running)} running`);
  if (progress.failed > 0) parts.push(style("red", `${formatCount(progress.failed)} failed`));
  if (progress.rows > 0) parts.push(`${formatCount(progress.rows)} rows`, formatBytes(progress.bytes));
  if (progress.rows > 0 && seconds >= 1) parts.push(`${formatCount(Math.round(progress.rows / seconds))} rows/s`);
  parts.push(formatSeconds(seconds));
  if (done > 0 && done < progress.planned && seconds >= 2) {
    parts.push(`about ${formatSeconds((seconds / done) * (progress.planned - done))} left`);
  }
  return parts.join(style("dim", " · "));
}

export function endedSteps({ succeeded, failed, skipped, canceled }: RunCounts): number {
  return succeeded + failed + skipped + canceled;
}
