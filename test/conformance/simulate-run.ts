/**
 * What becomes of a planned run in which some things fail: one step at a time, by number, as docs/state-machine.md says.
 * That the engine comes to the same is shown by test/execution/planning-vectors.test.ts, with these very cases.
 */
import type { AssetGraph } from "../../packages/core/src/graph/asset-graph.ts";
import type { PlannedEdge, PlannedStep } from "../../packages/core/src/planning/plan.ts";

/** What goes wrong, by name: an asset, a check (`asset:check` or its own name), a whole computation. */
export interface Mishaps {
  readonly raise: ReadonlySet<string>;
  readonly giveNothing: ReadonlySet<string>;
  readonly failChecks: ReadonlySet<string>;
  /** Checks that an asset runs itself, before it is committed. */
  readonly ownChecks: (asset: string) => readonly { readonly name: string; readonly blocking: boolean }[];
}

export interface RunOutcome {
  readonly success: boolean;
  readonly materialized: readonly string[];
  readonly failed: readonly PlannedStep[];
  /** For an optional output that was not given, above them or further up; the others that were skipped are in neither list. */
  readonly skipped: readonly PlannedStep[];
  readonly checks: Readonly<Record<string, boolean>>;
}

type Status = "blocked" | "succeeded" | "failed" | "skipped";

interface Ended {
  readonly status: "succeeded" | "failed";
  /** Optional outputs that the step did not give. */
  readonly notGiven: readonly string[];
}

export function simulateRun(
  graph: AssetGraph,
  steps: readonly PlannedStep[],
  edges: readonly PlannedEdge[],
  mishaps: Mishaps,
): RunOutcome {
  const statuses: Status[] = steps.map(() => "blocked");
  const notGivenTo = new Set<number>();
  const materialized: string[] = [];
  const checks: Record<string, boolean> = {};

  const needs = (n: number): readonly PlannedEdge[] => edges.filter(({ to }) => to === n);
  const isReady = (n: number): boolean =>
    statuses[n] === "blocked" &&
    needs(n).every(({ from, weak }) => (weak ? statuses[from] !== "blocked" : statuses[from] === "succeeded"));

  const runCheck = (names: readonly string[], label: string, blocking: boolean): "went on" | "failed" => {
    if (names.some((name) => mishaps.raise.has(name))) return "failed";
    checks[label] = !names.some((name) => mishaps.failChecks.has(name));
    return blocking && !checks[label] ? "failed" : "went on";
  };
  const make = (asset: string, optional: boolean): "made" | "not given" | "failed" => {
    if (mishaps.raise.has(asset)) return "failed";
    if (mishaps.giveNothing.has(asset)) return optional ? "not given" : "failed";
    for (const { name, blocking } of mishaps.ownChecks(asset)) {
      const label = `${asset}:${name}`;
      if (runCheck([label], label, blocking) === "failed") return "failed";
    }
    materialized.push(asset);
    return "made";
  };
  const perform = ({ kind, name, assets }: PlannedStep): Ended => {
    if (kind === "gate" || kind === "observe") return { status: "succeeded", notGiven: [] };
    if (kind === "check") {
      const [asset = ""] = assets;
      const own = name.slice(asset.length + 1);
      const { blocking } = graph.checks.get(asset)!.find((check) => check.name === own)!;
      return { status: runCheck([own, name], name, blocking) === "failed" ? "failed" : "succeeded", notGiven: [] };
    }
    const notGiven: string[] = [];
    if (mishaps.raise.has(name) && !assets.includes(name)) return { status: "failed", notGiven };
    for (const { asset, optional } of graph.computes.get(name)!.outputs) {
      if (!assets.includes(asset)) continue;
      const outcome = make(asset, optional);
      if (outcome === "failed") return { status: "failed", notGiven };
      if (outcome === "not given") notGiven.push(asset);
    }
    return { status: "succeeded", notGiven };
  };
  const reads = ({ kind, name, assets }: PlannedStep, missing: readonly string[]): boolean => {
    const deps =
      kind === "check"
        ? graph.checks.get(assets[0]!)!.find((check) => `${check.asset}:${check.name}` === name)!.deps
        : (graph.computes.get(name)?.deps ?? []);
    return deps.some(({ asset, weak }) => !weak && missing.includes(asset));
  };
  const skipBelow = (n: number, isNotGiven: boolean): void => {
    for (const { from, to, weak } of edges) {
      if (from !== n || weak || statuses[to] !== "blocked") continue;
      skip(to, isNotGiven);
    }
  };
  const skip = (n: number, isNotGiven: boolean): void => {
    statuses[n] = "skipped";
    if (isNotGiven) notGivenTo.add(n);
    skipBelow(n, isNotGiven);
  };

  for (;;) {
    const next = steps.find(({ n }) => isReady(n));
    if (!next) break;
    const { status, notGiven } = perform(next);
    statuses[next.n] = status;
    if (status === "failed") skipBelow(next.n, false);
    for (const { from, to } of edges) {
      if (from === next.n && statuses[to] === "blocked" && reads(steps[to]!, notGiven)) skip(to, true);
    }
  }
  return {
    success: !statuses.includes("failed"),
    materialized: materialized.toSorted(),
    failed: steps.filter(({ n }) => statuses[n] === "failed"),
    skipped: steps.filter(({ n }) => notGivenTo.has(n)),
    checks,
  };
}
