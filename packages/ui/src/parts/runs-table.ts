import type { RunRecord } from "@iroko/core/engine";
import { badge } from "./badge.ts";
import { html, type Html } from "./html.ts";
import { runLink } from "./links.ts";
import { count } from "./numbers.ts";
import { time, took } from "./time.ts";

export function runsTable(runs: readonly RunRecord[], timezone: string, now: Temporal.Instant): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Assets</th>
          <th scope="col">Partitions</th>
          <th scope="col" class="number">Steps</th>
          <th scope="col">By</th>
          <th scope="col">Asked for</th>
          <th scope="col" class="number">Took</th>
          <th scope="col">Run</th>
        </tr>
      </thead>
      <tbody>
        ${runs.map(
          (run) =>
            html`<tr>
              <td>${badge(run.status)}</td>
              <td><code>${run.selection}</code></td>
              <td>${run.partitions}</td>
              <td class="number">${stepsText(run)}</td>
              <td>${run.triggerName === null ? run.trigger : `${run.trigger} ${run.triggerName}`}</td>
              <td>${time(run.createdAt, timezone)}</td>
              <td class="number">${took(run.startedAt, run.endedAt, now)}</td>
              <td>${runLink(run.id)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** "7 of 10, 1 failed" */
export function stepsText({ planned, succeeded, failed, skipped, canceled }: RunRecord): string {
  const rest = [
    failed > 0 ? `${count(failed)} failed` : "",
    skipped > 0 ? `${count(skipped)} skipped` : "",
    canceled > 0 ? `${count(canceled)} canceled` : "",
  ].filter(Boolean);
  const done = succeeded === planned ? count(planned) : `${count(succeeded)} of ${count(planned)}`;
  return [done, ...rest].join(", ");
}
