/** One run: how far it is, what failed and where, every step. */
import { listSteps, runProgress, type RunProgress, type RunRecord, type StepRecord } from "@iroko/core/engine";
import { Hono } from "hono";
import { z } from "zod";
import { readQuery } from "../http/input.ts";
import { timezoneOf, type Catalog } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";
import { findRun, isLive, stepPartitions } from "../model/run-view.ts";
import { badge } from "../parts/badge.ts";
import { errorBox } from "../parts/error-box.ts";
import { html, type Html } from "../parts/html.ts";
import { emptyState, layout, moving } from "../parts/layout.ts";
import { action, assetHref, logHref, runLink } from "../parts/links.ts";
import { byteText, count, counted } from "../parts/numbers.ts";
import { stepsText } from "../parts/runs-table.ts";
import { time, took } from "../parts/time.ts";

const rowsOnPage = 200;
const failuresShown = 5;
const query = z.object({ after: z.coerce.number().int().min(0).optional() });

export function runPage({ db, now: clock, catalog: read }: Instance): Hono {
  return new Hono().get("/runs/:id", async (c) => {
    const { after } = readQuery(c, query);
    const now = clock();
    const run = await findRun(db, c.req.param("id"));
    const [catalog, progress, steps, failures] = await Promise.all([
      read(),
      runProgress(db, run.id),
      listSteps(db, run.id, { limit: rowsOnPage + 1, ...(after === undefined ? {} : { after }) }),
      run.failed > 0 ? listSteps(db, run.id, { limit: failuresShown, statuses: ["failed"] }) : [],
    ]);
    const main = html`<p class="crumbs"><a href="/runs">Runs</a></p>
      <h1 class="id">${run.id}</h1>
      <p class="sentence">${badge(run.status)} <code>${run.selection}</code> ${run.partitions}</p>
      ${facts(run, progress, catalog, now)}
      ${run.planned === 0 ? "" : html`<progress max="${run.planned}" value="${ended(run)}" aria-label="Steps ended"></progress>`}
      <div class="actions">${actions(run)}</div>
      ${failures.length === 0 ? "" : html`<h2>What failed</h2>`} ${failures.map((step) => failure(catalog, step))}
      ${run.failed > failures.length ? html`<p class="faint">and ${run.failed - failures.length} more, below.</p>` : ""}
      <h2>Steps</h2>
      ${
        steps.length === 0
          ? emptyState(
              "There was nothing to do: everything asked for is made. To make it again:",
              "iroko materialize … --force",
            )
          : stepsTable(catalog, steps.slice(0, rowsOnPage), now)
      }
      ${steps.length > rowsOnPage ? html`<p><a href="?after=${steps[rowsOnPage - 1]!.n}">Next steps →</a></p>` : ""}`;
    return c.html(layout({ title: `Run ${run.id}`, at: "runs", liveSeconds: isLive(run) ? moving : undefined, main }));
  });
}

const ended = (run: RunRecord): number => run.succeeded + run.failed + run.skipped + run.canceled;

function facts(run: RunRecord, progress: RunProgress | undefined, catalog: Catalog, now: Temporal.Instant): Html {
  const fact = (name: string, value: Html | string): Html =>
    html`<div>
      <dt>${name}</dt>
      <dd>${value}</dd>
    </div>`;
  return html`<dl class="facts">
    ${fact("Steps", `${stepsText(run)}${progress && progress.running > 0 ? `, ${progress.running} running` : ""}`)}
    ${fact("Written", `${counted(progress?.rows ?? 0, "row")}, ${byteText(progress?.bytes ?? 0)}`)}
    ${fact("Took", took(run.startedAt, run.endedAt, now))} ${fact("Asked for", time(run.createdAt, catalog.timezone))}
    ${fact("By", run.triggerName === null ? run.trigger : `${run.trigger} ${run.triggerName}`)}
    ${run.maxConcurrency === null ? "" : fact("At once", `at most ${counted(run.maxConcurrency, "step")}`)}
    ${run.priority === 0 ? "" : fact("Priority", String(run.priority))}
    ${run.parent === null ? "" : fact("Retries", runLink(run.parent))}
    ${run.cancelReason === null ? "" : fact("Canceled", run.cancelReason)}
    ${progress && progress.unpublished > 0 ? fact("To be published", count(progress.unpublished)) : ""}
  </dl>`;
}

