/**
 * When a cron fires on a clock that is never changed. Times are seconds since 1970-01-01T00:00 on that clock; ticks.ts
 * lays real zones over it.
 */
import { civilDateOf, dayNumberOf, weekdayOf } from "./civil-date.ts";
import { matchesDay, type Cron, type DayRule } from "./cron.ts";

const day = 86_400;

/** The first match at or after a time; undefined if 400 years have none. */
export function wallTickAtOrAfter(cron: Cron, time: number): number | undefined {
  const today = Math.floor(time / day);
  const minute = Math.ceil((time - today * day) / 60);
  const { minutesOfDay, days } = cron;
  if (minute <= minutesOfDay.at(-1)! && dayMatches(days, today)) {
    return today * day + minutesOfDay[firstAtLeast(minutesOfDay, minute)]! * 60;
  }
  const next = nextDay(days, today + 1, 1);
  return next === undefined ? undefined : next * day + minutesOfDay[0]! * 60;
}

/** The last match at or before a time; undefined if 400 years have none. */
export function wallTickAtOrBefore(cron: Cron, time: number): number | undefined {
  const today = Math.floor(time / day);
  const minute = Math.floor((time - today * day) / 60);
  const { minutesOfDay, days } = cron;
  if (minute >= minutesOfDay[0]! && dayMatches(days, today)) {
    return today * day + minutesOfDay[firstAtLeast(minutesOfDay, minute + 1) - 1]! * 60;
  }
  const previous = nextDay(days, today - 1, -1);
  return previous === undefined ? undefined : previous * day + minutesOfDay.at(-1)! * 60;
}

/** How many matches lie in [from, until). */
export function countWallTicks(cron: Cron, from: number, until: number): number {
  if (from >= until) return 0;
  return countBefore(cron, from, until);
}

function countBefore({ days, minutesOfDay }: Cron, from: number, until: number): number {
  const firstDay = Math.floor(from / day);
  const lastDay = Math.floor(until / day);
  const before = dayMatches(days, firstDay) ? firstAtLeast(minutesOfDay, Math.ceil((from - firstDay * day) / 60)) : 0;
  const after = dayMatches(days, lastDay) ? firstAtLeast(minutesOfDay, Math.ceil((until - lastDay * day) / 60)) : 0;
  return countDays(days, firstDay, lastDay) * minutesOfDay.length - before + after;
}

/** How many days of [from, until) match. */
function countDays(rule: DayRule, from: number, until: number): number {
  const plain = rule.months.size === 12 && !rule.daysOfMonth;
  if (plain && !rule.weekdays) return until - from;
  if (plain && rule.weekdays && rule.weekdays.nth.length === 0) {
    let count = Math.floor((until - from) / 7) * rule.weekdays.days.size;
    for (let rest = until - ((until - from) % 7); rest < until; rest += 1) {
      if (rule.weekdays.days.has(weekdayOf(rest))) count += 1;
    }
    return count;
  }
  let count = 0;
  for (let next = nextDay(rule, from, 1); next !== undefined && next < until; next = nextDay(rule, next + 1, 1)) {
    count += 1;
  }
  return count;
}

function dayMatches(rule: DayRule, dayNumber: number): boolean {
  if (!rule.daysOfMonth && !rule.weekdays && rule.months.size === 12) return true;
  return matchesDay(rule, civilDateOf(dayNumber), dayNumber);
}

/** The next matching day at or after (step 1), at or before (step -1) a day; a Gregorian cycle without one is no day. */
function nextDay(rule: DayRule, from: number, step: 1 | -1): number | undefined {
  const limit = 146_097;
  for (let dayNumber = from; Math.abs(dayNumber - from) <= limit;) {
    const date = civilDateOf(dayNumber);
    if (rule.months.has(date.month)) {
      if (matchesDay(rule, date, dayNumber)) return dayNumber;
      dayNumber += step;
    } else if (step === 1) {
      const { year, month } = date;
      dayNumber = dayNumberOf(month === 12 ? { year: year + 1, month: 1, day: 1 } : { year, month: month + 1, day: 1 });
    } else {
      dayNumber -= date.day;
    }
  }
  return undefined;
}

/** The position of the first value that is at least so much. */
function firstAtLeast(ascending: readonly number[], wanted: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
