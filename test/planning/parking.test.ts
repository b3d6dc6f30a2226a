/** Which deaths park a step: those of its own process, and a worker's only when nothing else is left to have caused it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeDeathOf, isParked, type Death } from "../../packages/core/src/planning/parking.ts";

const child: Death = { of: "child", attempt: 1, cause: "killed", signal: "SIGKILL", code: null, oomKills: 0 };
const worker: Death = { of: "worker", attempt: 1, cause: "killed", unexplained: true, alone: false };

test("three deaths of its own process park a step, two do not", () => {
  assert.equal(isParked([child, child]), false);
  assert.equal(isParked([child, worker, child, child]), true);
});

test("workers' deaths never do, however many, unless nothing else ran there and nothing else explains it", () => {
  assert.equal(isParked(Array.from({ length: 20 }, () => worker)), false);
  assert.equal(isParked([{ ...worker, cause: "machine restarted", unexplained: false, alone: true }]), false);
  assert.equal(isParked([worker, worker, { ...worker, alone: true }]), true);
});

test("while other workers are killed, too, which never had the step, it takes three deaths alone", () => {
  const amid: Death = { ...worker, alone: true, widespread: true };
  assert.equal(isParked([amid, amid]), false);
  assert.equal(isParked([amid, amid, amid]), true);
  assert.equal(isParked([amid, { ...amid, widespread: false }]), true);
});

test("a death is told in a line", () => {
  assert.equal(describeDeathOf(child), "attempt 1: its process was killed by SIGKILL");
  assert.equal(
    describeDeathOf({ ...child, cause: "out of memory" }),
    "attempt 1: its process was ended for want of memory",
  );
  assert.equal(
    describeDeathOf({ ...child, cause: "exited", signal: null, code: 7 }),
    "attempt 1: its process ended with exit code 7",
  );
  assert.equal(
    describeDeathOf({ ...worker, host: "shop-3", alone: true }),
    "attempt 1: its worker on shop-3 was killed, nothing else running there",
  );
});
