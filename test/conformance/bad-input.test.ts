/** What cannot be is refused with an error of Iroko's own: a code to match on, what is wrong, and what to do about it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  asset,
  countIn,
  cronPartitions,
  customMapping,
  daily,
  define,
  existing,
  fixed,
  formatPartitions,
  hourly,
  intersect,
  IrokoError,
  job,
  monthly,
  multi,
  parsePartitions,
  parseSelection,
  partitionOf,
  retryPolicy,
  schedule,
  union,
  upstreamOf,
  weekly,
} from "@iroko/core";
import { readDepartures } from "./departures.ts";
import { topics } from "./topics.ts";

const departures = readDepartures();
const rejected = topics.flatMap((topic) =>
  topic
    .read(readFileSync(new URL(`../vectors/${topic.name}.json`, import.meta.url), "utf8"))
    .filter(({ expected }) => typeof expected === "object" && expected !== null && "error" in expected)
    .filter(({ name }) => !departures.some((departure) => departure.topic === topic.name && departure.name === name)),
);

test("there are vectors to refuse of every topic that has some", () => {
  const found = new Set(rejected.map(({ topic }) => topic));
  assert.deepEqual([...found].toSorted(), [
    "partition_mappings",
    "planning",
    "retry_backoff",
    "selection",
    "time_partitions",
  ]);
});

for (const vector of rejected) {
  test(`${vector.topic}: ${vector.name}: refused, with a remedy`, () => {
    requireRemedy(refusalOf(vector.ask));
  });
}

const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
const regions = fixed(["LA", "AB"]);
const sales = multi({ region: regions, day: days });
const now = Temporal.Instant.from("2026-11-21T12:00:00Z");

interface BadInput {
  readonly code: string;
  readonly says: RegExp;
  readonly remedy: RegExp;
  /** Where the mistake is, if it is inside something longer. */
  readonly at?: Readonly<Record<string, unknown>>;
  attempt(): unknown;
}

