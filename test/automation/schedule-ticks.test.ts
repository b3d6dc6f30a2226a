import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dueTicks,
  previewTicks,
  ticksRequest,
  type TickRequest,
} from "../../packages/core/src/automation/schedule-ticks.ts";
import { daily } from "../../packages/core/src/partitions/daily.ts";
import { fixed } from "../../packages/core/src/partitions/fixed.ts";
import { formatPartitions } from "../../packages/core/src/partitions/format-partitions.ts";
import { hourly } from "../../packages/core/src/partitions/hourly.ts";
import type { PartitionsDefinition } from "../../packages/core/src/partitions/partitions-definition.ts";

const timezone = "Africa/Lagos";
const days = daily({ start: "2026-11-01", timezone });
const nightly = { cron: "0 2 * * *", timezone, catchUp: "merge", partitions: "endedSinceLastTick" } as const;

/** On the clock in Lagos. */
const lagos = (time: string) => Temporal.PlainDateTime.from(time).toZonedDateTime(timezone).toInstant();

test("at 02:00 in Lagos a nightly schedule asks for yesterday", () => {
  const since = lagos("2026-11-04T12:00");
  assert.deepEqual(dueTicks(nightly, { since, now: lagos("2026-11-05T01:59:59.999") }).ticks, []);
  const { ticks } = dueTicks(nightly, { since, now: lagos("2026-11-05T02:00") });
  assert.deepEqual(ticks, [Temporal.Instant.from("2026-11-05T01:00:00Z")]);
  assert.deepEqual(asked(days, ticksRequest(nightly, days, { ticks })), ["2026-11-04"]);
});

test("a tick that was handled is not due again", () => {
  const lastHandled = lagos("2026-11-05T02:00");
  const due = dueTicks(nightly, { since: lagos("2026-11-01T00:00"), lastHandled, now: lagos("2026-11-05T23:00") });
  assert.deepEqual(due, { ticks: [], passedOver: 0 });
});

test("after two nights off, one run asks for three days", () => {
  const lastHandled = lagos("2026-11-05T02:00");
  const due = dueTicks(nightly, { since: lagos("2026-11-01T00:00"), lastHandled, now: lagos("2026-11-08T09:30") });
  assert.deepEqual(due, { ticks: [lagos("2026-11-08T02:00")], passedOver: 2 });
  const requests = ticksRequest(nightly, days, { ticks: due.ticks, lastHandled });
  assert.deepEqual(asked(days, requests), ["2026-11-05..2026-11-07"]);
});

test("catchUp each asks for every missed tick by itself", () => {
  const schedule = { ...nightly, catchUp: "each" } as const;
  const lastHandled = lagos("2026-11-05T02:00");
  const { ticks } = dueTicks(schedule, {
    since: lagos("2026-11-01T00:00"),
    lastHandled,
    now: lagos("2026-11-08T09:30"),
  });
  assert.deepEqual(asked(days, ticksRequest(schedule, days, { ticks, lastHandled })), [
    "2026-11-05",
    "2026-11-06",
    "2026-11-07",
  ]);
});

test("catchUp each takes a long outage a hundred ticks at a time", () => {
  const schedule = { ...nightly, cron: "* * * * *", catchUp: "each" } as const;
  const since = lagos("2026-11-01T00:00");
  const { ticks } = dueTicks(schedule, { since, now: lagos("2027-11-01T00:00") });
  assert.equal(ticks.length, 100);
  assert.deepEqual(ticks[0], lagos("2026-11-01T00:01"));
});

test("catchUp skip passes over what was missed, and what it would have asked for", () => {
  const schedule = { ...nightly, catchUp: "skip" } as const;
  const history = { since: lagos("2026-11-01T00:00"), lastHandled: lagos("2026-11-05T02:00") };
  assert.deepEqual(dueTicks(schedule, { ...history, now: lagos("2026-11-08T09:30") }), { ticks: [], passedOver: 3 });
  const onTime = dueTicks(schedule, { ...history, now: lagos("2026-11-09T02:00:01") });
  assert.deepEqual(onTime, { ticks: [lagos("2026-11-09T02:00")], passedOver: 3 });
  const requests = ticksRequest(schedule, days, { ticks: onTime.ticks, lastHandled: history.lastHandled });
  assert.deepEqual(asked(days, requests), ["2026-11-08"]);
});

test("latest asks for the window that ended last, however many ended since", () => {
  const requests = ticksRequest({ ...nightly, partitions: "latest" }, days, {
    ticks: [lagos("2026-11-08T02:00")],
    lastHandled: lagos("2026-11-05T02:00"),
  });
  assert.deepEqual(asked(days, requests), ["2026-11-07"]);
});

test("the first tick ever asks for one window, not for all history", () => {
  const requests = ticksRequest(nightly, days, { ticks: [lagos("2026-11-21T02:00")] });
  assert.deepEqual(asked(days, requests), ["2026-11-20"]);
});