function actions(run: RunRecord): Html {
  if (isLive(run)) {
    return run.cancelRequestedAt === null
      ? action(`/api/v1/runs/${run.id}/cancel`, "Cancel", { confirm: "Cancel this run?" })
      : html`<span class="faint">It is being canceled.</span>`;
  }
  return html`<form class="make" data-make="/api/v1/runs/${run.id}/retry">
    <label>Assets <input name="select" placeholder="*" autocomplete="off" spellcheck="false" /></label>
    <label
      >Partitions <input name="partitions" placeholder="all of them" autocomplete="off" spellcheck="false"
    /></label>
    <label
      ><input type="checkbox" name="fromStart" ${run.status === "succeeded" ? html`checked` : ""} /> also what has
      succeeded</label
    >
    <button type="submit">Retry</button>
    <span class="faint"
      >or: <code>iroko runs retry ${run.id}${run.status === "succeeded" ? " --from-start" : ""}</code></span
    >
    <output role="status"></output>
  </form>`;
}

function failure(catalog: Catalog, step: StepRecord): Html {
  const partitions = stepPartitions(catalog, step);
  return html`<section class="failure">
    <h3>
      ${step.name}${partitions === "" ? "" : `@${partitions}`}
      <a href="${logHref(step.run, step.n)}">log</a>
    </h3>
    ${step.error === null ? "" : errorBox(step.error)}
  </section>`;
}

function stepsTable(catalog: Catalog, steps: readonly StepRecord[], now: Temporal.Instant): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col" class="number">#</th>
          <th scope="col">Status</th>
          <th scope="col">Step</th>
          <th scope="col">Partitions</th>
          <th scope="col" class="number">Attempts</th>
          <th scope="col">Why</th>
          <th scope="col">Started</th>
          <th scope="col" class="number">Took</th>
          <th scope="col">Log</th>
        </tr>
      </thead>
      <tbody>
        ${steps.map((step) => {
          const asset = catalog.assets.get(step.assets[0] ?? "")?.asset;
          const timezone = asset === undefined ? catalog.timezone : timezoneOf(asset, catalog.timezone);
          return html`<tr id="step-${step.n}">
            <td class="number">${step.n}</td>
            <td>${badge(step.status)}</td>
            <td>
              <a href="${assetHref(step.assets[0] ?? "")}">${step.name}</a
              >${step.kind === "materialize" ? "" : ` (${step.kind})`}
            </td>
            <td><code>${stepPartitions(catalog, step)}</code></td>
            <td class="number">${step.attempt === 0 ? "" : step.attempt}</td>
            <td class="prose">${why(step, timezone)}</td>
            <td>${time(step.startedAt, timezone)}</td>
            <td class="number">${took(step.startedAt, step.endedAt, now)}</td>
            <td>${step.attempt === 0 ? "" : html`<a href="${logHref(step.run, step.n)}">log</a>`}</td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

/** The one thing to know of a step in its state. */
function why(step: StepRecord, timezone: string): Html | string {
  switch (step.status) {
    case "failed":
      return step.error === null ? "" : html`<strong>${step.error.code}</strong> ${step.error.message}`;
    case "blocked":
      return `waits for ${counted(step.waitingOn, "step")}`;
    case "ready":
      return step.deferredUntil === null
        ? (step.deferredReason ?? "waits for a free slot")
        : html`${step.deferredReason ?? "deferred"}, until ${time(step.deferredUntil, timezone)}`;
    case "skipped":
      return step.deferredReason ?? "";
    case "succeeded":
      return step.outcome === null || step.outcome === "made" ? step.reason : step.outcome;
    case "running":
    case "canceled":
      return step.reason;
  }
}
