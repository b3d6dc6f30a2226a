/** One asset: how it stands and why, its partitions, what makes it, its checks, versions and events. */
import type { AssetDetail, AssetOutlook, AssetStaleness } from "@iroko/core/client";
import type { ComponentType, JSX } from "preact";
import { now } from "../../api/clock.ts";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { useTitle } from "../../app.tsx";
import { bytes, count } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Choices } from "../../parts/choices.tsx";
import { Command } from "../../parts/command.tsx";
import * as commands from "../../parts/commands.ts";
import { assetHref, groupHref, launchHref, lineHref, runsHref } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { LaunchLink } from "../../parts/press.tsx";
import { Ago } from "../../parts/time.tsx";
import { place, setQuery } from "../../router.ts";
import type { PageProps } from "../../routes.ts";
import { Checks } from "./checks.tsx";
import { Events } from "./events.tsx";
import { outlookSentence } from "./outlook.ts";
import { Partitions } from "./partitions.tsx";
import { Schema } from "./schema.tsx";
import { Why } from "./why.tsx";

export interface TabProps {
  readonly asset: AssetDetail;
}

const tabs: Readonly<Record<string, ComponentType<TabProps>>> = {
  partitions: Partitions,
  why: Why,
  schema: Schema,
  checks: Checks,
  events: Events,
};

export default function AssetPage({ in: { key = "" } }: PageProps): JSX.Element {
  useTitle(key);
  const asset = useResource<AssetDetail>(address("/assets/{key}", { key }), { asset: key });
  return (
    <>
      {asset.value === undefined && asset.error !== undefined ? <h1>{key}</h1> : null}
      <Loaded of={asset} rows={10}>
        {(known) => <Told asset={known} />}
      </Loaded>
    </>
  );
}

function Told({ asset }: TabProps): JSX.Element {
  const { key, status, kind } = asset;
  const isPartitioned = asset.partitionsDefinition.kind !== "none";
  const wanted = place.value.query.get("tab") ?? "";
  const tab = Object.hasOwn(tabs, wanted) ? wanted : "partitions";
  const Tab = tabs[tab]!;
  const stale = useResource<AssetStaleness>(address("/assets/{key}/staleness", { key }), { asset: key });
  return (
    <>
      <p class="faint">
        <a href="/lineage">Lineage</a> / <a href={groupHref(asset.group)}>{asset.group}</a>
      </p>
      <h1>{key}</h1>
      <p class="sentence">
        <Badge state={status.health} /> <Outlook asset={asset} />
      </p>
      <p>
        {status.sentence}{" "}
        <button type="button" class="quiet" onClick={() => setQuery({ tab: "why" })}>
          Why?
        </button>
      </p>
      {stale.value?.stale == null ? null : (
        <p class="sentence">
          <Badge state="stale" /> {stale.value.stale === "" ? "What it was made from has changed." : stale.value.stale}{" "}
          <span class="faint">{stale.value.causes.map(({ reason }) => reason).join("; ")}</span>
        </p>
      )}
      {asset.description === null ? null : <p class="prose">{asset.description}</p>}
      <dl class="facts">
        <div>
          <dt>Holds</dt>
          <dd>
            {count(status.rows)} rows, {bytes(status.bytes)}
          </dd>
        </div>
        <div>
          <dt>Last made</dt>
          <dd>
            <Ago at={status.lastMadeAt} />
          </dd>
        </div>
        <Neighbours name="Made from" keys={asset.upstream} />
        <Neighbours name="Read by" keys={asset.downstream} />
        {asset.owners.length === 0 ? null : (
          <div>
            <dt>Owners</dt>
            <dd>{asset.owners.join(", ")}</dd>
          </div>
        )}
        <div>
          <dt>Location</dt>
          <dd>{asset.location}</dd>
        </div>
      </dl>
      {kind === "external" ? (
        <p class="row">
          Something else makes it. <Command text={commands.observe(key)} />
        </p>
      ) : (
        <p class="row">
          {status.partitions.failed === null ? null : (
            <LaunchLink tone="primary" href={launchHref(key, isPartitioned ? "failed" : undefined)}>
              Make what failed
            </LaunchLink>
          )}
          {status.partitions.missing === null ? null : (
            <LaunchLink href={launchHref(key, isPartitioned ? "missing" : undefined)}>Make what is missing</LaunchLink>
          )}
          {stale.value?.stale == null ? null : (
            <LaunchLink href={launchHref(key, isPartitioned ? "stale" : undefined)}>Make what is stale</LaunchLink>
          )}
          <LaunchLink href={launchHref(key, undefined)}>Choose what to make</LaunchLink>
          <a href={runsHref({ asset: key })}>Its runs</a> <a href={lineHref(key)}>See it in the lineage</a>
        </p>
      )}
      <div class="parts">
        <Choices
          name="tab"
          label="About the asset"
          values={Object.keys(tabs)}
          chosen={tab}
          resets={["after", "within", "cell"]}
        />
      </div>
      <Tab asset={asset} />
    </>
  );
}

function Outlook({ asset: { key, kind, status, partitionsDefinition } }: TabProps): JSX.Element {
  const outlook = useResource<AssetOutlook>(address("/assets/{key}/outlook", { key }), { asset: key });
  const of = { partitions: partitionsDefinition, isExternal: kind === "external", lastMadeAt: status.lastMadeAt };
  return (
    <span class="outlook">{outlook.value === undefined ? "…" : outlookSentence(outlook.value, of, now.value)}</span>
  );
}

function Neighbours({ name, keys }: { readonly name: string; readonly keys: readonly string[] }): JSX.Element | null {
  if (keys.length === 0) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {keys.slice(0, 8).map((key, at) => (
          <>
            {at === 0 ? "" : ", "}
            <a href={assetHref(key)}>{key}</a>
          </>
        ))}
        {keys.length > 8 ? ` and ${keys.length - 8} more` : ""}
      </dd>
    </div>
  );
}