test("a tick for which no window has ended asks for nothing, and says so", () => {
  const ticks = [lagos("2026-11-05T03:00"), lagos("2026-11-05T04:00")];
  const requests = ticksRequest({ ...nightly, cron: "0 * * * *" }, days, {
    ticks,
    lastHandled: lagos("2026-11-04T23:00"),
  });
  assert.deepEqual(asked(days, requests), ["2026-11-04", undefined]);
  assert.equal(requests[1]!.reason, "No window has ended since the tick of 2026-11-05T02:00:00Z.");
  const early = ticksRequest(nightly, daily({ start: "2027-01-01", timezone }), { ticks: [lagos("2026-11-21T02:00")] });
  assert.equal(early[0]!.reason, "No window has ended yet.");
});

test("fixed partitions are all asked for at each tick, and none of what has no partitions", () => {
  const ticks = [lagos("2026-11-05T02:00")];
  const regions = fixed(["LA", "AB"]);
  assert.deepEqual(asked(regions, ticksRequest(nightly, regions, { ticks, lastHandled: lagos("2026-11-04T02:00") })), [
    "LA, AB",
  ]);
  assert.deepEqual(ticksRequest(nightly, undefined, { ticks })[0]!.partitions, { kind: "unspecified" });
});

test("an edited cron changes what comes, not what was", () => {
  const edited = lagos("2026-11-05T12:00");
  const schedule = { ...nightly, cron: "0 6 * * *" };
  const history = { since: edited, lastHandled: lagos("2026-11-05T02:00") };
  assert.deepEqual(
    dueTicks(schedule, { ...history, now: lagos("2026-11-05T12:01") }).ticks,
    [],
    "06:00 of that day is gone",
  );
  assert.deepEqual(dueTicks(schedule, { ...history, now: lagos("2026-11-06T06:00") }).ticks, [
    lagos("2026-11-06T06:00"),
  ]);
});

test("a clock behind the newest event makes schedules wait, and says why", () => {
  const due = dueTicks(nightly, {
    since: lagos("2026-11-01T00:00"),
    now: lagos("2026-11-05T02:00"),
    newestEvent: lagos("2026-11-20T00:00"),
  });
  assert.deepEqual(due.ticks, []);
  assert.equal(due.waits, "The clock says 2026-11-05T01:00:00Z, but events are already at 2026-11-19T23:00:00Z.");
});

test("in London a skipped 01:30 fires at the end of the gap, a repeated one the second time", () => {
  const schedule = { ...nightly, cron: "30 1 * * *", timezone: "Europe/London" };
  const tickAfter = (since: string, now: string) =>
    dueTicks(schedule, { since: Temporal.Instant.from(since), now: Temporal.Instant.from(now) }).ticks.map(String);
  assert.deepEqual(tickAfter("2026-03-28T12:00Z", "2026-03-29T12:00Z"), ["2026-03-29T01:00:00Z"]);
  assert.deepEqual(tickAfter("2026-10-24T12:00Z", "2026-10-25T12:00Z"), ["2026-10-25T01:30:00Z"]);
});

test("in London a nightly tick asks for the whole day, of 23 hours and of 25", () => {
  const london = "Europe/London";
  const hours = hourly({ start: "2026-01-01-00:00", timezone: london });
  const schedule = { ...nightly, cron: "0 4 * * *", timezone: london };
  const windowsOf = (before: string, tick: string) => {
    const requests = ticksRequest(schedule, daily({ start: "2026-01-01", timezone: london }), {
      ticks: [Temporal.Instant.from(tick)],
      lastHandled: Temporal.Instant.from(before),
    });
    return asked(hours, requests);
  };
  assert.deepEqual(windowsOf("2026-03-29T03:00Z", "2026-03-30T03:00Z"), ["2026-03-29-00:00..2026-03-29-23:00"]);
  assert.deepEqual(windowsOf("2026-10-25T04:00Z", "2026-10-26T04:00Z"), ["2026-10-25-00:00..2026-10-25-23:00"]);
});

test("a preview tells the next ticks and what each will ask for", () => {
  const preview = previewTicks(nightly, days, {
    now: lagos("2026-11-21T04:00"),
    count: 3,
    lastHandled: lagos("2026-11-20T02:00"),
  });
  assert.deepEqual(
    preview.map(({ tick }) => tick.toString()),
    ["2026-11-22T01:00:00Z", "2026-11-23T01:00:00Z", "2026-11-24T01:00:00Z"],
  );
  assert.deepEqual(asked(days, preview), ["2026-11-20..2026-11-21", "2026-11-22", "2026-11-23"]);
});

function asked(definition: PartitionsDefinition, requests: readonly TickRequest[]): (string | undefined)[] {
  return requests.map(({ partitions }) =>
    partitions?.kind === "set" ? formatPartitions(definition, partitions.set) : undefined,
  );
}
