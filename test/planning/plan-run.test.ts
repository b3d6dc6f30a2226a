import assert from "node:assert/strict";
import { test } from "node:test";
import { assetGraph } from "../../packages/core/src/graph/asset-graph.ts";
import { IrokoError } from "../../packages/core/src/errors.ts";
import { daily } from "../../packages/core/src/partitions/daily.ts";
import { existing } from "../../packages/core/src/partitions/existing.ts";
import { fixed } from "../../packages/core/src/partitions/fixed.ts";
import { formatPartitions } from "../../packages/core/src/partitions/format-partitions.ts";
import { hourly } from "../../packages/core/src/partitions/hourly.ts";
import { multi } from "../../packages/core/src/partitions/multi.ts";
import { allPartitions } from "../../packages/core/src/partitions/mapping.ts";
import { parsePartitions } from "../../packages/core/src/partitions/parse-partitions.ts";
import { partitionOf, partitionsIn } from "../../packages/core/src/partitions/partitions-in.ts";
import { unpartitioned } from "../../packages/core/src/partitions/partitions-definition.ts";
import { emptySetOf, keySet } from "../../packages/core/src/partitions/set-algebra.ts";
import type { Snapshot } from "../../packages/core/src/definitions/snapshot.ts";
import type { AssetState, PlanningState } from "../../packages/core/src/graph/asset-state.ts";
import type { PlanRequest } from "../../packages/core/src/planning/plan.ts";
import { planRun } from "../../packages/core/src/planning/plan-run.ts";
import { wholePlan } from "../../packages/core/src/planning/expand-plan.ts";
import { buildSnapshot } from "../support/build-snapshot.ts";
import { plain } from "../support/plain.ts";
import { versionState, type CurrentVersion } from "../support/version-state.ts";

const now = Temporal.Instant.from("2026-11-08T01:00:00Z"); // 02:00 in Lagos: the 7th has just ended
const timezone = "Africa/Lagos";
const days = daily({ start: "2026-11-01", timezone });
const hours = hourly({ start: "2026-11-01-00:00", timezone });

/** The pipeline of the example. */
const pos = buildSnapshot(
  {
    buffer: { external: true, observable: true, partitions: days },
    raw: { deps: ["buffer"], partitions: days, compute: "landing", backfill: { kind: "range" } },
    quarantine: { deps: ["buffer"], partitions: days, compute: "landing", backfill: { kind: "range" } },
    merchants: {},
    cleaned: {
      deps: [
        "raw",
        "merchants",
        {
          key: "raw_history",
          weak: true,
          mapping: { kind: "timeWindow", startOffset: -3, endOffset: -1, allowNonexistent: true },
        },
      ],
      partitions: days,
    },
    raw_history: { partitions: days },
    revenue: { deps: ["cleaned"], partitions: days },
  },
  [{ asset: "cleaned", name: "conserved", blocking: true, deps: ["raw"] }],
);

test("a day of everything: unpartitioned assets first, then the chain, the check before what reads its asset", () => {
  const plan = planned(pos, { select: "* and not key:raw_history", partitions: { kind: "text", text: "2026-11-02" } });
  assert.deepEqual(labels(plan), [
    "merchants",
    "landing@2026-11-02",
    "cleaned@2026-11-02",
    "cleaned:conserved@2026-11-02",
    "revenue@2026-11-02",
  ]);
  assert.deepEqual(arrows(plan), ["0>2", "1>2", "1>3", "2>3", "2>4", "3>4"]);
  assert.deepEqual(plan.steps[1]!.assets, ["raw", "quarantine"]);
});

