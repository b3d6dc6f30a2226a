/** Runs of a day as bars on a line of time, those of one selection in a lane that bears its name. */
import { Fragment, type JSX } from "preact";
import { now } from "../../api/clock.ts";
import { counted, span } from "../../parts/amounts.ts";
import { glyphOf, toneOf } from "../../parts/badge.tsx";
import { runHref } from "../../parts/links.ts";
import { timeText } from "../../parts/time.tsx";
import { dayMs, lanesOf, type Bar, type HomeRun } from "./bars.ts";

/** In pixels: a bar and the gap below it. */
const rowHeight = 24;
const hourMs = 3_600_000;
const hoursBetween = 3;

interface TimelineProps {
  readonly runs: readonly HomeRun[];
  readonly zone: string;
}

export function Timeline({ runs, zone }: TimelineProps): JSX.Element {
  const nowMs = now.value;
  const lanes = lanesOf(runs, nowMs);
  const shown = lanes.reduce((sum, { bars }) => sum + bars.length, 0);
  const firstMark = Math.ceil((nowMs - dayMs) / (hoursBetween * hourMs)) * hoursBetween * hourMs;
  const marks = Array.from({ length: 24 / hoursBetween }, (_, at) => firstMark + at * hoursBetween * hourMs)
    // The names of those at the very end would run into "now".
    .filter((at) => at < nowMs - 1.5 * hourMs);
  return (
    <>
      <div class="row">
        <h2 class="grow">The last day</h2>
        <span class="faint">
          {counted(runs.length, "run")}
          {runs.length > shown ? `, ${shown} shown` : ""}; times in {zone}
        </span>
        <a href="/runs">All runs</a>
      </div>
      <div class="timeline panel" style={{ "--lanes": lanes.length }}>
        <div class="marks">
          {marks.map((at) => (
            <span key={at} class="mark" style={{ left: `${((at - nowMs + dayMs) / dayMs) * 100}%` }}>
              {timeText(new Date(at).toISOString(), zone).slice(11, 16)}
            </span>
          ))}
          <span class="mark now">now</span>
        </div>
        {lanes.map(({ selection, bars, rows }, lane) => (
          <Fragment key={selection}>
            <code class="lane-name" title={selection} style={{ "--lane": lane }}>
              {selection}
            </code>
            <div class="lane" style={{ "--lane": lane, height: `${rows * rowHeight}px` }}>
              {bars.map((bar) => (
                <RunBar key={bar.run.id} {...bar} says={says(bar.run, zone, nowMs)} />
              ))}
            </div>
          </Fragment>
        ))}
      </div>
    </>
  );
}

function RunBar({ run, left, width, row, says: title }: Bar & { readonly says: string }): JSX.Element {
  return (
    <a
      class={`bar ${toneOf(run.status)}`}
      href={runHref(run.id)}
      title={title}
      aria-label={title}
      style={{
        left: `min(${left}%, 100% - var(--bar))`,
        width: `${width}%`,
        top: `${row * rowHeight}px`,
      }}
    >
      <span aria-hidden="true">{glyphOf(run.status)}</span>
    </a>
  );
}

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
