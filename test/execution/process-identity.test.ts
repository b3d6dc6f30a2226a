/** A process is taken for gone only where its id can mean no other, and nobody has it, or somebody who was started later. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { test } from "node:test";
import {
  isProcessGone,
  ownIdentity,
  type ProcessIdentity,
} from "../../packages/core/src/execution/process-identity.ts";

const skip = existsSync("/proc/self/ns/pid") ? false : "it needs /proc";
const here = ownIdentity();

test("this very process is there; under its id, one that was started at another moment is not", { skip }, () => {
  const own = here as ProcessIdentity;
  assert.equal(isProcessGone(process.pid, own, here), false);
  assert.equal(isProcessGone(process.pid, { ...own, started: own.started - 1 }, here), true);
});

test("a process that was killed is gone, and one that is frozen is not", { skip }, async () => {
  const child = spawn("sleep", ["60"]);
  const pid = child.pid!;
  const identity = { ...(here as ProcessIdentity), started: startOf(pid) };
  child.kill("SIGSTOP");
  assert.equal(isProcessGone(pid, identity, here), false);
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
  assert.equal(isProcessGone(pid, identity, here), true);
});

test("of another machine, another start of it or another container nothing is known", { skip }, () => {
  const own = here as ProcessIdentity;
  assert.equal(isProcessGone(2 ** 22 + 1, own, here), true, "no process has such an id");
  assert.equal(isProcessGone(2 ** 22 + 1, { ...own, space: `${own.space}0` }, here), false);
  assert.equal(isProcessGone(2 ** 22 + 1, own, undefined), false);
});

function startOf(pid: number): number {
  for (let started = here!.started; ; started += 1)
    if (!isProcessGone(pid, { space: here!.space, started }, here)) return started;
}