const table: Readonly<Record<string, BadInput>> = {
  "days that end before they start": {
    code: "PARTITIONS_INVALID",
    says: /end at "2026-11-01", before they start at "2026-11-02"/,
    remedy: /Turn start and end round/,
    attempt: () => daily({ start: "2026-11-02", end: "2026-11-01" }),
  },
  "hours that end before they start": {
    code: "PARTITIONS_INVALID",
    says: /before they start at "2026-11-02-05:00"/,
    remedy: /Turn start and end round/,
    attempt: () => hourly({ start: "2026-11-02-05:00", end: "2026-11-02-04:00" }),
  },
  "hours in a format of days": {
    code: "PARTITIONS_INVALID",
    says: /"%Y-%m-%d" gives several windows the same key: it has no %H/,
    remedy: /"%Y-%m-%d-%H:%M", or add %H/,
    attempt: () => hourly({ start: "2026-11-02", format: "%Y-%m-%d" }),
  },
  "days in a format of months": {
    code: "PARTITIONS_INVALID",
    says: /it has no %d/,
    remedy: /add %d/,
    attempt: () => daily({ start: "2026-11", format: "%Y-%m" }),
  },
  "months in a format of years": {
    code: "PARTITIONS_INVALID",
    says: /it has no %m/,
    remedy: /add %m/,
    attempt: () => monthly({ start: "2026", format: "%Y" }),
  },
  "half hours in a format of hours": {
    code: "PARTITIONS_INVALID",
    says: /it has no %M/,
    remedy: /add %M/,
    attempt: () => cronPartitions({ cron: "0,30 6 * * *", start: "2026-11-02 06", format: "%Y-%m-%d %H" }),
  },
  "a format without letters": {
    code: "PARTITIONS_INVALID",
    says: /it has no year \(%Y\)/,
    remedy: /Leave the format out/,
    attempt: () => weekly({ start: "week", format: "week" }),
  },
  "partitions of a cron that never fires": {
    code: "CRON_INVALID",
    says: /"0 0 30 2 \*" does not stand: it never fires/,
    remedy: /a day that one of its months has/,
    attempt: () => cronPartitions({ cron: "0 0 30 2 *", start: "2026-11-02-00:00" }),
  },
  "partitions of a cron that fires on 31 April and 31 June": {
    code: "CRON_INVALID",
    says: /it never fires/,
    remedy: /a day that one of its months has/,
    attempt: () => cronPartitions({ cron: "0 0 31 4,6 *", start: "2026-11-02-00:00" }),
  },
  "an exclusion that never comes": {
    code: "PARTITIONS_INVALID",
    says: /"0 0 30 2 \*": it never fires/,
    remedy: /mend the cron/,
    attempt: () => daily({ start: "2026-11-02", exclusions: ["0 0 30 2 *"] }),
  },
  "a schedule that never fires": {
    code: "CRON_INVALID",
    says: /"0 0 30 2 \*" does not stand: it never fires/,
    remedy: /a day that one of its months has/,
    at: { subject: 'schedule "nightly", cron' },
    attempt: () => nightly("0 0 30 2 *"),
  },
  "a schedule at 25 o'clock": {
    code: "CRON_INVALID",
    says: /the hour "25" is not a value from 0 to 23/,
    remedy: /five fields/,
    at: { subject: 'schedule "nightly", cron' },
    attempt: () => nightly("0 25 * * *"),
  },
  "a schedule in a zone that does not exist": {
    code: "TIMEZONE_INVALID",
    says: /no time zone "Africa\/Lagoss"/,
    remedy: /IANA/,
    at: { subject: 'schedule "nightly", timezone' },
    attempt: () => nightly("0 2 * * *", "Africa/Lagoss"),
  },
  "days in a zone that does not exist": {
    code: "TIMEZONE_INVALID",
    says: /no time zone "Afrika\/Lagos"/,
    remedy: /IANA/,
    attempt: () => daily({ start: "2026-11-02", timezone: "Afrika/Lagos" }),
  },
  "a backoff that has nothing to grow from": {
    code: "RETRY_INVALID",
    says: /exponential backoff has nothing to grow from/,
    remedy: /baseSeconds above 0/,
    at: { subject: 'asset "only", retry' },
    attempt: () =>
      define({
        assets: [asset({ key: "only", retry: retryPolicy({ baseSeconds: 0 }), materialize: () => undefined })],
      }),
  },
  "a selection with an unclosed parenthesis": {
    code: "SELECTION_SYNTAX",
    says: /at character 29: expected "and", "or" or "\)", found the end/,
    remedy: /^ {2}group:raw and \(raw\+ or clean\n {30}\^$/m,
    at: { column: 29 },
    attempt: () => parseSelection("group:raw and (raw+ or clean"),
  },
  "a selection whose function never closes": {
    code: "SELECTION_SYNTAX",
    says: /at character 10: expected "and", "or" or "\)", found the end/,
    remedy: /^ {2}sinks\(raw\n {11}\^$/m,
    at: { column: 10 },
    attempt: () => parseSelection("sinks(raw"),
  },
  "a parenthesis that was never opened": {
    code: "SELECTION_SYNTAX",
    says: /at character 4: expected "and", "or" or the end, found "\)"/,
    remedy: /^ {2}raw\) or clean\n {5}\^$/m,
    at: { column: 4 },
    attempt: () => parseSelection("raw) or clean"),
  },
  "a job whose selection never closes": {
    code: "SELECTION_SYNTAX",
    says: /at character 14: expected "and", "or" or "\)", found the end/,
    remedy: /\^/,
    at: { subject: 'job "all", select', column: 14 },
    attempt: () => define({ assets: [only], jobs: [job({ key: "all", select: "only or (only" })] }),
  },
  "a partition set over a dimension that is not there": {
    code: "PARTITION_FORMAT",
    says: /no dimension "tenant"/,
    remedy: /"region", "day"/,
    attempt: () => parsePartitions(sales, "tenant=x,day=last:2", { now }),
  },
  "a partition set of days over regions and days": {
    code: "PARTITION_FORMAT",
    says: /"2026-11-02" does not say which dimension/,
    remedy: /day=2026-11-02/,
    attempt: () => parsePartitions(sales, "2026-11-02", { now }),
  },
  "a partition set of regions over days": {
    code: "PARTITION_FORMAT",
    says: /"region=LA" is not written as "%Y-%m-%d"/,
    remedy: /"2026-11-01"/,
    attempt: () => parsePartitions(days, "region=LA", { now }),
  },
  "a key of other dimensions": {
    code: "PARTITION_FORMAT",
    says: /does not name each dimension once/,
    remedy: /region=…,day=…/,
    attempt: () => partitionOf(sales, { region: "LA", tenant: "x" }),
  },
  "counting a set in the wrong definition": {
    code: "PARTITION_SET",
    says: /"multi" does not belong to partitions of kind "time"/,
    remedy: /one definition/,
    attempt: () => countIn(days, existing(sales, now)),
  },
  "writing a set in the wrong definition": {
    code: "PARTITION_SET",
    says: /"time" does not belong to partitions of kind "multi"/,
    remedy: /one definition/,
    attempt: () => formatPartitions(sales, existing(days, now)),
  },
  "sets of unlike kinds": {
    code: "PARTITION_SET",
    says: /"time" and one of kind "keys"/,
    remedy: /one definition/,
    attempt: () => intersect(existing(days, now), existing(regions, now)),
  },
  "sets of unlike dimensions": {
    code: "PARTITION_SET",
    says: /unlike dimensions/,
    remedy: /one definition/,
    attempt: () => union(existing(sales, now), existing(multi({ state: regions, day: days }), now)),
  },
  "a mapping function that throws": {
    code: "MAPPING_FAILED",
    says: /^The mapping function of asset "below", deps\.above threw RangeError: no rates for the partition "2026-11-05"\.$/,
    remedy: /answer for all of them/,
    attempt: () =>
      mapped(() => {
        throw new RangeError("no rates");
      }),
  },
  "a mapping function that names an unknown key": {
    code: "MAPPING_FAILED",
    says: /^The mapping function of asset "below", deps\.above gave "ZZ" for the partition "2026-11-05"\. .*"ZZ"/,
    remedy: /LA/,
    attempt: () => mapped(() => "ZZ"),
  },
  "a mapping function that names one unknown key among known ones": {
    code: "MAPPING_FAILED",
    says: /deps\.above gave \["LA","ZZ"\] for the partition "2026-11-05"\. .*"ZZ"/,
    remedy: /LA/,
    attempt: () => mapped(() => ["LA", "ZZ"]),
  },
  "a mapping function that answers with no key at all": {
    code: "MAPPING_FAILED",
    says: /deps\.above gave 7 for the partition "2026-11-05"/,
    remedy: /Return a key/,
    attempt: () => mapped(() => 7),
  },
};

for (const [what, { code, says, remedy, at, attempt }] of Object.entries(table)) {
  test(`${what}: ${code}`, () => {
    const error = onlyProblem(refusalOf(attempt));
    assert.equal(error.code, code);
    assert.match(error.message, says);
    assert.match(error.hint ?? "", remedy);
    if (at !== undefined) assert.deepEqual(error.place, at);
  });
}

const only = asset({ key: "only", materialize: () => undefined });

function nightly(cron: string, timezone = "Africa/Lagos"): void {
  const all = job({ key: "all", select: "*" });
  define({ assets: [only], jobs: [all], schedules: [schedule({ key: "nightly", job: all, cron, timezone })] });
}

/** Asks a mapping from regions to days for the fifth of November. */
function mapped(answer: () => unknown): void {
  const map = customMapping(days, answer as () => never);
  const mapping = { ...map, subject: 'asset "below", deps.above' };
  const set = parsePartitions(days, "2026-11-05", { now });
  upstreamOf(mapping, { upstream: regions, downstream: days, set, now });
}

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly place?: unknown;
}

/** Of definitions the mistake that they hold: there is one, said once. */
function onlyProblem(error: IrokoError): Problem {
  requireRemedy(error);
  if (error.code !== "DEFINITIONS_INVALID") return error;
  const { problems } = error.details as { readonly problems: readonly Problem[] };
  assert.equal(problems.length, 1, error.message);
  return problems[0]!;
}

function refusalOf(attempt: () => unknown): IrokoError {
  try {
    attempt();
  } catch (error) {
    assert.ok(error instanceof IrokoError, String(error));
    return error;
  }
  return assert.fail("it was accepted");
}

function requireRemedy({ code, message, hint = "" }: IrokoError): void {
  assert.match(code, /^[A-Z_]+$/);
  assert.notEqual(message, "");
  assert.notEqual(hint, "", `${code} says what to do: ${message}`);
}
