/**
 * Partition sets at scale: a million hourly partitions with a thousand random holes, in text, in algebra and through
 * mappings.
 *
 * The set that is made comes as Postgres gives it, a tstzmultirange as text; each figure is the median of the rounds.
 */
import {
  countIn,
  daily,
  downstreamOf,
  existing,
  fixed,
  formatPartitions,
  fromMultirange,
  hourly,
  identityMapping,
  intersect,
  multi,
  partitionOf,
  partitionsIn,
  setFromJson,
  setOfPartitions,
  subtract,
  timeWindow,
  toMultirange,
  union,
  upstreamOf,
  type PartitionSet,
} from "@iroko/core";

const rounds = Number(process.argv[2] ?? 21);
const million = 1_000_000;
const zone = "Africa/Lagos";
const now = Temporal.Instant.from("2026-11-21T12:00:00Z");
const start = now.subtract({ hours: million + 12 });

const local = start.toZonedDateTimeISO(zone).toPlainDateTime().toString({ smallestUnit: "minute" });
const hours = hourly({ start: local.replace("T", "-"), timezone: zone });
const days = daily({ start: local.slice(0, 10), timezone: zone });
const officeHours = hourly({
  start: local.replace("T", "-"),
  timezone: zone,
  exclusions: ["0 0-6,19-23 * * *", "0 * * * 0"],
});

// A linear congruential generator: the same holes in every run.
let state = 42;
const random = (below: number): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) % below;

const exists = existing(hours, now);
const count = countIn(hours, exists);
const holes = setFromJson({
  windows: Array.from({ length: 1000 }, () => {
    const at = start.round({ smallestUnit: "hour" }).add({ hours: 24 + random(million - 48) });
    return [at.toString(), at.add({ hours: 1 }).toString()] as const;
  }),
});
const made = toMultirange(subtract(exists, holes));

const missing = (): PartitionSet => subtract(existing(hours, now), fromMultirange(made));
const expected = countIn(hours, holes);
if (countIn(hours, missing()) !== expected || expected < 990) throw new Error("the missing set is wrong");

const states = Array.from({ length: 36 }, (_, n) => `S${n}`);
const sales = multi({ state: fixed(states), day: daily({ start: "1950-01-01", timezone: zone }) });
const every = existing(sales, now);
const gone = setOfPartitions(
  sales,
  Array.from({ length: 1000 }, () => {
    const day = Temporal.PlainDate.from("1950-01-01").add({ days: random(28_000) });
    return partitionOf(sales, { state: states[random(36)]!, day: day.toString() });
  }),
);
const left = subtract(every, gone);

const sides = { upstream: hours, downstream: days, now };
const daysMissing = downstreamOf(identityMapping, { ...sides, set: missing() });
const rolling = timeWindow({ startOffset: -6 });

console.log(`${"ms".padEnd(64)}    best  median   first`);
measure(`the set of missing ones, of ${count.toLocaleString("en")} hours with ${expected} holes`, missing);
measure("their count", () => countIn(hours, missing()));
measure("as text", () => formatPartitions(hours, missing()));
measure("the days below them", () => downstreamOf(identityMapping, { ...sides, set: missing() }));
measure("the hours of those days", () => upstreamOf(identityMapping, { ...sides, set: daysMissing }));
measure("the hours of seven days before each", () => upstreamOf(rolling, { ...sides, set: daysMissing }));
measure("the first thousand keys of what is made", () => [...partitionsIn(hours, exists).take(1000)]);
measure("missing ones where nights and Sundays are left out", () =>
  subtract(existing(officeHours, now), fromMultirange(made)),
);
measure(`${countIn(sales, every).toLocaleString("en")} of state and day: missing ones of 1,000 holes`, () =>
  subtract(every, left),
);
measure("… and both put together, and cut", () => intersect(union(left, gone), every));

function measure(what: string, task: () => unknown): void {
  const times = Array.from({ length: rounds }, () => {
    const from = performance.now();
    task();
    return performance.now() - from;
  });
  const sorted = times.toSorted((a, b) => a - b);
  const shown = [sorted[0]!, sorted[rounds >>> 1]!, times[0]!].map((ms) => ms.toFixed(1).padStart(8));
  console.log(`${what.padEnd(64)}${shown.join("")}`);
}

console.log(`memory: ${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`);
