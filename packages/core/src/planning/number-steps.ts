/**
 * Gives every step its number, upstream first. As far as that leaves a choice, a partition is finished before the next is
 * begun: the first day's revenue is there while the others still wait, and what was just built is read while it is warm.
 */
import { keySet } from "../partitions/set-algebra.ts";
import type { JoinedSteps } from "./join-steps.ts";
import type { PlannedEdge, PlannedStep } from "./plan.ts";

export function numberSteps(
  { drafts, gates, edges }: JoinedSteps,
  order: "oldest" | "newest",
): { readonly steps: readonly PlannedStep[]; readonly edges: readonly PlannedEdge[] } {
  const count = drafts.length + gates.length;
  const outgoing = Array.from({ length: count }, (): number[] => []);
  const incoming = new Uint32Array(count);
  const waiting = new Uint32Array(count);
  edges.forEach(({ from, to }, edge) => {
    outgoing[from]!.push(edge);
    incoming[to]! += 1;
    waiting[to]! += 1;
  });

  const nodes = preferredOrder({ drafts, gates }, order);
  const places = new Uint32Array(count);
  nodes.forEach((node, place) => (places[node] = place));
  const numbers = new Uint32Array(count);
  const sequence: number[] = [];
  const ready = new Heap();
  for (const node of nodes) if (waiting[node] === 0) ready.push(places[node]!);
  for (let place = ready.pop(); place !== undefined; place = ready.pop()) {
    const node = nodes[place]!;
    numbers[node] = sequence.length;
    sequence.push(node);
    for (const edge of outgoing[node]!) {
      const { to } = edges[edge]!;
      waiting[to]! -= 1;
      if (waiting[to] === 0) ready.push(places[to]!);
    }
  }

  const steps = sequence.map((node, n): PlannedStep => {
    const draft = drafts[node];
    if (!draft) return gateStep(n, incoming[node]!, outgoing[node]!.length);
    const { kind, name, assets, partitions, reason, onlyIfChanged = false, pools } = draft;
    return { n, kind, name, assets, partitions, reason, ...(onlyIfChanged ? { onlyIfChanged } : {}), pools };
  });
  const numbered = sequence.flatMap((node) =>
    outgoing[node]!.map((edge) => ({
      from: numbers[node]!,
      to: numbers[edges[edge]!.to]!,
      weak: edges[edge]!.weak,
    })).toSorted((a, b) => a.to - b.to),
  );
  return { steps, edges: numbered };
}

/** What would come first if no step waited for another. A gate stands just before what it leads to. */
function preferredOrder(
  { drafts, gates }: Pick<JoinedSteps, "drafts" | "gates">,
  order: "oldest" | "newest",
): number[] {
  const makers = new Map<unknown, number>();
  for (const { maker } of drafts) if (!makers.has(maker)) makers.set(maker, makers.size);
  const sign = order === "newest" ? -1 : 1;
  const keys = [...drafts, ...gates.map((behind) => drafts[behind]!)].map(({ rank, maker }, node) => ({
    node,
    rank: rank === -Infinity ? rank : sign * rank,
    maker: makers.get(maker)! - (node < drafts.length ? 0 : 0.5),
  }));
  return keys
    .toSorted((a, b) => (a.rank === b.rank ? a.maker - b.maker || a.node - b.node : a.rank - b.rank))
    .map(({ node }) => node);
}

function gateStep(n: number, from: number, to: number): PlannedStep {
  const reason = `${to} steps wait for the same ${from}`;
  return { n, kind: "gate", name: "", assets: [], partitions: keySet([]), reason, pools: [] };
}

/** A binary heap of numbers, the least on top. */
class Heap {
  readonly #values: number[] = [];

  push(value: number): void {
    const values = this.#values;
    let at = values.length;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (values[parent]! <= value) break;
      values[at] = values[parent]!;
      at = parent;
    }
    values[at] = value;
  }

  pop(): number | undefined {
    const values = this.#values;
    const least = values[0];
    const value = values.pop();
    if (value === undefined || values.length === 0) return least;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < values.length && values[child + 1]! < values[child]!) child += 1;
      if (child >= values.length || values[child]! >= value) break;
      values[at] = values[child]!;
      at = child;
    }
    values[at] = value;
    return least;
  }
}
