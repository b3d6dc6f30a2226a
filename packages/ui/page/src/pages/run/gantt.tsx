import type { JSX } from "preact";
import { span } from "../../parts/amounts.ts";
import { toneOf } from "../../parts/badge.tsx";
import type { Bar } from "./step-bars.ts";

/** Bars over the run's time; in words for who does not see them. */
export function Gantt({ bars }: { readonly bars: readonly Bar[] }): JSX.Element {
  if (bars.length === 0) return <span class="faint">not started</span>;
  return (
    <div class="gantt" role="img" aria-label={bars.map(({ says }) => says).join("; ")}>
      {bars.map(({ state, left, width, says }, at) => (
        <i
          key={at}
          class={`bar ${state} ${toneOf(state)}`}
          style={{ left: `${left}%`, width: `${width}%` }}
          title={says}
        />
      ))}
    </div>
  );
}

/** Above such bars: from the run's beginning to its end, or to now. */
export function Axis({ from, to }: { readonly from: number; readonly to: number }): JSX.Element {
  const seconds = Math.max(0, to - from) / 1000;
  return (
    <span class="axis">
      <span>0 s</span>
      <span>{span(seconds / 2)}</span>
      <span>{span(seconds)}</span>
    </span>
  );
}

/** What those patterns mean that are not a state's colour. */
export function GanttKey(): JSX.Element {
  return (
    <p class="row legend gantt-key">
      <span>
        <i class="bar good" /> an attempt, in its state's colour
      </span>
      <span>
        <i class="bar warn deferred" /> put off, or lost with its worker
      </span>
      <span>
        <i class="bar wait" /> waiting
      </span>
    </p>
  );
}
