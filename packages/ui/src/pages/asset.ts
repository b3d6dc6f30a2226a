/** One asset: how it stands, its partitions, its neighbours, checks, metadata and schema. */
import {
  formatPartitions,
  isEmptySet,
  type Column,
  type PartitionsDefinition,
  type PartitionSet,
  type SnapshotAsset,
} from "@iroko/core";
import { listCheckResults, listPartitions } from "@iroko/core/engine";
import { Hono } from "hono";
import { z } from "zod";
import { readQuery } from "../http/input.ts";
import { readStatuses, type AssetStatus } from "../model/asset-status.ts";
import { findAsset, timezoneOf, type CatalogLocation } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";
import { partitionKey } from "../model/run-view.ts";
import { readStale, type StaleView } from "../model/stale-view.ts";
import { badge } from "../parts/badge.ts";
import { graph } from "../parts/graph.ts";
import { html, type Html } from "../parts/html.ts";
import { emptyState, layout, resting } from "../parts/layout.ts";
import { assetHref, runLink } from "../parts/links.ts";
import { metadataList } from "../parts/metadata.ts";
import { byteText, count } from "../parts/numbers.ts";
import { partitionBar } from "../parts/partition-bar.ts";
import { time } from "../parts/time.ts";

const rowsOnPage = 100;
const query = z.object({ after: z.string().max(500).optional() });

type CheckResults = Awaited<ReturnType<typeof listCheckResults>>;
type Partitions = Awaited<ReturnType<typeof listPartitions>>;

export function assetPage({ db, moment, catalog: read }: Instance): Hono {
  return new Hono().get("/assets/:key", async (c) => {
    const { after } = readQuery(c, query);
    const catalog = await read();
    const { asset, location } = findAsset(catalog, c.req.param("key"));
    const near = neighbours(location, asset.key);
    const at = await moment();
    const [statuses, partitions, checks] = await Promise.all([
      readStatuses(db, near, at),
      listPartitions(db, asset.key, { limit: rowsOnPage + 1, ...(after === undefined ? {} : { after }) }),
      listCheckResults(db, asset.key),
    ]);
    const status = statuses.get(asset.key)!;
    const stale = await readStale(db, location, asset, at);
    const timezone = timezoneOf(asset, catalog.timezone);
    const nodes = near.map(({ key, group }) => ({
      key,
      group,
      health: statuses.get(key)!.health,
      upstream: location.graph.upstream.get(key) ?? [],
    }));
    const latest = after === undefined ? partitions.find(({ metadata }) => metadata !== null) : undefined;
    const main = html`<p class="crumbs"><a href="/lineage">Lineage</a> / ${asset.group}</p>
      <h1>${asset.key}</h1>
      <p class="sentence">
        ${badge(status.health)} ${status.sentence} <a href="${assetHref(asset.key)}/explain">Why?</a>
      </p>
      ${asset.description === undefined ? "" : html`<p class="prose">${asset.description}</p>`} ${partitionBar(status)}
      ${rangesOf(asset, status)} ${staleSection(asset, stale)}
      ${makeForm(asset, location, wantedOf(asset, status, stale))} ${graph(nodes, asset.key)}
      <h2>${asset.partitions.kind === "none" ? "Versions" : "Partitions"}</h2>
      ${partitionsTable(asset, (location.graph.upstream.get(asset.key) ?? []).length > 0, partitions, timezone)}
      ${
        latest === undefined
          ? ""
          : html`<h2>Metadata of ${partitionKey(asset.partitions, latest.partition) || "the current version"}</h2>
              ${metadataList(latest.metadata, timezone)}`
      }
      ${checksSection(asset, location, checks, timezone)} ${schemaSection(asset)}`;
    return c.html(layout({ title: asset.key, at: "lineage", liveSeconds: resting, main }));
  });
}

/** The asset and what is next to it, in the graph's order. */
function neighbours({ graph }: CatalogLocation, key: string): readonly SnapshotAsset[] {
  const near = new Set([key, ...(graph.upstream.get(key) ?? []), ...(graph.downstream.get(key) ?? [])]);
  return [...graph.assets.values()].filter((asset) => near.has(asset.key));
}

