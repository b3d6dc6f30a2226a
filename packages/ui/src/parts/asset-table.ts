import type { AssetStatus } from "../model/asset-status.ts";
import type { CatalogAsset } from "../model/catalog.ts";
import { timezoneOf } from "../model/catalog.ts";
import { badge } from "./badge.ts";
import { html, type Html } from "./html.ts";
import { assetLink } from "./links.ts";
import { byteText, count } from "./numbers.ts";
import { time } from "./time.ts";

export function assetTable(
  assets: readonly CatalogAsset[],
  statuses: ReadonlyMap<string, AssetStatus>,
  fallbackZone: string,
): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Asset</th>
          <th scope="col">Status</th>
          <th scope="col">How it stands</th>
          <th scope="col">Made from</th>
          <th scope="col">Read by</th>
          <th scope="col" class="number">Rows</th>
          <th scope="col" class="number">Bytes</th>
          <th scope="col">Last made</th>
        </tr>
      </thead>
      <tbody>
        ${assets.map(({ asset, location: { graph } }) => {
          const status = statuses.get(asset.key)!;
          return html`<tr>
            <td>${assetLink(asset.key)}<br /><small>${[asset.group, ...asset.kinds].join(" · ")}</small></td>
            <td>${badge(status.health)}</td>
            <td class="prose">${status.sentence}</td>
            <td>${keys(graph.upstream.get(asset.key))}</td>
            <td>${keys(graph.downstream.get(asset.key))}</td>
            <td class="number">${count(status.rows)}</td>
            <td class="number">${byteText(status.bytes)}</td>
            <td>${time(status.lastMadeAt, timezoneOf(asset, fallbackZone))}</td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

function keys(list: readonly string[] = []): Html {
  return list.length === 0
    ? html`<span class="faint">–</span>`
    : html`${list.map((key, index) => html`${index > 0 ? html`<br />` : ""}${assetLink(key)}`)}`;
}
