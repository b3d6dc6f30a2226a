import { runStatuses } from "@iroko/core";
import { listRuns } from "@iroko/core/engine";
import { Hono } from "hono";
import { z } from "zod";
import { readQuery } from "../http/input.ts";
import type { Instance } from "../model/instance.ts";
import { html } from "../parts/html.ts";
import { emptyState, layout, resting } from "../parts/layout.ts";
import { runsTable } from "../parts/runs-table.ts";

const rowsOnPage = 50;
const query = z.object({ before: z.uuid().optional(), status: z.enum(runStatuses).optional() });

export function runsPage({ db, now, catalog: read }: Instance): Hono {
  return new Hono().get("/runs", async (c) => {
    const { before, status } = readQuery(c, query);
    const [{ timezone }, runs] = await Promise.all([
      read(),
      listRuns(db, {
        limit: rowsOnPage + 1,
        ...(before === undefined ? {} : { before }),
        ...(status === undefined ? {} : { statuses: [status] }),
      }),
    ]);
    const older = new URLSearchParams({ ...(status && { status }), before: runs[rowsOnPage - 1]?.id ?? "" });
    const main = html`<h1>Runs</h1>
      <nav class="filters" aria-label="Which runs">
        <a href="/runs" ${status === undefined ? html`aria-current="page"` : ""}>all</a>
        ${runStatuses.map(
          (each) =>
            html`<a href="/runs?status=${each}" ${each === status ? html`aria-current="page"` : ""}>${each}</a>`,
        )}
      </nav>
      ${
        runs.length === 0
          ? emptyState(
              status === undefined ? "Nothing has run yet. Start with:" : `No run is ${status}. Start one:`,
              "iroko materialize --select '*' --partition last:1",
            )
          : runsTable(runs.slice(0, rowsOnPage), timezone, now())
      }
      ${runs.length > rowsOnPage ? html`<p><a href="/runs?${older.toString()}">Older runs →</a></p>` : ""}`;
    return c.html(layout({ title: "Runs", at: "runs", liveSeconds: before === undefined ? resting : undefined, main }));
  });
}
