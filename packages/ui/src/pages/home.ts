/** Is anything failed, late or running? What happened last, what comes next. */
import { listRuns, listWorkers, type WorkerRow } from "@iroko/core/engine";
import { Hono } from "hono";
import { readStatuses, type AssetStatus } from "../model/asset-status.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";
import { readSchedules, type ScheduleView } from "../model/schedule-view.ts";
import { badge } from "../parts/badge.ts";
import { html, type Html } from "../parts/html.ts";
import { emptyState, layout, moving, resting } from "../parts/layout.ts";
import { assetLink } from "../parts/links.ts";
import { counted } from "../parts/numbers.ts";
import { runsTable } from "../parts/runs-table.ts";
import { away, time } from "../parts/time.ts";

export function homePage({ db, moment: readNow, catalog: read }: Instance): Hono {
  return new Hono().get("/", async (c) => {
    const moment = await readNow();
    const { now } = moment;
    const catalog = await read();
    const [runs, live, workers, statuses, schedules] = await Promise.all([
      listRuns(db, { limit: 8 }),
      listRuns(db, { limit: 100, statuses: ["queued", "running"], observations: true }),
      listWorkers(db),
      readStatuses(
        db,
        [...catalog.assets.values()].map(({ asset }) => asset),
        moment,
      ),
      readSchedules(db, catalog, { now, ticks: 1 }),
    ]);
    const main = html`<h1>Home</h1>
      ${cards(catalog, statuses, live.length, workers)} ${troubles(catalog, statuses)}
      <h2>Last runs</h2>
      ${
        runs.length === 0
          ? emptyState("Nothing has run yet. Make everything once:", "iroko materialize --select '*' --partition all")
          : runsTable(runs, catalog.timezone, now)
      }
      <h2>Next ticks</h2>
      ${nextTicks(schedules, now)}`;
    return c.html(layout({ title: "Home", at: "home", liveSeconds: live.length > 0 ? moving : resting, main }));
  });
}

function cards(
  catalog: Catalog,
  statuses: ReadonlyMap<string, AssetStatus>,
  running: number,
  workers: readonly WorkerRow[],
): Html {
  const having = (health: AssetStatus["health"]): number =>
    [...statuses.values()].filter((status) => status.health === health).length;
  const alive = workers.filter(({ lockGone }) => !lockGone);
  const slots = alive.reduce((sum, worker) => sum + worker.slots, 0);
  const card = (title: string, value: string | number, tone: string, note: string): Html =>
    html`<div class="card ${tone}">
      <h3>${title}</h3>
      <p class="figure">${value}</p>
      <p class="note">${note}</p>
    </div>`;
  const [failed, missing] = [having("failed"), having("missing")];
  return html`<section class="cards" aria-label="At a glance">
    ${card("Failed", failed, failed > 0 ? "bad" : "good", failed > 0 ? "assets whose last try failed" : "no asset's last try failed")}
    ${card("Missing", missing, missing > 0 ? "warn" : "good", missing > 0 ? "assets with partitions never made" : "every partition that exists is made")}
    ${card("Running", running, running > 0 ? "busy" : "calm", "runs that have not ended")}
    ${card("Assets", catalog.assets.size, "calm", `in ${counted(catalog.locations.length, "code location")}`)}
    ${card("Workers", alive.length, alive.length > 0 ? "calm" : "warn", alive.length > 0 ? counted(slots, "slot") : "nothing runs until one starts: iroko worker")}
  </section>`;
}

function troubles(catalog: Catalog, statuses: ReadonlyMap<string, AssetStatus>): Html {
  if (catalog.assets.size === 0)
    return emptyState("No code location has registered its definitions. Start with:", "iroko init");
  const rows = [...catalog.assets.keys()].flatMap((key) => {
    const status = statuses.get(key)!;
    return status.health === "failed" || status.health === "missing" ? [{ key, status }] : [];
  });
  if (rows.length === 0) return html``;
  const worst = rows.toSorted((a, b) => Number(b.status.health === "failed") - Number(a.status.health === "failed"));
  return html`<h2>To look at</h2>
    <ul class="list">
      ${worst
        .slice(0, 12)
        .map(
          ({ key, status }) =>
            html`<li>${badge(status.health)} ${assetLink(key)} <span class="prose">${status.sentence}</span></li>`,
        )}
      ${worst.length > 12 ? html`<li><a href="/lineage">and ${worst.length - 12} more</a></li>` : ""}
    </ul>`;
}

function nextTicks(schedules: readonly ScheduleView[], now: Temporal.Instant): Html {
  const coming = schedules
    .flatMap(({ schedule, next }) => next.map((tick) => ({ schedule, tick })))
    .toSorted((a, b) => Temporal.Instant.compare(a.tick.at, b.tick.at))
    .slice(0, 8);
  if (coming.length === 0)
    return emptyState("No schedule will ask for anything. Look at them:", "iroko schedules list");
  return html`<ul class="list">
    ${coming.map(
      ({ schedule, tick }) =>
        html`<li>
          ${time(tick.at, schedule.timezone)} <span class="faint">${away(tick.at, now)}</span>
          <a href="/schedules">${schedule.key}</a>
          <span class="prose">${tick.partitions === "" ? tick.reason : tick.partitions}</span>
        </li>`,
    )}
  </ul>`;
}
