/** Why an asset's partitions are as they are, as `iroko explain` tells it: those that stand alike together, each cause below. */
import type { ExplainedGroup, ExplainedStatus, Reason } from "@iroko/core";
import { askMappings, explainAsset, readMoment } from "@iroko/core/engine";
import { Hono } from "hono";
import { z } from "zod";
import { readQuery } from "../http/input.ts";
import { findAsset } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";
import { badge } from "../parts/badge.ts";
import { html, type Html } from "../parts/html.ts";
import { layout, resting } from "../parts/layout.ts";
import { assetLink, runLink } from "../parts/links.ts";

const query = z.object({ partitions: z.string().min(1).max(20_000).optional() });

export function explainPage({ db, now, catalog: read }: Instance): Hono {
  return new Hono().get("/assets/:key/explain", async (c) => {
    const { partitions } = readQuery(c, query);
    const { asset, location } = findAsset(await read(), c.req.param("key"));
    const target = partitions === undefined ? asset.key : `${asset.key}@${partitions}`;
    const moment = await readMoment(db, location.snapshot, now());
    const { groups, schedules } = await askMappings({ db, location: location.name }, () =>
      explainAsset(db, location, target, moment),
    );
    const main = html`<p class="crumbs"><a href="/lineage">Lineage</a> / ${assetLink(asset.key)}</p>
      <h1>Why ${target} is as it is</h1>
      ${groups.map(groupSection)}
      ${
        schedules.length === 0
          ? ""
          : html`<h2>Who asks for it</h2>
              ${reasonList(schedules)}`
      }`;
    return c.html(layout({ title: `Why ${target}`, at: "lineage", liveSeconds: resting, main }));
  });
}

const badges: Readonly<Record<ExplainedStatus, Parameters<typeof badge>[0]>> = {
  running: "running",
  waiting: "queued",
  failed: "failed",
  missing: "missing",
  stale: "missing",
  behind: "missing",
  fresh: "made",
  observed: "made",
  "not yet": "unknown",
};

function groupSection({ status, partitions, example, because }: ExplainedGroup): Html {
  return html`<h2>${badge(badges[status], status)} ${partitions}</h2>
    ${example === undefined ? "" : html`<p class="faint">Told of the last of them, <code>${example}</code>:</p>`}
    ${reasonList(because)}`;
}

function reasonList(reasons: readonly Reason[]): Html | "" {
  if (reasons.length === 0) return "";
  return html`<ul class="causes">
    ${reasons.map(
      ({ message, run, command, error, because = [] }) =>
        html`<li>
          ${message}${run === undefined ? "" : html` ${runLink(run)}`}${error?.hint === undefined ? "" : html`<br />${error.hint}`}${command === undefined ? "" : html`<br /><code>${command}</code>`}
          ${reasonList(because)}
        </li>`,
    )}
  </ul>`;
}
