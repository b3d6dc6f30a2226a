import type { JSX } from "preact";
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
