/** A run as lines over time: one an asset, with how many of its steps stand how, and which partitions those are. */
import type { RunDetail, RunGroup } from "@iroko/core/client";
import type { JSX } from "preact";
import { count, counted, span } from "../../parts/amounts.ts";
import { Badge, toneOf } from "../../parts/badge.tsx";
import { Command } from "../../parts/command.tsx";
import { retryRun } from "../../parts/commands.ts";
import { assetHref } from "../../parts/links.ts";
import { selectionOfAll } from "../../parts/selection.ts";
import { setQuery } from "../../router.ts";
import { timeOf } from "./run-time.ts";

/** Failures first. */
const order = ["failed", "held", "running", "ready", "blocked", "skipped", "canceled", "succeeded"];

export function Lines({ run, groups }: { readonly run: RunDetail; readonly groups: readonly RunGroup[] }): JSX.Element {
  const { from, to } = timeOf(run);
  return (
    <div class="scroll">
      <table class="lines">
        <thead>
          <tr>
            <th scope="col">Asset</th>
            <th scope="col">Steps</th>
            <th scope="col" class="wide">
              Over {span(Math.max(0, to - from) / 1000)}
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <Line key={`${group.kind} ${group.name}`} run={run} group={group} from={from} to={to} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface LineProps {
  readonly run: RunDetail;
  readonly group: RunGroup;
  readonly from: number;
  readonly to: number;
}

function Line({ run, group, from, to }: LineProps): JSX.Element {
  const states = group.states.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  const all = states.reduce((sum, { steps }) => sum + steps, 0);
  const start = group.startedAt === null ? undefined : new Date(group.startedAt).getTime();
  const end = group.endedAt === null ? to : new Date(group.endedAt).getTime();
  const percent = (at: number): number =>
    to <= from ? 0 : Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100));
  return (
    <tr>
      <td>
        <a href={assetHref(group.assets[0] ?? group.name)}>{group.name}</a>
        {group.kind === "materialize" ? null : <span class="faint"> {group.kind}</span>}
        {group.meanSeconds === null ? null : <div class="faint">{span(group.meanSeconds)} a step</div>}
      </td>
      <td>
        {states.map(({ status, steps, partitions, first }) => (
          <details key={status}>
            <summary>
              <Badge state={status}>{`${status} ${count(steps)}`}</Badge>
            </summary>
            {partitions === "" ? null : <code class="prose ranges">{partitions}</code>}
            <p class="row">
              <button type="button" class="quiet" onClick={() => setQuery({ step: String(first) })}>
                {steps === 1 ? "open the step" : "open the first"}
              </button>
              <button
                type="button"
                class="quiet"
                onClick={() => setQuery({ view: "steps", status: status === "held" ? "ready" : status })}
              >
                list
              </button>
              {status === "failed" && partitions !== "" ? (
                <Command text={retryRun({ id: run.id, select: selectionOfAll(group.assets) })} />
              ) : null}
            </p>
          </details>
        ))}
      </td>
      <td class="wide">
        {start === undefined ? (
          <span class="faint">not started</span>
        ) : (
          <div
            class="gantt"
            role="img"
            aria-label={`${counted(all, "step")} from ${span((start - from) / 1000)} to ${span((end - from) / 1000)} after the start`}
          >
            <div
              class="stack"
              style={{ left: `${percent(start)}%`, width: `${Math.max(0.5, percent(end) - percent(start))}%` }}
            >
              {states
                .filter(({ status }) => !["blocked", "ready", "held"].includes(status))
                .map(({ status, steps }) => (
                  <i key={status} class={toneOf(status)} style={{ flexGrow: steps }} />
                ))}
            </div>
          </div>
        )}
      </td>
    </tr>
  );
}
