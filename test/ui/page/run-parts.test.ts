/** What the page works out of a run, without a browser: a step's bars over time, what is chosen to be made again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attempt } from "@iroko/core/client";
import {
  chosenIn,
  nothingChosen,
  queryOf,
  repetitionIn,
  repetitionOf,
  toggled,
} from "../../../packages/ui/page/src/pages/run/choose-again.ts";
import { barsOfState } from "../../../packages/ui/page/src/pages/run/group-bars.ts";
import { barsOf } from "../../../packages/ui/page/src/pages/run/step-bars.ts";

const at = (second: number): string => new Date(second * 1000).toISOString();
const shown = { from: 0, to: 100_000 };
const attempt = (n: number, from: number, to: number, more: Partial<Attempt>): Attempt => ({
  step: 0,
  attempt: n,
  startedAt: at(from),
  endedAt: at(to),
  outcome: "failed",
  error: null,
  reason: "",
  retryAt: null,
  ...more,
});
const step: Parameters<typeof barsOf>[0] = {
  attempt: 0,
  status: "blocked",
  readyAt: null,
  startedAt: null,
  endedAt: null,
  deferredReason: null,
  error: null,
};

test("each attempt is a bar, and between them stands what was waited for", () => {
  const bars = barsOf(
    { ...step, attempt: 4, status: "succeeded", readyAt: at(0), startedAt: at(80), endedAt: at(90) },
    [
      attempt(1, 10, 20, {
        error: { code: "SQL_FAILED", message: "no table" },
        reason: "retry 1 of 3 after SQL_FAILED",
      }),
      attempt(2, 30, 40, { outcome: "lost", reason: "its worker was lost" }),
      attempt(3, 40, 50, { outcome: "deferred", reason: "the window opens at 22:00" }),
    ],
    shown,
  );
  assert.deepEqual(
    bars.map(({ state, left, width }) => [state, left, width]),
    [
      ["wait", 0, 10],
      ["failed", 10, 10],
      ["wait", 20, 10],
      ["lost", 30, 10],
      ["deferred", 40, 10],
      ["wait", 50, 30],
      ["succeeded", 80, 10],
    ],
  );
  assert.deepEqual(
    bars.map(({ says }) => says),
    [
      "waited for a free slot, 10 s",
      "attempt 1 failed: SQL_FAILED no table, 10 s",
      "waited: retry 1 of 3 after SQL_FAILED, 10 s",
      "attempt 2 was lost: its worker was lost, 10 s",
      "attempt 3 was put off: the window opens at 22:00, 10 s",
      "waited: the window opens at 22:00, 30 s",
      "attempt 4 succeeded, 10 s",
    ],
  );
});

test("what runs goes on until now, what is held waits until now, and what is blocked has no bar", () => {
  assert.deepEqual(barsOf(step, [], shown), []);
  const running = barsOf({ ...step, attempt: 1, status: "running", readyAt: at(60), startedAt: at(60) }, [], shown);
  assert.deepEqual(
    running.map(({ state, left, width }) => [state, left, width]),
    [["running", 60, 40]],
  );
  const held = {
    ...step,
    attempt: 1,
    status: "ready",
    readyAt: at(0),
    startedAt: at(0),
    deferredReason: "no disk",
  } as const;
  const bars = barsOf(held, [attempt(1, 0, 70, { reason: "no disk" })], shown);
  assert.deepEqual(
    bars.map(({ state, left, width, says }) => [state, left, width, says]),
    [
      ["failed", 0, 70, "attempt 1 failed: no disk, 1 min 10 s"],
      ["wait", 70, 30, "waits: no disk, 30 s"],
    ],
  );
});

test("rows of a list come to a selection and a set of partitions, which the address keeps", () => {
  const rows = [
    { id: "1", assets: ["raw"], partitions: "2026-11-01", status: "failed" },
    { id: "2", assets: ["raw", "a-b"], partitions: "2026-11-02..2026-11-04", status: "skipped" },
    { id: "3", assets: ["plain"], partitions: "", status: "succeeded" },
  ];
  assert.deepEqual(
    repetitionOf(rows.slice(0, 2)),
    {
      select: "",
      partitions: "",
      only: [
        { select: "raw", partitions: "2026-11-01 or 2026-11-02..2026-11-04" },
        { select: '"a-b"', partitions: "2026-11-02..2026-11-04" },
      ],
      fromStart: false,
    },
    "each asset with its own partitions",
  );
  const [first, second] = [rows[0]!, rows[1]!];
  assert.deepEqual(repetitionOf([first, { ...first, id: "4", assets: ["a-b"] }, second]), {
    select: 'raw or "a-b"',
    partitions: "2026-11-01 or 2026-11-02..2026-11-04",
    only: [],
    fromStart: false,
  });
  assert.deepEqual(repetitionOf(rows.slice(2)), { select: "plain", partitions: "", only: [], fromStart: true });
  const query = new URLSearchParams(toggled(rows, new Set(["1"]), "2"));
  assert.deepEqual([...chosenIn(query)], ["1", "2"]);
  assert.deepEqual(repetitionIn(query), repetitionOf(rows.slice(0, 2)));
  assert.deepEqual(
    [...chosenIn(new URLSearchParams(toggled(rows, chosenIn(query), "1")))],
    ["2"],
    "pressed again, it is chosen no longer",
  );
  assert.deepEqual(
    Object.keys(nothingChosen).toSorted(),
    ["chosen", ...Object.keys(queryOf(repetitionIn(query)))].toSorted(),
  );
});

test("of an asset the steps of a state are drawn from when the first of them began to when the last ended", () => {
  const state = { partitions: "", first: 0, startedAt: at(20), endedAt: at(45) };
  const [made] = barsOfState({ ...state, status: "succeeded", steps: 1_300 }, shown);
  assert.deepEqual(made, {
    state: "succeeded",
    left: 20,
    width: 25,
    says: "1,300 steps succeeded, from 20 s to 45 s after the run began",
  });
  const [running] = barsOfState({ ...state, status: "running", steps: 2, endedAt: null }, shown);
  assert.deepEqual(
    [running!.left, running!.width, running!.says],
    [20, 80, "2 steps running, since 20 s after the run began"],
  );
  const [held] = barsOfState({ ...state, status: "held", steps: 1, startedAt: null, endedAt: null }, shown);
  assert.deepEqual([held!.state, held!.left, held!.width, held!.says], ["wait", 0, 100, "1 step is held"]);
  const skipped = barsOfState({ ...state, status: "skipped", steps: 1, startedAt: null, endedAt: at(30) }, shown);
  assert.deepEqual(skipped, [], "what was skipped never ran");
});
