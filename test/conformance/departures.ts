/**
 * Where Iroko answers otherwise than Dagster on purpose. docs/reference/differences-from-dagster.md lists the cases, each
 * with Iroko's own answer; the rules below are the same decisions for cases that it does not list.
 */
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { planningOutcome, sorted } from "./planning.ts";
import { bare, stalenessInput, status, type Status } from "./staleness.ts";
import type { Case } from "./topic.ts";

export interface Departure {
  readonly topic: string;
  readonly name: string;
  /** Of our own case of that name: others may give the name to another question. */
  readonly input: unknown;
  /** What Iroko answers, in the form of the vectors; a refusal is `{ error: code }`. */
  readonly answer: unknown;
  readonly because: string;
}

const page = new URL("../../docs/reference/differences-from-dagster.md", import.meta.url);

/**
 * Reads the tables under the page's last heading, `Cases`: a topic in each heading below it, a case in each row, with
 * what Dagster does, Iroko's answer (JSON, or an error's code) and why.
 */
export function readDepartures(text: string = readFileSync(page, "utf8")): readonly Departure[] {
  const [, cases] = text.split(/^## Cases$/m);
  if (cases === undefined) throw new Error("differences-from-dagster.md has no section “Cases”.");
  return cases
    .split(/^### /m)
    .slice(1)
    .flatMap((section) => {
      const topic = section.slice(0, section.indexOf("\n")).trim();
      return [...section.matchAll(/^\| (.+) \|$/gm)].slice(2).map(([row, cells = ""]) => {
        const [name, , answer, because, more] = cells.split(" | ").map((cell) => cell.trim());
        if (because === undefined || more !== undefined || !name) throw new Error(`Not four cells: ${row}`);
        return { topic, name, input: inputOf(topic, name), answer: readAnswer(answer!), because };
      });
    });
}

/** @throws {Error} when there is no such case */
function inputOf(topic: string, name: string): unknown {
  const file = new URL(`../vectors/${topic}.json`, import.meta.url);
  const found = ownCases.parse(JSON.parse(readFileSync(file, "utf8"))).find((one) => one.name === name);
  if (!found) throw new Error(`The page lists a case of ${topic} that there is not: ${name}`);
  return found.input;
}

const ownCases = z.array(z.looseObject({ name: z.string(), input: z.unknown() }));

function readAnswer(cell: string): unknown {
  const text = /^`(.*)`$/.exec(cell)?.[1];
  if (text === undefined) throw new Error(`An answer stands between backticks: ${cell}`);
  return /^[A-Z_]+$/.test(text) ? { error: text } : JSON.parse(text);
}

/** Why a case that is not listed may differ all the same; undefined when it may not. */
export function ruleFor(vector: Case, answer: unknown): string | undefined {
  return rules.find(({ topic, covers }) => topic === vector.topic && covers(vector, answer))?.because;
}

interface Rule {
  readonly topic: string;
  readonly because: string;
  /** Whether it is this rule, and nothing else, that makes the answer differ. */
  covers(vector: Case, answer: unknown): boolean;
}

const levels = z.object({ levels: z.array(z.array(z.string())) });
const allWhole = z.object({ multi: z.record(z.string(), z.object({ can_subset: z.literal(false) })) });
const missingOutput = z.object({
  multi: z.record(z.string(), z.object({ outs: z.record(z.string(), z.object({ optional: z.boolean().optional() })) })),
  no_output: z.array(z.string()),
});
const partSelected = z.object({
  multi: z.record(
    z.string(),
    z.object({ outs: z.record(z.string(), z.object({ deps: z.array(z.string()).optional() })) }),
  ),
  select: z.array(z.string()),
});
const blockedByOwnCheck = z.object({
  assets: z.record(
    z.string(),
    z.object({ checks: z.record(z.string(), z.object({ blocking: z.boolean() })).optional() }),
  ),
  failing_checks: z.array(z.string()),
});
const dynamicQuestion = z.object({
  upstream: z.object({ type: z.literal("dynamic"), name: z.string() }),
  dynamic_partitions: z.record(z.string(), z.array(z.string())),
});
const exponential = z.object({
  policy: z.object({ max_retries: z.number(), delay: z.number(), backoff: z.literal("exponential") }),
});

const refusedWith = (answer: unknown, ...codes: readonly string[]): boolean =>
  z.object({ error: z.enum(codes) }).safeParse(answer).success;
const wasRefused = ({ expected }: Case): boolean => z.object({ error: z.literal(true) }).safeParse(expected).success;
const isOf = (schema: z.ZodType, value: unknown): boolean => schema.safeParse(value).success;

const windowQuestion = z.object({ mapping: z.object({ type: z.literal("time_window") }) });
const upstreamAnswer = z.strictObject({
  keys: z.array(z.string()),
  required_but_nonexistent: z.array(z.string()).default([]),
});
const equalKeysQuestion = z.object({
  upstream: z.object({ type: z.literal("static"), keys: z.array(z.string()) }),
  downstream: z.object({ type: z.literal("static"), keys: z.array(z.string()) }),
  mapping: z.null(),
});

const keysAnswer = z.strictObject({ keys: z.array(z.string()) });
const joining = z.object({ type: z.enum(["identity", "multi_to_single"]) });
const dynamicSide = z.object({ type: z.literal("dynamic"), name: z.string() });
const unlikeDynamic = z.object({ upstream: dynamicSide, downstream: dynamicSide, mapping: z.null() });
const anySide = z.looseObject({ dims: z.record(z.string(), z.unknown()).optional() });
const namedDimension = z.object({
  mapping: z.object({ type: z.literal("multi_to_single"), dimension: z.string() }),
  upstream: anySide,
  downstream: anySide,
});
const ended = z.object({ start: z.string().optional(), end: z.string().nullish() });
const side = ended.extend({ dims: z.record(z.string(), ended).optional() });
/** Whether its first window may end behind its end: that is some weeks after its start. */
const endsEarly = ({ start, end }: z.infer<typeof ended>): boolean => {
  const day = (text: string): number => Date.parse(text.replace(/^(\d{4})(\d{2})(\d{2})/, "$1-$2-$3").slice(0, 10));
  return start !== undefined && end != null && day(end) - day(start) < 62 * 86_400_000;
};

const sidesOf = ({ input }: Case): readonly z.infer<typeof side>[] =>
  z
    .object({ upstream: side, downstream: side.nullable() })
    .transform(({ upstream, downstream }) => [upstream, ...(downstream ? [downstream] : [])])
    .safeParse(input).data ?? [];

const bounds = z.object({
  def: z.object({ start: z.string(), end: z.string().nullish(), exclusions: z.array(z.unknown()).nullish() }),
  now: z.string(),
});
const overrideQuestion = z.object({
  op: z.literal("cron_for"),
  def: z.object({ type: z.string() }),
  overrides: z.record(z.string(), z.number()),
});
const overridePlaces: Readonly<Record<string, readonly string[]>> = {
  hourly: ["minute_of_hour"],
  daily: ["minute_of_hour", "hour_of_day"],
  weekly: ["minute_of_hour", "hour_of_day", "day_of_week"],
  monthly: ["minute_of_hour", "hour_of_day", "day_of_month"],
};

/** Whether a span of time may hold some of which the definition has no partition: before its start, after its end or now. */
function reachesOutside({ input }: Case, from: string, until: string): boolean {
  const { data } = bounds.safeParse(input);
  if (data === undefined) return false;
  const { start, end, exclusions } = data.def;
  // Its first window begins within some weeks of its start, by the offsets and the cadence.
  const begun = Date.parse(start.slice(0, 10)) + 45 * 86_400_000;
  return !(Date.parse(from) >= begun && Date.parse(until) <= Date.parse(data.now)) || end != null || exclusions != null;
}

const aWindow = z.object({ start: z.string() });
const endsBeforeFirst = z
  .object({ first: aWindow, last: aWindow })
  .refine(({ first, last }) => last.start < first.start);

const endsBeforeItStarts = z.object({
  def: z.object({ start: z.iso.date(), end: z.iso.date() }).refine(({ start, end }) => end < start),
});

const rules: readonly Rule[] = [
  {
    topic: "cron",
    because: "a cron that never fires is refused",
    covers: ({ input }, answer) => isRefusedCron(answer) && cronsOf(input).some(neverFires),
  },
  {
    topic: "cron",
    because: "a cron fires at times that can be told beforehand",
    covers: ({ input }, answer) => isRefusedCron(answer) && cronsOf(input).some((cron) => /\br\b/i.test(cron)),
  },
  {
    topic: "cron",
    because: "either fires, where a day of the month and the nth weekday are given",
    covers: ({ input }, answer) =>
      isOf(ticksAnswer, answer) && cronsOf(input).some((cron) => /#|\bl\d/i.test(fieldsOf(cron)[4]) && namesDays(cron)),
  },
  {
    topic: "cron",
    because: "steps are counted around the end, and from the last value of a field there are none",
    covers: ({ input }, answer) => isOf(ticksAnswer, answer) && cronsOf(input).some(stepsPastTheEnd),
  },
  {
    topic: "time_partitions",
    because: "partitions that end before they start are refused",
    covers: (vector, answer) => isOf(endsBeforeItStarts, vector.input) && refusedWith(answer, "PARTITIONS_INVALID"),
  },
  {
    topic: "time_partitions",
    because: "a range names partitions that exist",
    covers: (vector, answer) =>
      isOf(z.object({ op: z.literal("range") }), vector.input) &&
      !wasRefused(vector) &&
      refusedWith(answer, "PARTITION_FUTURE", "PARTITION_OPEN", "PARTITION_NOT_FOUND", "PARTITION_RANGE"),
  },
  {
    topic: "time_partitions",
    because: "a span of time has the partitions in it that exist",
    covers: (vector, answer) => {
      const [ours, theirs] = [keysAnswer.safeParse(answer).data, keysAnswer.safeParse(vector.expected).data];
      const span = z
        .object({ op: z.literal("keys_in_window"), start: z.string(), end: z.string() })
        .safeParse(vector.input);
      if (!span.success || !ours || !theirs || !reachesOutside(vector, span.data.start, span.data.end)) return false;
      return new Set(ours.keys).isSubsetOf(new Set(theirs.keys));
    },
  },
  {
    topic: "time_partitions",
    because: "a key is that of a window of the definition",
    covers: (vector, answer) =>
      isOf(z.object({ op: z.enum(["window", "next_key"]) }), vector.input) &&
      !wasRefused(vector) &&
      refusedWith(answer, "PARTITION_NOT_FOUND"),
  },
  {
    topic: "time_partitions",
    because: "a time outside the definition has no key",
    covers: (vector, answer) => {
      const { data } = z.object({ op: z.literal("key_at"), instant: z.string() }).safeParse(vector.input);
      return (
        data !== undefined &&
        reachesOutside(vector, data.instant, data.instant) &&
        isDeepStrictEqual(answer, { key: null })
      );
    },
  },
  {
    topic: "time_partitions",
    because: "a window that ends behind the definition's end is no partition",
    covers: ({ input, expected }, answer) =>
      isOf(z.object({ def: ended.refine(endsEarly) }), input) &&
      ((isOf(z.object({ count: z.literal(1) }), expected) && isOf(z.object({ count: z.literal(0) }), answer)) ||
        (isOf(endsBeforeFirst, expected) && isDeepStrictEqual(answer, { first: null, last: null }))),
  },
  {
    topic: "time_partitions",
    because: "before its start a definition has no partition, whatever its end offset",
    covers: ({ input, expected }, answer) =>
      isOf(z.object({ def: z.object({ end_offset: z.number().positive() }) }), input) &&
      ((isOf(z.object({ count: z.literal(1) }), expected) && isOf(z.object({ count: z.literal(0) }), answer)) ||
        isDeepStrictEqual(answer, { first: null, last: null })),
  },
  {
    topic: "time_partitions",
    because: "a change of the clock by half an hour is no hour more or less",
    covers: ({ input }) =>
      isOf(
        z.object({ def: z.object({ type: z.enum(["hourly", "cron"]), timezone: z.literal("Australia/Lord_Howe") }) }),
        input,
      ),
  },
  {
    topic: "time_partitions",
    because: "a day starts at the second midnight, and at the end of the gap where midnight is skipped",
    covers: ({ input }) => {
      const { data } = z.object({ def: z.object({ timezone: z.string() }), now: z.string() }).safeParse(input);
      return data !== undefined && changesAtNight(data.def.timezone, Temporal.Instant.from(data.now));
    },
  },
  {
    topic: "time_partitions",
    because: "exclusions leave some partition",
    covers: (vector, answer) =>
      isOf(z.object({ def: z.object({ exclusions: z.array(z.unknown()).min(1) }) }), vector.input) &&
      refusedWith(answer, "PARTITIONS_INVALID"),
  },
  {
    topic: "time_partitions",
    because: "the partition that comes next is one of the definition",
    covers: ({ input }, answer) => {
      const { data } = z.object({ op: z.literal("next_key"), def: z.object({ start: z.string() }) }).safeParse(input);
      return data !== undefined && isDeepStrictEqual(answer, { key: data.def.start });
    },
  },
  {
    topic: "time_partitions",
    because: "an override that the definition has no place for is refused",
    covers: ({ input }, answer) => {
      const { data } = overrideQuestion.safeParse(input);
      if (data === undefined) return false;
      const places = overridePlaces[data.def.type] ?? [];
      return Object.keys(data.overrides).some((name) => !places.includes(name)) && refusedWith(answer, "CRON_INVALID");
    },
  },
  {
    topic: "time_partitions",
    because: "a key is written in one way",
    covers: (vector, answer) =>
      isOf(z.object({ op: z.enum(["window", "next_key"]) }), vector.input) &&
      !wasRefused(vector) &&
      refusedWith(answer, "PARTITION_FORMAT"),
  },
  {
    topic: "partition_mappings",
    because: "the keys of a specific mapping must exist upstream",
    covers: (vector, answer) =>
      isOf(z.object({ mapping: z.object({ type: z.literal("specific") }) }), vector.input) &&
      refusedWith(answer, "PARTITION_MAPPING"),
  },
  {
    topic: "partition_mappings",
    because: "the partition's own window must exist upstream, whatever the offsets",
    covers: ({ input, expected }, answer) => {
      const [ours, theirs] = [upstreamAnswer.safeParse(answer).data, upstreamAnswer.safeParse(expected).data];
      if (!windowQuestion.safeParse(input).success || !ours || !theirs) return false;
      const said = new Set(ours.required_but_nonexistent);
      return isDeepStrictEqual(ours.keys, theirs.keys) && new Set(theirs.required_but_nonexistent).isSubsetOf(said);
    },
  },
  {
    topic: "partition_mappings",
    because: "equal keys are a mapping only where all of them exist upstream",
    covers: ({ input }, answer) => {
      const { data } = equalKeysQuestion.safeParse(input);
      const known = new Set(data?.upstream.keys);
      return refusedWith(answer, "PARTITION_MAPPING") && data?.downstream.keys.some((key) => !known.has(key)) === true;
    },
  },
  {
    topic: "partition_mappings",
    because: "a dynamic key that does not exist is missing",
    covers: (vector, answer) => {
      const gone = z.object({ required_but_nonexistent: z.array(z.string()) }).safeParse(answer);
      const asked = dynamicQuestion.safeParse(vector.input);
      if (!gone.success || !asked.success) return false;
      const known = asked.data.dynamic_partitions[asked.data.upstream.name] ?? [];
      return gone.data.required_but_nonexistent.every((key) => !known.includes(key));
    },
  },
  {
    topic: "partition_mappings",
    because: "that two sets of dynamic keys are the same is to be said",
    covers: ({ input }, answer) => {
      const { data } = unlikeDynamic.safeParse(input);
      return (
        data !== undefined && data.upstream.name !== data.downstream.name && refusedWith(answer, "PARTITION_MAPPING")
      );
    },
  },
  {
    topic: "partition_mappings",
    because: "what has no partitions is one of its own",
    covers: (vector, answer) =>
      isOf(z.object({ downstream: z.null(), direction: z.literal("downstream_of") }), vector.input) &&
      wasRefused(vector) &&
      isOf(keysAnswer, answer),
  },
  {
    topic: "partition_mappings",
    because: "a dimension that is named is the one that is meant",
    covers: ({ input }) => {
      const { data } = namedDimension.safeParse(input);
      if (data === undefined) return false;
      const [single, dims] = data.upstream.dims
        ? [data.downstream, data.upstream.dims]
        : [data.upstream, data.downstream.dims];
      // Dagster takes the dimension that is equal to the other side, whichever was named.
      const equal = Object.keys(dims ?? {}).filter((name) => isDeepStrictEqual(dims?.[name], single));
      return equal.length !== 1 || equal[0] !== data.mapping.dimension;
    },
  },
  {
    topic: "partition_mappings",
    because: "there may be more than two dimensions",
    covers: (vector) => wasRefused(vector) && sidesOf(vector).some(({ dims = {} }) => Object.keys(dims).length > 2),
  },
  {
    topic: "partition_mappings",
    because: "equal keys may join, and windows that overlap, whatever the two definitions are",
    covers: (vector, answer) => {
      const { data } = z.object({ mapping: joining.nullable() }).safeParse(vector.input);
      return data !== undefined && wasRefused(vector) && !refusedWith(answer, "PARTITION_MAPPING");
    },
  },
  {
    topic: "partition_mappings",
    because: "dimensions that no mapping can join are refused",
    covers: (vector, answer) =>
      !wasRefused(vector) &&
      refusedWith(answer, "PARTITION_MAPPING") &&
      sidesOf(vector).every(({ dims }) => dims !== undefined),
  },
  {
    topic: "partition_mappings",
    because: "a window that ends behind the definition's end is no partition",
    covers: (vector, answer) =>
      (refusedWith(answer, "PARTITION_NOT_FOUND") || isDeepStrictEqual(answer, { keys: [] })) &&
      sidesOf(vector).some((one) => [one, ...Object.values(one.dims ?? {})].some(endsEarly)),
  },
  {
    topic: "staleness",
    because: "an upstream asset that was made for the first time since makes stale, with partitions or without",
    covers: ({ input, expected }, answer) => {
      const [asked, ours, theirs] = [
        stalenessInput.safeParse(input),
        statuses.safeParse(answer),
        statuses.safeParse(expected),
      ];
      if (!asked.success || !ours.success || !theirs.success) return false;
      // Without what Dagster does not see, the answers are the same.
      const { steps } = asked.data;
      const seen = ours.data.statuses.map((one, n) =>
        Object.fromEntries(
          Object.entries(one).map(([name, given]) => [name, withoutNew(stepsBefore(steps, n), name, given)]),
        ),
      );
      const bareOf = (all: readonly Record<string, Status>[]): unknown =>
        all.map((one) => new Map(Object.entries(one).map(([name, given]) => [name, bare(given)])));
      return isDeepStrictEqual(bareOf(seen), bareOf(theirs.data.statuses));
    },
  },
  {
    topic: "planning",
    because: "a selection is written out, and an empty one is refused",
    covers: (vector, answer) =>
      isOf(z.object({ select: z.array(z.string()).length(0) }), vector.input) &&
      refusedWith(answer, "SELECTION_SYNTAX"),
  },
  {
    topic: "planning",
    because: "the checks of what is made always come along",
    covers: (vector, answer) =>
      isOf(z.object({ select_checks: z.literal("none") }), vector.input) && levels.safeParse(answer).success,
  },
  {
    topic: "planning",
    because: "any computation can make a part of its outputs",
    covers: (vector, answer) => isOf(allWhole, vector.input) && wasRefused(vector) && levels.safeParse(answer).success,
  },
  {
    topic: "planning",
    because: "an output that was never given is not made",
    covers: ({ input }, answer) => {
      const asked = missingOutput.safeParse(input);
      const run = planningOutcome.safeParse(answer);
      if (!asked.success || !run.success) return false;
      const required = Object.values(asked.data.multi).flatMap(({ outs }) =>
        Object.keys(outs).filter((key) => outs[key]?.optional !== true),
      );
      const missing = asked.data.no_output.filter((key) => required.includes(key));
      const isMade = (key: string): boolean => run.data.materialized.includes(key);
      return missing.length > 0 && !run.data.success && !missing.some(isMade);
    },
  },
  {
    topic: "planning",
    because: "a computation reads what any of its outputs is made from",
    covers: ({ input }, answer) => {
      const { data } = partSelected.safeParse(input);
      if (data === undefined || !levels.safeParse(answer).success) return false;
      const readsMore = (outs: (typeof data.multi)[string]["outs"]): boolean =>
        Object.keys(outs).some((key) => data.select.includes(key)) &&
        Object.entries(outs).some(
          ([key, { deps = [] }]) => !data.select.includes(key) && deps.some((dep) => data.select.includes(dep)),
        );
      return Object.values(data.multi).some(({ outs }) => readsMore(outs));
    },
  },
  {
    topic: "planning",
    because: "an asset's own check that blocks keeps it from being committed",
    covers: ({ input, expected }, answer) => {
      const asked = blockedByOwnCheck.safeParse(input);
      const [run, theirs] = [planningOutcome.safeParse(answer), planningOutcome.safeParse(expected)];
      if (!asked.success || !run.success || !theirs.success) return false;
      const { assets, failing_checks: failing } = asked.data;
      const blocked = Object.keys(assets).filter((asset) =>
        Object.entries(assets[asset]?.checks ?? {}).some(
          ([name, { blocking }]) => blocking && failing.includes(`${asset}:${name}`),
        ),
      );
      const without = theirs.data.materialized.filter((asset) => !blocked.includes(asset));
      return (
        blocked.length > 0 && isDeepStrictEqual(sorted(run.data), sorted({ ...theirs.data, materialized: without }))
      );
    },
  },
  {
    topic: "retry_backoff",
    because: "exponential is base · 2ⁿ",
    covers: ({ input }, answer) => {
      const { data } = exponential.safeParse(input);
      if (!data) return false;
      const { max_retries: retries, delay } = data.policy;
      return isDeepStrictEqual(answer, { delays: Array.from({ length: retries }, (_, n) => delay * 2 ** n) });
    },
  },
  {
    topic: "selection",
    because: "`owner:<null>` are the assets without an owner",
    covers: ({ input }, answer) => isOf(keysAnswer, answer) && /\bowner:\s*<null>/.test(selectionOf(input)),
  },
  {
    topic: "selection",
    because: "columns, locations and statuses are selected by, too",
    covers: (vector, answer) =>
      wasRefused(vector) && isOf(keysAnswer, answer) && /\b(column|location|status):/.test(selectionOf(vector.input)),
  },
  {
    topic: "selection",
    because: "a key after `key:` may be a word of the grammar, save for and, or and not",
    covers: (vector, answer) =>
      wasRefused(vector) &&
      isOf(keysAnswer, answer) &&
      /\bkey:\s*(sinks|roots|key|group|tag|owner|kind|column|status|is)\b/.test(selectionOf(vector.input)),
  },
  {
    topic: "selection",
    because: "a bare key or glob is shorthand for `key:`",
    covers: (vector, answer) => wasRefused(vector) && isOf(keysAnswer, answer) && hasBareKey(selectionOf(vector.input)),
  },
];

/** Whether a zone changes its clock at hours that Dagster does not look at: other ones than 1 to 3. */
function changesAtNight(timezone: string, around: Temporal.Instant): boolean {
  const at = around.subtract({ hours: 24 * 400 }).toZonedDateTimeISO(timezone);
  for (let change = at.getTimeZoneTransition("next"); change !== null; change = change.getTimeZoneTransition("next")) {
    if (Temporal.Instant.compare(change.toInstant(), around.add({ hours: 24 * 400 })) > 0) return false;
    // What is skipped or repeated begins at the earlier of the two times that the clock shows as it is changed.
    const shown = [change.toPlainDateTime(), change.subtract({ seconds: 1 }).toPlainDateTime().add({ seconds: 1 })];
    const { hour } = shown.toSorted((a, b) => Temporal.PlainDateTime.compare(a, b))[0]!;
    if (hour < 1 || hour > 3) return true;
  }
  return false;
}

const statuses = z.object({ statuses: z.array(z.record(z.string(), status)) });

/** A status without the partitions of upstream assets that were first made after the asset was last made. */
function withoutNew(steps: StalenessSteps, name: string, given: Status): Status {
  const [asset = "", partition] = name.split(/[[\]]/);
  const last = makings(steps, asset, partition).at(-1) ?? Infinity;
  const causes = (given.causes ?? []).filter(
    ({ category, dependency = "", dependency_partition: read }) =>
      category !== "data" || read === undefined || (makings(steps, dependency)[0] ?? 0) < last,
  );
  return given.status !== "stale" || causes.length > 0
    ? { ...given, ...(given.causes ? { causes } : {}) }
    : { status: "fresh" };
}

/** When an asset or a partition of it was made, ascending; the runs of a step are in the order of its partitions. */
function makings(steps: StalenessSteps, asset: string, partition?: string): readonly number[] {
  return steps.flatMap((step, n) => {
    if (step.do === "report") return step.asset === asset ? [n] : [];
    if (step.do !== "materialize" || !step.assets.includes(asset)) return [];
    const at = partition === undefined ? 0 : (step.partitions ?? []).indexOf(partition);
    return at < 0 ? [] : [n + (at + step.assets.indexOf(asset) / 100) / 100];
  });
}

/** The steps before the so-manieth status. */
function stepsBefore(steps: StalenessSteps, nth: number): StalenessSteps {
  const asked = steps.flatMap((step, n) => (step.do === "status" ? [n] : []));
  return steps.slice(0, asked[nth]);
}

type StalenessSteps = z.infer<typeof stalenessInput>["steps"];

const ticksAnswer = z.strictObject({ ticks: z.array(z.string()) });
const isRefusedCron = (answer: unknown): boolean =>
  isDeepStrictEqual(answer, { valid: false }) || refusedWith(answer, "CRON_INVALID");

function cronsOf(input: unknown): readonly string[] {
  const { data } = z.object({ cron: z.union([z.string(), z.array(z.string())]) }).safeParse(input);
  return data === undefined ? [] : [data.cron].flat();
}

type Fields = readonly [minute: string, hour: string, day: string, month: string, weekday: string];
const fieldsOf = (cron: string): Fields => cron.trim().split(/\s+/).concat("", "", "", "", "").slice(0, 5) as never;

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const numberOf = (text: string): number => {
  const named = (names: readonly string[], first: number): number => names.indexOf(text.toLowerCase()) + first;
  return /^\d+$/.test(text)
    ? Number(text)
    : months.includes(text.toLowerCase())
      ? named(months, 1)
      : named(weekdays, 0);
};

/** The values that a field of numbers, names and ranges gives; none where it says anything else. */
function spelledOut(field: string): readonly number[] {
  const items = field.split(",").map((item) => /^(\w+)(?:-(\w+))?$/.exec(item));
  if (items.some((item) => item === null)) return [];
  return items.flatMap((item) => {
    const [from, to] = [numberOf(item![1]!), numberOf(item![2] ?? item![1]!)];
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, distance) => from + distance);
  });
}

/** Whether no month of a cron has any of its days, where no weekday is named. */
function neverFires(cron: string): boolean {
  const [, , day, month, weekday] = fieldsOf(cron);
  const [days, among] = [spelledOut(day), spelledOut(month)];
  const lengthOf = (of: number): number => Temporal.PlainYearMonth.from({ year: 2000, month: of }).daysInMonth;
  const isFebruary = among.length > 0 && among.every((of) => of === 2);
  return (
    (weekday === "*" || isFebruary) &&
    days.length > 0 &&
    among.length > 0 &&
    among.every((of) => Math.min(...days) > lengthOf(of))
  );
}

const namesDays = (cron: string): boolean => !/^(\*|\?)$/.test(fieldsOf(cron)[2]);

/** `22-4/3`, `59/5`: where Dagster counts one too many, or takes the whole field. */
function stepsPastTheEnd(cron: string): boolean {
  return fieldsOf(cron).some((field, n) =>
    field.split(",").some((item) => {
      const [, from = "", to, step] = /^(\w+)(?:-(\w+))?\/(\d+)$/.exec(item) ?? [];
      if (step === undefined) return false;
      const last = [59, 23, 31, 12, 6][n]!;
      return to === undefined ? numberOf(from) === last : numberOf(from) > numberOf(to) % (n === 4 ? 7 : Infinity);
    }),
  );
}

const selectionOf = (input: unknown): string =>
  z.object({ selection: z.string() }).safeParse(input).data?.selection ?? "";

/** Whether a word is left once attributes with their values, functions, operators and plus signs are taken away. */
function hasBareKey(selection: string): boolean {
  const rest = selection
    .replaceAll(/\w+:("[^"]*"|[^\s()"+]*)(=("[^"]*"|[^\s()"+]*))?/g, " ")
    .replaceAll(/\b(and|or|not|AND|OR|NOT|sinks|roots)\b/g, " ")
    .replaceAll(/\d*\+\d*|[()]/g, " ");
  return rest.trim() !== "";
}
