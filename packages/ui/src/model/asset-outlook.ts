/** What an asset's sentence is made of: how far it is fresh, how much lacks, when it is made next. */
import {
  countIn,
  existing,
  intersect,
  possibleAssets,
  subtract,
  type PartitionsDefinition,
  type PartitionSet,
} from "@iroko/core";
import type { AssetOutlook } from "@iroko/core/client";
import { statusSets } from "@iroko/core/engine";
import type { Sendable } from "../http/answer.ts";
import type { Catalog, CatalogAsset, CatalogLocation } from "./catalog.ts";
import { freshnessOf } from "./freshness.ts";
import type { Instance } from "./instance.ts";
import { readScheduleViews } from "./schedule-view.ts";

export async function assetOutlook(
  { db, moment, now, standings, storeUri }: Instance,
  catalog: Catalog,
  { asset, location }: CatalogAsset,
): Promise<Sendable<AssetOutlook>> {
  const { key, partitions, kind } = asset;
  const at = await moment(catalog);
  const schedules = schedulesOf(location, key);
  const [statuses, causes, views] = await Promise.all([
    standings.statuses([key]),
    standings.causes(location.snapshot, [key], at),
    readScheduleViews(
      db,
      schedules.map((schedule) => ({ location, schedule })),
      { now: now(), ticks: 1 },
    ),
  ]);
  const { stale } = causes.get(key)!;
  const { materialized, failed } = statusSets(partitions, statuses.get(key));
  const exists = existing(partitions, at);
  const made = intersect(materialized, exists);
  const fresh = subtract(made, stale);
  const count = (set: PartitionSet): number => countIn(partitions, intersect(set, exists));
  const ticks = views.flatMap(({ schedule: { key: schedule, timezone }, next: [tick] }) =>
    tick === undefined ? [] : [{ at: tick.at, schedule, timezone }],
  );
  return {
    partitions: count(exists),
    missing: kind === "external" ? 0 : count(subtract(exists, made)),
    failed: count(failed),
    stale: count(stale),
    fresh: count(fresh),
    ...freshnessOf(partitions, fresh, exists),
    next: ticks.toSorted((a, b) => Temporal.Instant.compare(a.at, b.at))[0] ?? null,
    schedules: schedules.length,
    timezone: timezoneOf(partitions) ?? catalog.timezone,
    store: storeUri ?? null,
  };
}

function timezoneOf(partitions: PartitionsDefinition): string | undefined {
  if (partitions.kind === "time") return partitions.timezone;
  if (partitions.kind !== "multi") return undefined;
  return partitions.dimensions.map((dimension) => timezoneOf(dimension.partitions)).find((zone) => zone !== undefined);
}

/** Of a location, which assets a job may make: a snapshot never changes, so each is found out once. */
const madeBy = new WeakMap<CatalogLocation, Map<string, ReadonlySet<string>>>();

function schedulesOf(location: CatalogLocation, key: string): CatalogLocation["snapshot"]["schedules"] {
  const known = madeBy.get(location) ?? new Map<string, ReadonlySet<string>>();
  madeBy.set(location, known);
  return location.snapshot.schedules.filter(({ job }) => {
    const assets = known.get(job) ?? new Set(possibleAssets(location.graph, selectionOf(location, job)));
    known.set(job, assets);
    return assets.has(key);
  });
}

/** define() refuses a schedule without its job. */
const selectionOf = ({ snapshot }: CatalogLocation, job: string): string =>
  snapshot.jobs.find(({ key }) => key === job)!.select;