test("a week: the range policy makes one step, and each day is finished before the next", () => {
  const select = "+revenue and not key:raw_history";
  const plan = planned(pos, { select, partitions: { kind: "text", text: "2026-11-01..2026-11-03" } });
  assert.deepEqual(labels(plan), [
    "merchants",
    "landing@2026-11-01..2026-11-03",
    ...["2026-11-01", "2026-11-02", "2026-11-03"].flatMap((day) => [
      `cleaned@${day}`,
      `cleaned:conserved@${day}`,
      `revenue@${day}`,
    ]),
  ]);
  assert.deepEqual(plan.steps[1]!.assets, ["raw"], "only the output that was selected");
});

test("newest first turns the order of partitions round, never that of the graph", () => {
  const plan = planned(pos, {
    select: "+revenue and not key:raw_history",
    partitions: { kind: "text", text: "2026-11-01..2026-11-02" },
    order: "newest",
    backfill: "perPartition",
  });
  assert.deepEqual(
    labels(plan).filter((label) => !label.includes(":conserved")),
    [
      "merchants",
      "landing@2026-11-02",
      "cleaned@2026-11-02",
      "revenue@2026-11-02",
      "landing@2026-11-01",
      "cleaned@2026-11-01",
      "revenue@2026-11-01",
    ],
  );
});

test("the order list follows the text, across definitions and dimensions, oldest first within what it names", () => {
  const snapshot = buildSnapshot({
    clicks: { partitions: hours, backfill: { kind: "batches", size: 12 } },
    sessions: { partitions: days, deps: ["clicks"] },
    total: { deps: ["sessions"] },
  });
  const plan = planned(snapshot, {
    select: "*",
    partitions: { kind: "text", text: "2026-11-05,2026-11-02..2026-11-03" },
    order: "list",
  });
  const made = labels(plan).filter((label) => !label.startsWith("clicks"));
  assert.deepEqual(made, ["sessions@2026-11-05", "sessions@2026-11-02", "sessions@2026-11-03", "total"]);
  assert.deepEqual(labels(plan).slice(0, 4), [
    "clicks@2026-11-05-00:00..2026-11-05-11:00",
    "clicks@2026-11-05-12:00..2026-11-05-23:00",
    "sessions@2026-11-05",
    "clicks@2026-11-02-00:00..2026-11-02-11:00",
  ]);
  const sales = multi({ region: fixed(["LA", "AB"]), day: days });
  const byRegion = planned(buildSnapshot({ sales: { partitions: sales } }), {
    select: "*",
    partitions: { kind: "text", text: "region=AB|LA,day=2026-11-02|2026-11-01" },
    order: "list",
  });
  assert.deepEqual(
    byRegion.steps.map(({ partitions }) => formatPartitions(sales, partitions)),
    ["AB 2026-11-02", "AB 2026-11-01", "LA 2026-11-02", "LA 2026-11-01"].map((name) => {
      const [region, day] = name.split(" ");
      return `region=${region},day=${day}`;
    }),
  );
});

test("of several dimensions a range is a box without a gap in time, and a batch goes along time", () => {
  const sales = multi({ region: fixed(["LA", "AB"]), day: days });
  const stepsBy = (backfill: NonNullable<PlanRequest["backfill"]>): string[] => {
    const request = { select: "*", partitions: { kind: "missing" }, backfill } as const;
    const made = parsePartitions(sales, "region=LA,day=2026-11-04", { now });
    const snapshot = buildSnapshot({ sales: { partitions: sales } });
    const plan = planned(snapshot, request, stateWith(snapshot, { sales: { materialized: made } }));
    return plan.steps.map(({ partitions }) => formatPartitions(sales, partitions));
  };
  assert.deepEqual(stepsBy("range"), [
    "region=LA,day=2026-11-01..2026-11-03",
    "region=AB,day=2026-11-01..2026-11-07",
    "region=LA,day=2026-11-05..2026-11-07",
  ]);
  assert.equal(stepsBy("perPartition").length, 13);
  assert.deepEqual(stepsBy({ batches: 4 }), [
    "region=LA,day=2026-11-01..2026-11-03",
    "region=AB,day=2026-11-01..2026-11-04",
    "region=LA,day=2026-11-05..2026-11-07",
    "region=AB,day=2026-11-05..2026-11-07",
  ]);
});

