/**
 * Cron expressions: five fields (minute, hour, day of month, month, day of week) or an alias such as `@daily`.
 *
 * Lists, ranges (also around the end: `22-2`, and all the way round: `sun-sun`), steps, names of months and weekdays, `?`
 * for `*` in the day fields, `L` for the last day of the month (`28-L` runs up to it), `5#3` for the third Friday, `L5` for
 * the last one. As in cron ever since Vixie, where both day fields say something, a day matches that either names; a field of
 * all days says nothing beside one with a star in it. There are no seconds, no `@reboot`, and no `R` for chance.
 *
 * When a time is skipped or repeated by a change of the clock is decided in ticks.ts.
 */
import { IrokoError } from "../errors.ts";
import { daysInMonth, weekdayOf, type CivilDate } from "./civil-date.ts";

/** An expression read once: which minutes of the day, on which days. */
export interface Cron {
  readonly text: string;
  /** Minutes since midnight, ascending. */
  readonly minutesOfDay: readonly number[];
  /** Whether every hour matches: such a cron follows real time, others follow the clock on the wall. */
  readonly everyHour: boolean;
  readonly days: DayRule;
}

export interface DayRule {
  /** 1 to 12. */
  readonly months: ReadonlySet<number>;
  /** Undefined: the field is `*`. */
  readonly daysOfMonth: { readonly days: ReadonlySet<number>; readonly last: boolean } | undefined;
  /** Undefined: the field is `*`. 0 is Sunday; `nth` holds weekday and 1 to 5, or "last". */
  readonly weekdays:
    | {
        readonly days: ReadonlySet<number>;
        readonly nth: readonly (readonly [weekday: number, nth: number | "last"])[];
      }
    | undefined;
}

const aliases: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/**
 * Reads a cron expression.
 *
 * @throws {IrokoError} CRON_INVALID when it cannot be read, or never fires (30 February)
 */
export function parseCron(text: string): Cron {
  const cron = readCron(text);
  if (typeof cron === "string") throw invalidCron(text, cron);
  return cron;
}

/** What is wrong with a cron expression, or with a list of them; undefined when nothing is. */
export function validateCron(cron: string | readonly string[]): string | undefined {
  const all = typeof cron === "string" ? [cron] : cron;
  if (all.length === 0) return "the list of cron expressions is empty";
  for (const text of all) {
    const read = readCron(text);
    if (typeof read === "string") return `cron "${text}": ${read}`;
  }
  return undefined;
}

/** Whether any day ever matches, by its number too where it has one: `0 0 30 2 *` never does, `0 0 30 2 1` says so as well. */
export function cronIsSatisfiable({ days: { months, daysOfMonth, weekdays } }: Cron): boolean {
  if (!daysOfMonth || daysOfMonth.last) return true;
  const earliest = Math.min(...daysOfMonth.days);
  const isFebruary = months.size === 1 && months.has(2);
  // Weekdays come every month, and a fifth one of any kind comes to any month within 40 years.
  if (weekdays && !isFebruary) return true;
  return [...months].some((month) => earliest <= daysInMonth(2000, month));
}

/** Whether the cron fires on that local date. */
export function matchesDay(rule: DayRule, date: CivilDate, dayNumber: number): boolean {
  if (!rule.months.has(date.month)) return false;
  const { daysOfMonth, weekdays } = rule;
  if (!daysOfMonth && !weekdays) return true;
  const length = daysInMonth(date.year, date.month);
  if (daysOfMonth && (daysOfMonth.days.has(date.day) || (daysOfMonth.last && date.day === length))) return true;
  if (!weekdays) return false;
  const weekday = weekdayOf(dayNumber);
  if (weekdays.days.has(weekday)) return true;
  return weekdays.nth.some(
    ([wanted, nth]) => wanted === weekday && (nth === "last" ? date.day + 7 > length : Math.ceil(date.day / 7) === nth),
  );
}

const neverFires = "it never fires, since no such day ever comes";

/** The cron, or what is wrong with it. */
function readCron(text: string): Cron | string {
  const trimmed = text.trim();
  const fields = (aliases[trimmed.toLowerCase()] ?? trimmed).split(/\s+/);
  if (trimmed.startsWith("@") && fields.length !== 5) {
    return `there is no alias ${trimmed}; the aliases are ${Object.keys(aliases).join(", ")}`;
  }
  if (fields.length !== 5) return `it has ${trimmed === "" ? 0 : fields.length} fields instead of five`;
  const [minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = ""] = fields;
  try {
    const minutes = [...readField(minuteField, minute)].toSorted((a, b) => a - b);
    const hours = [...readField(hourField, hour)].toSorted((a, b) => a - b);
    const cron: Cron = {
      text: trimmed,
      minutesOfDay: hours.flatMap((h) => minutes.map((m) => h * 60 + m)),
      everyHour: hours.length === 24,
      days: {
        months: readField(monthField, month),
        daysOfMonth: readDaysOfMonth(dayOfMonth, dayOfWeek.includes("*")),
        weekdays: readWeekdays(dayOfWeek, dayOfMonth.includes("*")),
      },
    };
    return cronIsSatisfiable(cron) ? cron : neverFires;
  } catch (problem) {
    if (problem instanceof FieldProblem) return problem.message;
    throw problem;
  }
}

