/** Where things are on this page. */
import { selectionOf } from "./selection.ts";

export const assetHref = (key: string): string => `/assets/${encodeURIComponent(key)}`;
export const runHref = (id: string): string => `/runs/${id}`;
/** Those that make an asset, or that a schedule has asked for. */
export const runsHref = (of: { readonly asset: string } | { readonly by: string }): string =>
  `/runs?${new URLSearchParams(of).toString()}`;
export const scheduleHref = (key: string): string => `/schedules#${encodeURIComponent(key)}`;
export const stepHref = (run: string, step: number): string => `/runs/${run}?step=${step}`;
export const lineageHref = (select: string): string => `/lineage?select=${encodeURIComponent(select)}`;
export const groupHref = (group: string): string => lineageHref(`group:${selectionOf(group)}`);
/** What an asset is made from, and what is made from it. */
export const lineHref = (asset: string): string => lineageHref(`+${selectionOf(asset)}+`);

/** The letters of a run's id that tell it from others of the day. */
export const shortId = (id: string): string => id.slice(-8);
/** The launchpad, with what is to be made filled in. */
export const launchpadHref = (asked: Readonly<Record<string, string>>): string =>
  `/launchpad?${new URLSearchParams(asked).toString()}`;
export const launchHref = (asset: string, partitions: string | undefined): string =>
  launchpadHref({ select: selectionOf(asset), ...(partitions === undefined ? {} : { partitions }) });