test("batches never span a gap", () => {
  const plan = planned(buildSnapshot({ raw: { partitions: days } }), {
    select: "raw",
    partitions: { kind: "text", text: "2026-11-01..2026-11-03,2026-11-05..2026-11-06" },
    backfill: { batches: 2 },
  });
  assert.deepEqual(labels(plan), ["raw@2026-11-01..2026-11-02", "raw@2026-11-03", "raw@2026-11-05..2026-11-06"]);
});

test("a day of a daily asset asks for the 24 hours of an hourly one above it", () => {
  const snapshot = buildSnapshot({
    clicks: { partitions: hours },
    sessions: { partitions: days, deps: ["clicks"] },
    report: { deps: ["sessions"] },
  });
  const plan = planned(snapshot, { select: "*", partitions: { kind: "text", text: "2026-11-02" } });
  assert.equal(plan.steps.filter(({ name }) => name === "clicks").length, 24);
  assert.equal(labels(plan)[0], "clicks@2026-11-02-00:00");
  assert.deepEqual(labels(plan).slice(-2), ["sessions@2026-11-02", "report"]);
  assert.equal(plan.edges.filter(({ to }) => to === 24).length, 24);
});

test("an hour asks for the day below that reads it", () => {
  const snapshot = buildSnapshot({ clicks: { partitions: hours }, sessions: { partitions: days, deps: ["clicks"] } });
  const state = stateWith(snapshot, { clicks: madeAll(hours) });
  const plan = planned(snapshot, { select: "*", partitions: { kind: "text", text: "2026-11-02-05:00" } }, state);
  assert.deepEqual(labels(plan), ["clicks@2026-11-02-05:00", "sessions@2026-11-02"]);
});

test("all hours feed all regions through a gate", () => {
  const snapshot = buildSnapshot({
    days: { partitions: days },
    regions: { partitions: fixed(["LA", "AB", "KN"]), deps: [{ key: "days", mapping: allPartitions }] },
  });
  const plan = planned(snapshot, { select: "*", partitions: { kind: "text", text: "all" } });
  const gates = plan.steps.filter(({ kind }) => kind === "gate");
  assert.equal(gates.length, 1);
  assert.equal(plan.edges.length, 7 + 3);
  assert.deepEqual(labels(plan).slice(-3), ["regions@LA", "regions@AB", "regions@KN"]);
  assertTopological(plan);
});

test("an unpartitioned asset that nothing changed is skipped, with the reason", () => {
  const state = stateWith(pos, { merchants: { materialized: keySet([""]) } });
  const request = { select: "+revenue", partitions: { kind: "text", text: "2026-11-02" } } as const;
  const plan = planned(pos, request, state);
  assert.ok(!labels(plan).includes("merchants"));
  assert.deepEqual(plan.skipped, [
    { asset: "merchants", partitions: keySet([""]), reason: "nothing has changed since it was made" },
  ]);
  assert.ok(labels(planned(pos, { ...request, force: true }, state)).includes("merchants"), "unless forced");
  assert.deepEqual(
    labels(planned(pos, { select: "merchants", partitions: { kind: "unspecified" } }, state)),
    ["merchants"],
    "or all that was asked for",
  );
});

test("an unpartitioned asset is made again when it is stale or failed", () => {
  const request = { select: "+cleaned", partitions: { kind: "text", text: "2026-11-02" } } as const;
  const old = { partitions: keySet([""]), codeVersion: "before", reads: [] };
  const stale = stateWith(pos, { merchants: { materialized: keySet([""]), origins: [old] } });
  assert.equal(planned(pos, request, stale).steps[0]!.reason, "its code changed");
  const failed = stateWith(pos, { merchants: { materialized: keySet([""]), failed: keySet([""]) } });
  assert.equal(planned(pos, request, failed).steps[0]!.reason, "failed last time");
});

