import { Hono } from "hono";
import { readStatuses } from "../model/asset-status.ts";
import type { Instance } from "../model/instance.ts";
import { assetTable } from "../parts/asset-table.ts";
import { graph } from "../parts/graph.ts";
import { html } from "../parts/html.ts";
import { emptyState, layout, resting } from "../parts/layout.ts";

/** A larger graph is a wall: then the table alone, and each asset's page with its neighbours. */
const mostDrawn = 150;

export function lineagePage({ db, moment, catalog: read }: Instance): Hono {
  return new Hono().get("/lineage", async (c) => {
    const catalog = await read();
    const assets = [...catalog.assets.values()];
    const statuses = await readStatuses(
      db,
      assets.map(({ asset }) => asset),
      await moment(),
    );
    const nodes = assets.map(({ asset: { key, group }, location }) => ({
      key,
      group,
      health: statuses.get(key)!.health,
      upstream: location.graph.upstream.get(key) ?? [],
    }));
    const main = html`<h1>Lineage</h1>
      ${
        assets.length === 0
          ? emptyState("There are no assets yet. Register your definitions:", "iroko deploy")
          : html`${
              nodes.length <= mostDrawn
                ? graph(nodes)
                : html`<p class="empty">
                    ${nodes.length} assets are too many to draw: each asset's page draws its neighbours.
                  </p>`
            }
            ${assetTable(assets, statuses, catalog.timezone)}`
      }`;
    return c.html(layout({ title: "Lineage", at: "lineage", liveSeconds: resting, main }));
  });
}
