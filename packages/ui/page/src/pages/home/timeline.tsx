/** Runs of a day as bars on a line of time, those that ran together below each other. */
import type { JSX } from "preact";
import { now } from "../../api/clock.ts";
import { counted, span } from "../../parts/amounts.ts";
import { glyphOf, toneOf } from "../../parts/badge.tsx";
import { runHref, shortId } from "../../parts/links.ts";
import { timeText } from "../../parts/time.tsx";
import { barsOf, dayMs, type HomeRun } from "./bars.ts";

const rowHeight = 26;
const axisHeight = 22;
const hoursBetween = 3;

function says(
  { status, selection, partitions, by, planned, succeeded, startedAt, endedAt }: HomeRun,
  zone: string,
  nowMs: number,
): string {
  const started = startedAt === null ? "not started" : `started ${timeText(startedAt, zone)}`;
  const took =
    startedAt === null
      ? ""
      : `, ${span(((endedAt === null ? nowMs : new Date(endedAt).getTime()) - new Date(startedAt).getTime()) / 1000)}`;
  return `${status}: ${selection} ${partitions} (${by}), ${started}${took}, ${succeeded} of ${counted(planned, "step")}`;
}

export function Timeline({ runs, zone }: { readonly runs: readonly HomeRun[]; readonly zone: string }): JSX.Element {
  const nowMs = now.value;
  const bars = barsOf(runs, nowMs);
  const rows = Math.max(1, ...bars.map(({ row }) => row + 1));
  const hour = 3_600_000;
  const firstMark = Math.ceil((nowMs - dayMs) / (hoursBetween * hour)) * hoursBetween * hour;
  const all = Array.from({ length: 24 / hoursBetween }, (_, at) => firstMark + at * hoursBetween * hour);
  // The name of one at the very end would not fit.
  const marks = all.filter((at) => at < nowMs - hour);
  return (
    <>
      <div class="timeline panel" style={{ height: `${rows * rowHeight + axisHeight + 16}px` }}>
        {marks.map((at) => (
          <span key={at} class="mark faint" style={{ left: `${((at - nowMs + dayMs) / dayMs) * 100}%` }}>
            {timeText(new Date(at).toISOString(), zone).slice(11, 16)}
          </span>
        ))}
        {bars.map(({ run, left, width, row }) => (
          <a
            key={run.id}
            class={`bar ${toneOf(run.status)}`}
            href={runHref(run.id)}
            title={says(run, zone, nowMs)}
            aria-label={says(run, zone, nowMs)}
            style={{ left: `min(${left}%, 100% - 18px)`, width: `${width}%`, top: `${axisHeight + row * rowHeight}px` }}
          >
            <span aria-hidden="true">
              {glyphOf(run.status)} {width > 6 ? run.selection : ""}
            </span>
          </a>
        ))}
      </div>
      <p class="faint">
        {counted(runs.length, "run")}
        {runs.length > bars.length ? `, ${bars.length} shown` : ""}; times in {zone}.{" "}
        {runs[0] === undefined ? null : (
          <>
            The latest: <a href={runHref(runs[0].id)}>{shortId(runs[0].id)}</a>.{" "}
          </>
        )}
        <a href="/runs">All runs</a>
      </p>
    </>
  );
}