interface Field {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** How many values there are before they begin anew. */
  readonly cycle: number;
  /** Names for values, the first standing for `low`. */
  readonly names: readonly string[];
}

const minuteField: Field = { name: "minute", low: 0, high: 59, cycle: 60, names: [] };
const hourField: Field = { name: "hour", low: 0, high: 23, cycle: 24, names: [] };
const dayOfMonthField: Field = { name: "day of month", low: 1, high: 31, cycle: 31, names: [] };
const monthField: Field = {
  name: "month",
  low: 1,
  high: 12,
  cycle: 12,
  names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
/** Sunday is 0, and 7 too. */
const weekdayField: Field = {
  name: "day of week",
  low: 0,
  high: 7,
  cycle: 7,
  names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

class FieldProblem extends Error {}

function readField(field: Field, text: string): Set<number> {
  return new Set(text.split(",").flatMap((item) => readItem(field, item)));
}

/** @param besideStar whether the other day field has a `*` in it: then all days are no days to choose from */
function readDaysOfMonth(text: string, besideStar: boolean): DayRule["daysOfMonth"] {
  const items = text.split(",");
  if (text === "?" || items.includes("*")) return undefined;
  const plain = items.filter((item) => item.toLowerCase() !== "l");
  const days = new Set(plain.flatMap((item) => readItem(dayOfMonthField, item.replace(/-l(?=\/|$)/i, "-31"))));
  if (besideStar && days.size === dayOfMonthField.cycle) return undefined;
  return { days, last: plain.length < items.length };
}

function readWeekdays(text: string, besideStar: boolean): DayRule["weekdays"] {
  const items = text.split(",");
  if (text === "?" || items.includes("*")) return undefined;
  const days = new Set<number>();
  const nth: (readonly [number, number | "last"])[] = [];
  for (const item of items) {
    const [, weekdays, ordinal] = /^(\w+|[a-z]+-[a-z]+)#0*([1-5])$/i.exec(item) ?? [];
    const [, lastWeekday] = /^l(\d+)$/i.exec(item) ?? [];
    if (weekdays !== undefined) {
      for (const weekday of readItem(weekdayField, weekdays)) nth.push([weekday, Number(ordinal)]);
    } else if (lastWeekday !== undefined) nth.push([readValue(weekdayField, lastWeekday) % 7, "last"]);
    else for (const value of readItem(weekdayField, item)) days.add(value);
  }
  if (days.size > 0 && nth.length > 0) {
    throw new FieldProblem(`the day of week "${text}" mixes plain weekdays with the nth of a month`);
  }
  return besideStar && days.size === weekdayField.cycle ? undefined : { days, nth };
}

/** `*`, `5`, `5-10`, `22-2`, each with or without a step; `5/10` runs to the end of the field, and `5-5` once around it. */
function readItem(field: Field, item: string): number[] {
  const [, range = "", step] = /^([^/]*)(?:\/(\d+))?$/.exec(item) ?? [];
  const every = step === undefined ? 1 : Number(step);
  if (every < 1) throw new FieldProblem(`the step of the ${field.name} "${item}" is 0`);
  const [from, length] = readRange(field, range, step !== undefined);
  const values: number[] = [];
  for (let distance = 0; distance <= length; distance += every) {
    values.push(field.low + ((from - field.low + distance) % field.cycle));
  }
  return values;
}

/** Where it starts, and how far it goes on from there. */
function readRange(field: Field, range: string, stepped: boolean): readonly [from: number, length: number] {
  const wholeField = field.cycle - 1;
  if (range === "*") return [field.low, wholeField];
  const [from = "", to, more] = range.split("-");
  if (more !== undefined) throw new FieldProblem(`the ${field.name} "${range}" is not a range`);
  const first = readValue(field, from);
  const start = field.low + ((first - field.low) % field.cycle);
  if (to === undefined) return [start, stepped ? Math.max(0, field.low + wholeField - start) : 0];
  const length = (readValue(field, to) - start + field.cycle) % field.cycle;
  // Around to itself, from where the field begins: so are the steps counted.
  return length === 0 ? [field.low, wholeField] : [start, length];
}

function readValue(field: Field, text: string): number {
  const named = field.names.indexOf(text.toLowerCase());
  if (named >= 0) return field.low + named;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= field.low && value <= field.high) return value;
  throw new FieldProblem(`the ${field.name} "${text}" is not a value from ${field.low} to ${field.high}`);
}

function invalidCron(text: string, problem: string): IrokoError {
  return new IrokoError("CRON_INVALID", `The cron expression "${text}" does not stand: ${problem}.`, {
    hint:
      problem === neverFires
        ? 'Write a day that one of its months has; "L" is the last day of any.'
        : 'Write five fields, minute hour day-of-month month day-of-week, for example "0 2 * * *".',
    details: { cron: text },
  });
}
