/** The lines by which the instance's page says what is well and what is not, worked out without a browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Health } from "@iroko/core/client";
import { healthLines, type Known } from "../../../packages/ui/page/src/pages/instance/health-lines.ts";

const now = "2026-11-06T10:00:00Z";
const nowMs = Date.parse(now);
const before = (seconds: number): string => new Date(nowMs - seconds * 1000).toISOString();
const worker: Health["workers"][number] = {
  id: "w",
  location: "shops",
  host: "board",
  pid: 1,
  slots: 2,
  running: 0,
  draining: false,
  startedAt: before(100),
  secondsAhead: 0,
  roundTripMs: 1,
  loopDelayMs: 1,
  alive: true,
};
const well: Known = {
  health: { status: "ok", clock: { here: now, postgres: now, secondsAhead: 0.4 }, locations: [], workers: [worker] },
  queues: [],
  pools: [{ name: "bank", slots: 2, running: 1 }],
  store: { unpublished: 0, uploads: 0, built: 0, sentBytes: 0, receivedBytes: 0 },
  database: {
    version: "18.1",
    startedAt: before(9_000),
    sizeBytes: 2048,
    connections: 5,
    mostConnections: 100,
    oldestTransactionAt: null,
  },
  locations: [{ name: "shops", version: 3, registeredAt: before(50), hash: "h", current: true }],
};
const wrong = (changes: Partial<Known>): readonly (readonly unknown[])[] =>
  healthLines({ ...well, ...changes }, nowMs)
    .filter(({ state }) => state !== "ok")
    .map(({ state, about, since, command, remedy }) => [state, about, since, command ?? remedy]);

test("an instance that is well has a line for each of its parts, with since when it is so", () => {
  assert.deepEqual(
    healthLines(well, nowMs).map(({ state, about, since }) => [state, about, since]),
    [
      ["ok", "code of shops", before(50)],
      ["ok", "workers", before(100)],
      ["ok", "clock", null],
      ["ok", "queue", null],
      ["ok", "store", null],
      ["ok", "database", before(9_000)],
    ],
  );
});

test("what is not known yet is neither well nor wrong", () => {
  const nothing = { health: undefined, queues: undefined, pools: undefined, store: undefined };
  assert.deepEqual(healthLines({ ...nothing, database: undefined, locations: undefined }, nowMs), []);
});

test("what is wrong comes first, with its age and the command or the deed that mends it", () => {
  const gone = { ...well.health!, workers: [{ ...worker, alive: false }] };
  const queues = [{ location: "shops", ready: 3, admitted: 3, deferred: 0, running: 0, waitingSince: before(90) }];
  assert.deepEqual(wrong({ health: gone, queues }), [
    ["error", "workers", null, "iroko worker"],
    ["error", "queue of shops", before(90), "iroko worker --location shops"],
  ]);
  assert.match(String(wrong({ queues })[0]), /^warning,queue of shops,.*,Every slot is taken/);
  assert.deepEqual(wrong({ queues: [{ ...queues[0]!, waitingSince: before(3) }] }), [], "that is how a queue looks");
  assert.deepEqual(wrong({ locations: [] }), [["error", "code", null, "iroko deploy"]]);
  assert.deepEqual(wrong({ pools: [{ name: "bank", slots: 0, running: 0 }] }), [
    ["warning", "pool bank", null, "iroko pools set bank 1"],
  ]);
  assert.deepEqual(wrong({ store: { ...well.store!, unpublished: 4 } }), [
    ["warning", "store", null, "iroko doctor --strict --repair"],
  ]);
  const full = { ...well.database!, connections: 95, oldestTransactionAt: before(7_200) };
  assert.deepEqual(
    wrong({ database: full }).map(([state, about, since]) => [state, about, since]),
    [
      ["warning", "database", null],
      ["warning", "database", before(7_200)],
    ],
  );
  const late = { ...well.health!, workers: [{ ...worker, secondsAhead: 60, loopDelayMs: 900 }] };
  assert.deepEqual(
    wrong({ health: late }).map(([state, about]) => [state, about]),
    [
      ["warning", "worker on board"],
      ["warning", "worker on board"],
    ],
  );
});
