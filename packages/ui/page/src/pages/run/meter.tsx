/** How far a run is: what of its steps ended how, what runs, and how much is left. */
import type { JSX } from "preact";
import { count, counted } from "../../parts/amounts.ts";
import { toneOf } from "../../parts/badge.tsx";

interface Counts {
  readonly planned: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly canceled: number;
  readonly running?: number;
}

const states = ["succeeded", "failed", "skipped", "canceled", "running"] as const;

export function Meter({ of }: { readonly of: Counts }): JSX.Element | null {
  if (of.planned === 0) return null;
  const parts = states.map((state) => ({ state, steps: of[state] ?? 0 })).filter(({ steps }) => steps > 0);
  const left = of.planned - parts.reduce((sum, { steps }) => sum + steps, 0);
  const says = [
    ...parts.map(({ state, steps }) => `${count(steps)} ${state}`),
    ...(left > 0 ? [`${count(left)} to go`] : []),
  ];
  return (
    <div
      class="meter"
      role="img"
      aria-label={`Of ${counted(of.planned, "step")}: ${says.join(", ")}`}
      title={says.join(", ")}
    >
      {parts.map(({ state, steps }) => (
        <i key={state} class={toneOf(state)} style={{ flexGrow: steps }} />
      ))}
      {left > 0 ? <i class="to-go" style={{ flexGrow: left }} /> : null}
    </div>
  );
}
