/** An asset in a sentence: how far it is fresh, what lacks, when it is made next. Times are those of its own zone. */
import type { AssetOutlook } from "@iroko/core/client";
import { count } from "../../parts/amounts.ts";

export interface OutlookOf {
  readonly isPartitioned: boolean;
  readonly isExternal: boolean;
  readonly isMade: boolean;
}

export function outlookSentence(outlook: AssetOutlook, of: OutlookOf, nowMs: number): string {
  return `${[standing(outlook, of, nowMs), ...lacking(outlook, of), ...coming(outlook, of, nowMs)].join("; ")}.`;
}

function standing({ freshTo, partitions, stale }: AssetOutlook, of: OutlookOf, nowMs: number): string {
  if (of.isExternal) return of.isMade ? "Made elsewhere, and observed" : "Made elsewhere, never observed";
  if (!of.isPartitioned) return of.isMade ? (stale > 0 ? "Stale" : "Fresh") : "Never made";
  if (partitions === 0) return "No partition exists yet";
  if (freshTo !== null) return `Fresh to ${dayOf(freshTo, nowMs)}`;
  return of.isMade ? "Made in part" : "Never made";
}

function lacking({ partitions, missing, failed, stale }: AssetOutlook, of: OutlookOf): readonly string[] {
  if (!of.isPartitioned) return failed > 0 ? ["the last try failed"] : [];
  if (of.isExternal || partitions === 0) return [];
  const all = partitions === 1 ? "its one partition" : `all ${count(partitions)} partitions`;
  return [
    missing > 0 ? `${count(missing)} of ${count(partitions)} partitions missing` : `${all} made`,
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
    ...(stale > 0 ? [`${count(stale)} stale`] : []),
  ];
}

function coming({ next, schedules }: AssetOutlook, { isExternal }: OutlookOf, nowMs: number): readonly string[] {
  if (isExternal) return [];
  if (next !== null) return [`next run ${whenText(next.at, next.timezone, nowMs)}`];
  return [schedules === 0 ? "no schedule asks for it" : "its schedules are off or paused"];
}

/** `20 Nov` of a day's key, with the year where it is another; any other key as it is. */
function dayOf(key: string, nowMs: number): string {
  if (!/^\d{4}-\d\d-\d\d$/.test(key)) return key;
  const isThisYear = key.startsWith(`${new Date(nowMs).getUTCFullYear()}-`);
  return new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    timeZone: "UTC",
    ...(isThisYear ? {} : { year: "numeric" }),
  }).format(new Date(`${key}T00:00:00Z`));
}

/** `tonight 02:00 WAT`, `tomorrow 14:00 CET`, `Mon 02:00 EAT`, `3 Dec 02:00 GMT-5` */
export function whenText(at: string, zone: string, nowMs: number): string {
  const [day, time] = localParts(Date.parse(at), zone);
  const [today, clock] = localParts(nowMs, zone);
  const days = Math.round((Date.parse(day) - Date.parse(today)) / 86_400_000);
  const zoneName = shortZone(Date.parse(at), zone);
  return `${dayWord(days, day, time, clock)} ${time} ${zoneName}`;
}

function dayWord(days: number, day: string, time: string, clock: string): string {
  if (days === 0) return time >= "18:00" || (time < "05:00" && clock < "05:00") ? "tonight" : "today";
  if (days === 1) return time < "05:00" ? "tonight" : "tomorrow";
  const format = days < 7 ? ({ weekday: "short" } as const) : ({ day: "numeric", month: "short" } as const);
  return new Intl.DateTimeFormat("en-GB", { ...format, timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}

function localParts(ms: number, timeZone: string): readonly [day: string, time: string] {
  const format = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" } as const;
  const [day = "", time = ""] = new Intl.DateTimeFormat("sv-SE", { ...format, timeZone })
    .format(new Date(ms))
    .split(" ");
  return [day, time];
}

/** English has a name for a zone only where it is spoken: Lagos has one in Nigeria's, Berlin in Britain's. */
function shortZone(ms: number, timeZone: string): string {
  const names = ["en-NG", "en-GB", "en-US", "en-AU", "en-IN"].map(
    (locale) =>
      new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: "short" })
        .formatToParts(new Date(ms))
        .find(({ type }) => type === "timeZoneName")?.value ?? timeZone,
  );
  return names.find((name) => !/^(GMT|UTC)[+-]/.test(name)) ?? names[0]!;
}
