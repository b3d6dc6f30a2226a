/** What a step printed, as text. */
import { listSteps, readLogs, type LogRow } from "@iroko/core/engine";
import { IrokoError } from "@iroko/core";
import { Hono } from "hono";
import { z } from "zod";
import { readQuery } from "../http/input.ts";
import type { Instance } from "../model/instance.ts";
import { findRun, isLive, stepPartitions } from "../model/run-view.ts";
import { badge } from "../parts/badge.ts";
import { errorBox } from "../parts/error-box.ts";
import { html, type Html } from "../parts/html.ts";
import { emptyState, layout, moving } from "../parts/layout.ts";
import { runHref, logHref } from "../parts/links.ts";

const chunksOnPage = 1_000;
const number = z.coerce.number().int().min(0);
const query = z.object({ attempt: number.optional(), after: number.optional() });

export function logPage({ db, catalog: read }: Instance): Hono {
  return new Hono().get("/runs/:id/steps/:n/log", async (c) => {
    const { attempt: asked, after } = readQuery(c, query);
    const run = await findRun(db, c.req.param("id"));
    const step = await findStep(
      c.req.param("n"),
      async (n) => (await listSteps(db, run.id, { after: n - 1, limit: 1 }))[0],
    );
    const attempt = asked ?? Math.max(1, step.attempt);
    const [catalog, logs] = await Promise.all([
      read(),
      readLogs(db, run.id, {
        n: step.n,
        attempt,
        limit: chunksOnPage + 1,
        ...(after === undefined ? {} : { after: [step.id, attempt, after] as const }),
      }),
    ]);
    const partitions = stepPartitions(catalog, step);
    const main = html`<p class="crumbs"><a href="/runs">Runs</a> / <a href="${runHref(run.id)}">${run.id}</a></p>
      <h1>${step.name}${partitions === "" ? "" : `@${partitions}`}</h1>
      <p class="sentence">${badge(step.status)} attempt ${attempt} of ${step.attempt}</p>
      ${attempts(run.id, step.n, step.attempt, attempt)}
      ${step.error === null || attempt !== step.attempt ? "" : errorBox(step.error)}
      ${
        logs.length === 0
          ? emptyState(
              "It has printed nothing. Follow it from a terminal:",
              `iroko runs logs ${run.id} --step ${step.n} --follow`,
            )
          : html`<pre class="log">${logs.slice(0, chunksOnPage).map(chunk)}</pre>`
      }
      ${
        logs.length > chunksOnPage
          ? html`<p><a href="?attempt=${attempt}&after=${logs[chunksOnPage - 1]!.seq}">More →</a></p>`
          : ""
      }`;
    return c.html(
      layout({ title: `Log of ${step.name}`, at: "runs", liveSeconds: isLive(run) ? moving : undefined, main }),
    );
  });
}

function chunk({ stream, body, at }: LogRow): Html {
  return html`<span class="${stream}" title="${stream} ${at.toString({ smallestUnit: "millisecond" })}">${body}</span>`;
}

function attempts(run: string, step: number, last: number, shown: number): Html | "" {
  if (last < 2) return "";
  const numbers = Array.from({ length: Math.min(last, 50) }, (_, index) => last - index).toReversed();
  return html`<nav class="filters" aria-label="Attempts">
    ${numbers.map(
      (each) =>
        html`<a href="${logHref(run, step, each)}" ${each === shown ? html`aria-current="page"` : ""}>${each}</a>`,
    )}
  </nav>`;
}

async function findStep<Step extends { readonly n: number }>(
  text: string,
  read: (n: number) => Promise<Step | undefined>,
): Promise<Step> {
  const n = /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  const step = n === undefined ? undefined : await read(n);
  if (step !== undefined && step.n === n) return step;
  throw new IrokoError("NOT_FOUND", `The run has no step ${JSON.stringify(text)}.`, {
    hint: "The run's page lists its steps.",
  });
}