test("an unpartitioned asset below waits for all, and is made because of them", () => {
  const snapshot = buildSnapshot({ raw: { partitions: days }, total: { deps: ["raw"] } });
  const state = stateWith(snapshot, { raw: madeAll(days), total: { materialized: keySet([""]) } });
  const plan = planned(snapshot, { select: "*", partitions: { kind: "text", text: "2026-11-01..2026-11-02" } }, state);
  assert.deepEqual(labels(plan), ["raw@2026-11-01", "raw@2026-11-02", "total"]);
  assert.deepEqual(arrows(plan), ["0>2", "1>2"]);
  assert.equal(plan.steps[2]!.reason, "upstream will be remade");
});

test("a summary of all days needs some of them, not every one", () => {
  const snapshot = buildSnapshot({ raw: { partitions: days }, total: { deps: ["raw"] } });
  const one = planned(snapshot, { select: "*", partitions: { kind: "text", text: "2026-11-03" } });
  assert.deepEqual(labels(one), ["raw@2026-11-03", "total"]);
  const none = refusal(() => planned(snapshot, { select: "total", partitions: { kind: "unspecified" } }));
  assert.equal(none.code, "PLAN_INPUT_MISSING");
});

test("missing asks for what was never made, and for nothing when all is there", () => {
  const snapshot = buildSnapshot({ raw: { partitions: days }, revenue: { partitions: days, deps: ["raw"] } });
  const raw = { materialized: parsePartitions(days, "2026-11-01..2026-11-05", { now }) };
  const state = stateWith(snapshot, { raw, revenue: { materialized: parsePartitions(days, "2026-11-01", { now }) } });
  const plan = planned(
    snapshot,
    { select: "*", partitions: { kind: "missing", within: "2026-11-04..2026-11-06" } },
    state,
  );
  assert.deepEqual(labels(plan), ["revenue@2026-11-04", "revenue@2026-11-05", "raw@2026-11-06", "revenue@2026-11-06"]);
  assert.deepEqual(arrows(plan), ["2>3"]);
  const asText = planned(snapshot, { select: "raw", partitions: { kind: "text", text: "missing" } }, state);
  assert.deepEqual(labels(asText), ["raw@2026-11-06", "raw@2026-11-07"]);
  const nothing = planned(snapshot, { select: "*", partitions: { kind: "missing", within: "2026-11-01" } }, state);
  assert.deepEqual([nothing.stepCount, nothing.steps, nothing.assets, nothing.skipped], [0, [], [], []]);
});

test("failed asks for what failed last time, made before or not", () => {
  const snapshot = buildSnapshot({ raw: { partitions: days } });
  const failed = parsePartitions(days, "2026-11-03,2026-11-05", { now });
  const plan = planned(
    snapshot,
    { select: "raw", partitions: { kind: "failed" } },
    stateWith(snapshot, { raw: { ...madeAll(days), failed } }),
  );
  assert.deepEqual(labels(plan), ["raw@2026-11-03", "raw@2026-11-05"]);
});

test("stale repairs the days that late records touched, what depends on them, and nothing else", () => {
  const plan = planned(
    pos,
    { select: "*", partitions: { kind: "stale" } },
    settledPos({ late: ["2026-11-02", "2026-11-05"] }),
  );
  assert.deepEqual(
    labels(plan),
    ["2026-11-02", "2026-11-05"].flatMap((day) =>
      [`landing`, `cleaned`, `cleaned:conserved`, `revenue`].map((name) => `${name}@${day}`),
    ),
  );
  assert.equal(plan.steps[0]!.reason, "buffer changed");
  assert.equal(plan.steps[1]!.reason, "upstream will be remade");
  assert.deepEqual(
    plan.steps.slice(0, 4).map(({ onlyIfChanged = false }) => onlyIfChanged),
    [false, true, false, true],
    "what is above may come out as it was",
  );
  assert.deepEqual(planned(pos, { select: "*", partitions: { kind: "stale" } }, settledPos()).steps, []);
});

