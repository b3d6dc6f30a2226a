/** A run by asset: how many of its steps stand how, which partitions those are, and when they were made. */
import type { RunDetail, RunGroup } from "@iroko/core/client";
import type { JSX } from "preact";
import { count, counted, span } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { assetHref, stepHref } from "../../parts/links.ts";
import { Ranges } from "../../parts/ranges.tsx";
import { Axis, Gantt } from "./gantt.tsx";
import { barsOfState } from "./group-bars.ts";
import { timeOf } from "./run-time.ts";

/** Failures first. */
const order = ["failed", "held", "running", "ready", "blocked", "skipped", "canceled", "succeeded"];

export function Lines({ run, groups }: { readonly run: RunDetail; readonly groups: readonly RunGroup[] }): JSX.Element {
  const shown = timeOf(run);
  return (
    <div class="scroll">
      <table class="lines">
        <thead>
          <tr>
            <th scope="col">Asset</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Steps
            </th>
            <th scope="col" class="roomy">
              Partitions
            </th>
            <th scope="col" class="wide">
              <Axis {...shown} />
            </th>
          </tr>
        </thead>
        {groups.map((group) => (
          <Line key={`${group.kind} ${group.name}`} run={run} group={group} shown={shown} />
        ))}
      </table>
    </div>
  );
}

interface LineProps {
  readonly run: RunDetail;
  readonly group: RunGroup;
  readonly shown: { readonly from: number; readonly to: number };
}

function Line({ run, group, shown }: LineProps): JSX.Element {
  const states = group.states.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  return (
    <tbody>
      {states.map((state, at) => (
        <tr key={state.status}>
          {at > 0 ? null : (
            <th scope="rowgroup" rowSpan={states.length}>
              <a class="clip" href={assetHref(group.assets[0] ?? group.name)} title={group.name}>
                {group.name}
              </a>
              {group.kind === "materialize" ? null : <span class="faint"> {group.kind}</span>}
              {group.meanSeconds === null ? null : <div class="note">{span(group.meanSeconds)} a step</div>}
            </th>
          )}
          <td>
            <Badge state={state.status} />
          </td>
          <td class="number">
            <a
              href={
                state.steps === 1
                  ? stepHref(run.id, state.first)
                  : `?view=steps&status=${state.status === "held" ? "ready" : state.status}`
              }
              aria-label={`${counted(state.steps, "step")} of ${group.name} ${state.status}`}
            >
              {count(state.steps)}
            </a>
          </td>
          <td class="roomy">
            <Ranges text={state.partitions} />
          </td>
          <td class="wide">
            <Gantt bars={barsOfState(state, shown)} />
          </td>
        </tr>
      ))}
    </tbody>
  );
}