function rangesOf({ partitions }: SnapshotAsset, { made, missing, failed, running }: AssetStatus): Html | "" {
  if (partitions.kind === "none") return "";
  const line = (name: string, set: PartitionSet): Html | "" =>
    isEmptySet(set)
      ? ""
      : html`<div>
          <dt>${name}</dt>
          <dd>${formatPartitions(partitions, set)}</dd>
        </div>`;
  return html`<dl class="facts ranges">
    ${line("Made", made)}${line("Missing", missing)}${line("Failed", failed)}${line("Being made", running)}
  </dl>`;
}

function staleSection({ partitions }: SnapshotAsset, view: StaleView): Html | "" {
  if (isEmptySet(view.stale)) return "";
  const ranges = formatPartitions(partitions, view.stale);
  return html`<p class="sentence">
      ${badge("missing", "stale")} ${ranges === "" ? "What it was made from has changed." : ranges}
    </p>
    <ul class="causes">
      ${view.causes.map(
        ({ partitions: of, reason }) => html`<li>${of === "" ? "" : html`<code>${of}</code> `}${reason}</li>`,
      )}
    </ul>`;
}

/** What somebody on this page most likely wants made. */
function wantedOf({ partitions }: SnapshotAsset, { failed, missing }: AssetStatus, stale: StaleView): string {
  if (!isEmptySet(failed)) return "failed";
  if (!isEmptySet(stale.stale)) return "stale";
  return isEmptySet(missing) ? latestOf(partitions) : "missing";
}

/** The newest, as text: of several dimensions the last window with every key of the others. */
function latestOf(partitions: PartitionsDefinition): string {
  if (partitions.kind !== "multi") return "last:1";
  const inTime = partitions.dimensions.filter((dimension) => dimension.partitions.kind === "time");
  return inTime.length === 0 ? "all" : inTime.map(({ name }) => `${name}=last:1`).join(",");
}

function makeForm(asset: SnapshotAsset, { name, graph }: CatalogLocation, wanted: string): Html | "" {
  if (asset.kind === "external") return "";
  const isPartitioned = asset.partitions.kind !== "none";
  const hasUpstream = (graph.upstream.get(asset.key) ?? []).length > 0;
  // What was never made most likely lacks what it is made from, too.
  const withUpstream = hasUpstream && wanted === "missing";
  return html`<form class="make" data-make="/api/v1/runs">
    <input type="hidden" name="select" value='key:"${asset.key}"' />
    <input type="hidden" name="location" value="${name}" />
    ${
      isPartitioned
        ? html`<label
            >Partitions <input name="partitions" value="${wanted}" required autocomplete="off" spellcheck="false"
          /></label>`
        : html`<input type="hidden" name="force" value="true" />`
    }
    ${
      hasUpstream
        ? html`<label
            ><input type="checkbox" name="upstream" ${withUpstream ? html`checked` : ""} /> and what it is made
            from</label
          >`
        : ""
    }
    <button type="submit">Make</button>
    <span class="faint">or: <code>${commandOf(asset, withUpstream, wanted)}</code></span>
    <output role="status"></output>
  </form>`;
}

function commandOf({ key, partitions }: SnapshotAsset, withUpstream: boolean, text: string): string {
  const select = withUpstream ? `'+${key}'` : key;
  return `iroko materialize --select ${select}${partitions.kind === "none" ? "" : ` --partition ${text}`}`;
}