test("a stale upstream that is not selected makes nothing below it: remaking would change nothing", () => {
  const changed = settledPos({ late: ["2026-11-02"] });
  assert.deepEqual(planned(pos, { select: "revenue", partitions: { kind: "stale" } }, changed).steps, []);
});

test("an observable external asset that is selected is observed first, and holds nobody back by failing", () => {
  const plan = planned(pos, { select: "buffer or raw", partitions: { kind: "text", text: "2026-11-02..2026-11-03" } });
  assert.deepEqual(
    plan.steps.map(({ kind, name }) => `${kind} ${name}`),
    ["observe buffer", "materialize landing"],
  );
  assert.deepEqual(plan.edges, [{ from: 0, to: 1, weak: true }]);
});

test("a weak dependency only orders: its edges are weak, and nothing is missed", () => {
  const plan = planned(pos, {
    select: "cleaned or raw_history or raw or merchants",
    partitions: { kind: "text", text: "2026-11-04..2026-11-05" },
  });
  const history = plan.steps.find(
    ({ name, partitions }) => name === "raw_history" && text(partitions) === "2026-11-04",
  )!;
  const cleaned = plan.steps.find(({ name, partitions }) => name === "cleaned" && text(partitions) === "2026-11-05")!;
  assert.ok(plan.edges.some((edge) => edge.from === history.n && edge.to === cleaned.n && edge.weak));
});

test("an input that nobody has made is refused, with the command that makes it too", () => {
  const refused = refusal(() =>
    planned(pos, { select: "revenue", partitions: { kind: "text", text: "2026-11-02..2026-11-03" } }),
  );
  assert.equal(refused.code, "PLAN_INPUT_MISSING");
  assert.equal(
    refused.message,
    "revenue reads cleaned@2026-11-02..2026-11-03, which has not been made and is not part of this plan.",
  );
  assert.equal(refused.hint, "Add what is above: --select '+revenue'.");
});

test("bad requests are refused by their own codes", () => {
  const refusalOf = (select: string, partitions: PlanRequest["partitions"]) =>
    refusal(() => planned(pos, { select, partitions }));
  const ofText = (written: string) => refusalOf("+revenue", { kind: "text", text: written }).code;
  assert.equal(ofText("2026-11-08"), "PARTITION_OPEN");
  assert.equal(refusalOf("raw", { kind: "text", text: "2026-11-08" }).place?.subject, 'asset "raw"');
  assert.equal(ofText("2026-12-08"), "PARTITION_FUTURE");
  assert.equal(ofText("2026-10-08"), "PARTITION_NOT_FOUND");
  assert.equal(ofText("8 November"), "PARTITION_FORMAT");
  assert.equal(ofText("2026-11-03..2026-11-01"), "PARTITION_RANGE");
  assert.equal(refusalOf("revenu", { kind: "text", text: "all" }).code, "ASSET_NOT_FOUND");
  assert.equal(refusalOf("group:none", { kind: "text", text: "all" }).code, "SELECTION_EMPTY");
  const unspecified = refusalOf("revenue", { kind: "unspecified" });
  assert.equal(unspecified.code, "PARTITION_UNSPECIFIED");
  assert.equal(unspecified.hint, "Add --partition 2026-11-07, --partition all, --missing or --stale.");
});

test("a chain over 100,000 days has a step a day and an arrow between each two, and no gate", () => {
  const partitions = daily({ start: "1753-01-22", timezone });
  const snapshot = buildSnapshot({
    a: { partitions },
    b: { partitions, deps: ["a"] },
    c: { partitions, deps: ["b"] },
  });
  const plan = planned(snapshot, { select: "*", partitions: { kind: "text", text: "all" } });
  assert.ok(plan.steps.length > 300_000);
  assert.equal(plan.edges.length, (plan.steps.length / 3) * 2);
});

