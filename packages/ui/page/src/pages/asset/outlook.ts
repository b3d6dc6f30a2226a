/** An asset in a sentence: how far it is fresh, what lacks, when it is made next. Times are those of its own zone. */
import type { AssetDetail, AssetOutlook } from "@iroko/core/client";
import { agoText, count } from "../../parts/amounts.ts";

export interface OutlookOf {
  readonly partitions: AssetDetail["partitionsDefinition"];
  readonly isExternal: boolean;
  /** null: never. */
  readonly lastMadeAt: string | null;
}

export function outlookSentence(outlook: AssetOutlook, of: OutlookOf, nowMs: number): string {
  const parts = [standing(outlook, of, nowMs), ...lagging(outlook, nowMs), ...lacking(outlook, of)];
  return `${[...parts, ...coming(outlook, of, nowMs)].join("; ")}.`;
}

function standing(outlook: AssetOutlook, { partitions: of, isExternal, lastMadeAt }: OutlookOf, nowMs: number): string {
  const { freshTo, fresh, partitions, stale } = outlook;
  const age = lastMadeAt === null ? "" : agoText(lastMadeAt, nowMs);
  if (isExternal)
    return lastMadeAt === null ? "Made elsewhere, never observed" : `Made elsewhere, last observed ${age}`;
  if (of.kind === "none")
    return lastMadeAt === null ? "Never made" : `${stale > 0 ? "Stale" : "Fresh"}, last made ${age}`;
  if (partitions === 0) return "No partition exists yet";
  if (lastMadeAt === null) return "Never made";
  if (freshTo !== null) return `Fresh to ${dayOf(freshTo, nowMs)}`;
  if (fresh === 0) return "Nothing of it is fresh";
  if (fresh === partitions)
    return partitions === 1 ? "Its one partition is fresh" : `All ${count(partitions)} partitions fresh`;
  return `${count(fresh)} of ${count(partitions)} partitions fresh`;
}

/** `Kano to 18 Nov, Jos not at all`; of more than are named how many they are, and the one that is furthest behind. */
function lagging({ lagging: keys, freshTo, fresh }: AssetOutlook, nowMs: number): readonly string[] {
  if (keys === null || keys.dimensions.length === 0 || fresh === 0) return [];
  const { count: number, of, dimensions, furthest } = keys;
  const named = furthest.map(
    ({ key, freshTo: to }) => `${key} ${to === null ? "not at all" : `to ${dayOf(to, nowMs)}`}`,
  );
  if (number <= furthest.length) return [named.join(", ")];
  const noun = `${count(number)} of ${count(of)} keys of ${dimensions.join(" and ")}`;
  return [freshTo === null ? `nothing fresh of ${noun}` : `${noun} lag, among them ${named[0]!}`];
}

function lacking(outlook: AssetOutlook, { partitions: of, isExternal }: OutlookOf): readonly string[] {
  const { partitions, missing, failed, stale, fresh } = outlook;
  if (of.kind === "none") return failed > 0 ? ["the last try failed"] : [];
  if (isExternal || partitions === 0) return [];
  // Said before it where it is fresh to no day.
  const isCounted = outlook.freshTo === null && fresh > 0;
  const all = partitions === 1 ? "its one partition made" : `all ${count(partitions)} partitions made`;
  const absent = `${count(missing)}${isCounted ? "" : ` of ${count(partitions)} partitions`} missing`;
  return [
    ...(missing > 0 ? [absent] : isCounted && fresh === partitions ? [] : [all]),
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