function partitionsTable(asset: SnapshotAsset, hasUpstream: boolean, rows: Partitions, timezone: string): Html {
  if (rows.length === 0)
    return emptyState("None is made yet:", commandOf(asset, hasUpstream, latestOf(asset.partitions)));
  const shown = rows.slice(0, rowsOnPage);
  const last = shown.at(-1)!.partition;
  return html`<div class="scroll">
      <table>
        <thead>
          <tr>
            ${asset.partitions.kind === "none" ? "" : html`<th scope="col">Partition</th>`}
            <th scope="col">Last outcome</th>
            <th scope="col" class="number">Version</th>
            <th scope="col" class="number">Rows</th>
            <th scope="col" class="number">Bytes</th>
            <th scope="col">Made</th>
            <th scope="col">By run</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (row) =>
              html`<tr>
                ${
                  asset.partitions.kind === "none"
                    ? ""
                    : html`<td><code>${partitionKey(asset.partitions, row.partition)}</code></td>`
                }
                <td>${outcome(row)}</td>
                <td class="number">${row.version ?? "–"}</td>
                <td class="number">${count(row.rows)}</td>
                <td class="number">${byteText(row.bytes)}</td>
                <td>${time(row.madeAt, timezone)}</td>
                <td>${row.lastRun === null ? "" : runLink(row.lastRun)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${rows.length > rowsOnPage ? html`<p><a href="?after=${encodeURIComponent(last)}">Older partitions →</a></p>` : ""}`;
}

function outcome({ lastStatus, lastError }: Partitions[number]): Html {
  if (lastStatus === "failed") return html`${badge("failed")} <span class="prose">${lastError?.code ?? ""}</span>`;
  if (lastStatus === "canceled") return badge("canceled");
  return badge("made", lastStatus === "observed" ? "observed" : "made");
}

function checksSection(
  asset: SnapshotAsset,
  { graph }: CatalogLocation,
  results: CheckResults,
  timezone: string,
): Html {
  const checks = [...asset.checks, ...(graph.checks.get(asset.key) ?? [])];
  if (checks.length === 0) return html``;
  return html`<h2>Checks</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Check</th>
            <th scope="col">Result</th>
            <th scope="col">What was found</th>
            <th scope="col">At</th>
          </tr>
        </thead>
        <tbody>
          ${checks.map((check) => {
            const of = results.filter(({ name }) => name === check.name);
            const broken = of.filter(({ passed }) => !passed);
            const worst = broken[0] ?? of[0];
            return html`<tr>
              <td>${check.name}<br /><small>${check.severity}${check.blocking ? ", blocks" : ""}</small></td>
              <td>${worst === undefined ? badge("unknown", "not run") : checkBadge(worst)}</td>
              <td class="prose">
                ${
                  worst === undefined
                    ? ""
                    : broken.length > 0
                      ? html`${broken.map(
                          ({ partition, message }) =>
                            html`<div><code>${partitionKey(asset.partitions, partition)}</code> ${message ?? ""}</div>`,
                        )}`
                      : (worst.message ?? `passed on ${count(of.length)}`)
                }
              </td>
              <td>${time(worst?.at, timezone)}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>`;
}

function checkBadge({ passed, severity }: CheckResults[number]): Html {
  if (passed) return badge("passed");
  return severity === "error" ? badge("failed") : badge("warned", "warning");
}

function schemaSection({ schema, storage }: SnapshotAsset): Html {
  if (schema === undefined) return html``;
  return html`<h2>Schema</h2>
    ${storage === undefined ? "" : html`<p class="faint">${storage.kind} at <code>${storage.path}</code></p>`}
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Type</th>
            <th scope="col">Null</th>
            <th scope="col">Holds</th>
          </tr>
        </thead>
        <tbody>
          ${schema.columns.map(
            (column) =>
              html`<tr>
                <td><code>${column.name}</code></td>
                <td>${typeText(column)}</td>
                <td>${column.nullable ? "yes" : ""}</td>
                <td class="prose">${column.sensitive ? html`<strong>sensitive</strong> ` : ""}${limits(column)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function typeText({ type }: Column): string {
  switch (type.kind) {
    case "decimal":
      return `decimal(${type.precision}, ${type.scale})`;
    case "integer":
    case "float":
      return `${type.kind} ${type.bits}`;
    default:
      return type.kind;
  }
}

/** What z.int() allows says nothing of the column. */
const widest = String(Number.MAX_SAFE_INTEGER);

function limits({ description, enum: values, minimum, maximum, pattern }: Column): string {
  return [
    description,
    values && `one of ${values.join(", ")}`,
    minimum && minimum.value !== `-${widest}` && `${minimum.inclusive ? "≥" : ">"} ${minimum.value}`,
    maximum && maximum.value !== widest && `${maximum.inclusive ? "≤" : "<"} ${maximum.value}`,
    pattern && `/${pattern}/`,
  ]
    .filter(Boolean)
    .join("; ");
}