/** A plan with what it expands to. */
type Plan = ReturnType<typeof planned>;

function planned(snapshot: Snapshot, request: PlanRequest, state: PlanningState = { assets: new Map() }) {
  const plan = planRun({ snapshot, request, state, now });
  const expanded = wholePlan(assetGraph(snapshot), plan, now);
  assert.equal(
    plan.stepCount,
    expanded.steps.filter(({ kind }) => kind !== "gate").length,
    "counted without expansion",
  );
  if (expanded.steps.length < 10_000) {
    const again = planRun({ snapshot, request, state, now });
    assert.deepEqual(
      plain({ ...again, ...wholePlan(assetGraph(snapshot), again, now) }),
      plain({ ...plan, ...expanded }),
    );
  }
  assertTopological(expanded);
  return { ...plan, ...expanded };
}

function assertTopological({ steps, edges }: Pick<Plan, "steps" | "edges">): void {
  steps.forEach(({ n }, index) => assert.equal(n, index));
  for (const { from, to } of edges) assert.ok(from < to, `${from} before ${to}`);
  assert.equal(new Set(edges.map(({ from, to }) => `${from} ${to}`)).size, edges.length, "each edge once");
}

function labels({ steps }: Plan): string[] {
  return steps.map(({ name, partitions }) => (text(partitions) === "" ? name : `${name}@${text(partitions)}`));
}

function text(partitions: Plan["steps"][number]["partitions"]): string {
  if (partitions.kind !== "time") return partitions.kind === "keys" ? partitions.keys.join(",") : "";
  const hour = partitions.windows.some(({ start, end }) => start.until(end).total("hours") < 24);
  return formatPartitions(hour ? hours : days, partitions);
}

function arrows({ edges }: Plan): string[] {
  return edges.map(({ from, to }) => `${from}>${to}`).toSorted();
}

function version(dataVersion: string, rest: Partial<CurrentVersion> = {}): CurrentVersion {
  return { dataVersion, codeVersion: "", inputs: {}, ...rest };
}

function madeAll(definition: typeof days | typeof hours): Partial<AssetState> {
  return { materialized: existing(definition, now) };
}

function stateWith(snapshot: Snapshot, known: Readonly<Record<string, Partial<AssetState>>>): PlanningState {
  const { assets } = assetGraph(snapshot);
  return {
    assets: new Map(
      Object.entries(known).map(([key, state]) => {
        const none = emptySetOf(assets.get(key)!.partitions);
        return [key, { materialized: none, failed: none, inProgress: none, origins: [], changes: new Map(), ...state }];
      }),
    ),
  };
}

/** Seven days of the pipeline, all made from what was current; then records came late for some days. */
function settledPos({ late = [] }: { readonly late?: readonly string[] } = {}): PlanningState {
  const each = (inputs: (id: string) => CurrentVersion["inputs"]) =>
    new Map(
      Array.from(partitionsIn(days, existing(days, now)), ({ id }) => [id, version(`v ${id}`, { inputs: inputs(id) })]),
    );
  const same = (key: string) => (id: string) => ({ [key]: { [id]: `v ${id}` } });
  const buffer = each(() => ({}));
  for (const day of late) buffer.set(partitionOf(days, day).id, version(`late ${day}`));
  const made = new Map([
    ["buffer", buffer],
    ["raw", each(same("buffer"))],
    ["quarantine", each(same("buffer"))],
    ["raw_history", each(() => ({}))],
    ["merchants", new Map([[partitionOf(unpartitioned, "").id, version("m")]])],
    ["cleaned", each((id) => ({ ...same("raw")(id), merchants: { "": "m" } }))],
    ["revenue", each(same("cleaned"))],
  ]);
  return versionState(assetGraph(pos), made, now);
}

function refusal(attempt: () => unknown): IrokoError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof IrokoError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}
