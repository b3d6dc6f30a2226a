import { IrokoError, type Moment } from "@iroko/core";
import type { Database } from "@iroko/core/engine";
import { Hono } from "hono";
import { failureOf, type Failure } from "../http/failure.ts";
import { readQuery } from "../http/input.ts";
import { readStatuses } from "../model/asset-status.ts";
import type { Catalog, CatalogAsset } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";
import { selectedAssets, selectionQuery, type SelectionQuery } from "../model/selected-assets.ts";
import { assetTable } from "../parts/asset-table.ts";
import { errorBox } from "../parts/error-box.ts";
import { graph } from "../parts/graph.ts";
import { html, type Html } from "../parts/html.ts";
import { emptyState, layout, resting } from "../parts/layout.ts";

/** A larger graph is a wall: then the table alone, and each asset's page with its neighbours. */
const mostDrawn = 150;

/** GET /lineage?select=TEXT */
export function lineagePage({ db, moment: readNow, catalog: read }: Instance): Hono {
  return new Hono().get("/lineage", async (c) => {
    const [catalog, moment] = await Promise.all([read(), readNow()]);
    const query = readQuery(c, selectionQuery);
    const { assets, failure } = await choose(db, catalog, query, moment);
    const statuses = await readStatuses(
      db,
      assets.map(({ asset }) => asset),
      moment,
    );
    const shown = new Set(assets.map(({ asset }) => asset.key));
    const nodes = assets.map(({ asset: { key, group }, location }) => ({
      key,
      group,
      health: statuses.get(key)!.health,
      upstream: (location.graph.upstream.get(key) ?? []).filter((above) => shown.has(above)),
    }));
    const drawn =
      nodes.length <= mostDrawn
        ? graph(nodes)
        : html`<p class="empty">${nodes.length} assets are too many to draw: select some of them.</p>`;
    const main = html`<h1>Lineage</h1>
      ${catalog.assets.size === 0 ? "" : filter(catalog, query)}
      ${
        catalog.assets.size === 0
          ? emptyState("There are no assets yet. Register your definitions:", "iroko deploy")
          : failure === undefined
            ? html`${drawn} ${assetTable(assets, statuses, catalog.timezone)}`
            : errorBox(failure.error)
      }`;
    c.status(failure?.status ?? 200);
    return c.html(layout({ title: "Lineage", at: "lineage", liveSeconds: resting, main }));
  });
}

interface Choice {
  readonly assets: readonly CatalogAsset[];
  readonly failure?: Failure;
}

/** What is wrong with a selection is told below it, where it can be mended. */
async function choose(db: Database, catalog: Catalog, query: SelectionQuery, now: Moment): Promise<Choice> {
  const select = query.select?.trim() === "" ? undefined : query.select;
  try {
    return { assets: await selectedAssets(db, catalog, { ...query, select }, now) };
  } catch (error) {
    if (error instanceof IrokoError) return { assets: [], failure: failureOf(error) };
    throw error;
  }
}

function filter({ locations }: Catalog, { select = "", location }: SelectionQuery): Html {
  return html`<form class="filter" method="get" action="/lineage">
    <label>
      Select <input name="select" value="${select}" size="40" placeholder="+daily_revenue, group:marts, status:stale" />
    </label>
    ${
      locations.length < 2
        ? ""
        : html`<label>
            of
            <select name="location">
              ${locations.map(({ name }) => html`<option ${name === location ? "selected" : ""}>${name}</option>`)}
            </select>
          </label>`
    }
    <button>Show</button>
  </form>`;
}
