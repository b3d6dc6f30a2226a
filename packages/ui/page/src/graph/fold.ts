/** Groups that are folded stand for their assets: one node each, with the arrows of all of them. */
import { neighbours, type Graph } from "./layout.ts";

export interface Node {
  readonly kind: "asset" | "group";
  /** An asset's key, or a group's name. */
  readonly name: string;
  readonly group: string;
  /** Assets that it stands for, by their place in what the server sent. */
  readonly members: readonly number[];
}

export interface FoldedGraph extends Graph {
  readonly nodes: readonly Node[];
}

/**
 * @param keys of all assets, upstream first
 * @param edges pairs of places in `keys`
 * A folded group through which other assets flow would make a circle; such a group stays open.
 */
export function fold(
  keys: readonly string[],
  groups: readonly string[],
  edges: readonly number[],
  folded: ReadonlySet<string>,
): FoldedGraph {
  const still = new Set(groups.filter((group) => folded.has(group)));
  while (still.size > 0) {
    const graph = foldOnce(keys, groups, edges, still);
    const order = topological(graph);
    if (order.length === graph.size) return inOrder(graph, order);
    for (const name of knotted(graph, order)) still.delete(name);
  }
  // The server sends upstream first.
  const nodes = keys.map((name, at): Node => ({ kind: "asset", name, group: groups[at]!, members: [at] }));
  return { size: keys.length, nodes, edges: Int32Array.from(edges) };
}

function foldOnce(
  keys: readonly string[],
  groups: readonly string[],
  edges: readonly number[],
  folded: ReadonlySet<string>,
): FoldedGraph {
  const nodes: { kind: Node["kind"]; name: string; group: string; members: number[] }[] = [];
  const nodeOfGroup = new Map<string, number>();
  const nodeOf = keys.map((key, at) => {
    const group = groups[at]!;
    const isFolded = folded.has(group);
    const known = isFolded ? nodeOfGroup.get(group) : undefined;
    if (known !== undefined) {
      nodes[known]!.members.push(at);
      return known;
    }
    nodes.push({ kind: isFolded ? "group" : "asset", name: isFolded ? group : key, group, members: [at] });
    if (isFolded) nodeOfGroup.set(group, nodes.length - 1);
    return nodes.length - 1;
  });
  const seen = new Set<number>();
  const kept: number[] = [];
  for (let at = 0; at < edges.length; at += 2) {
    const from = nodeOf[edges[at]!]!;
    const to = nodeOf[edges[at + 1]!]!;
    const both = from * nodes.length + to;
    if (from === to || seen.has(both)) continue;
    seen.add(both);
    kept.push(from, to);
  }
  return { size: nodes.length, nodes, edges: Int32Array.from(kept) };
}

function inOrder({ size, nodes, edges }: FoldedGraph, order: readonly number[]): FoldedGraph {
  const place = new Int32Array(size);
  order.forEach((node, at) => (place[node] = at));
  return { size, nodes: order.map((node) => nodes[node]!), edges: edges.map((node) => place[node]!) };
}

function knotted({ nodes }: FoldedGraph, order: readonly number[]): readonly string[] {
  const free = new Set(order);
  return nodes.flatMap(({ kind, name }, at) => (kind === "group" && !free.has(at) ? [name] : []));
}

/** Upstream first; nodes on a circle, and those below one, are not in it. */
function topological({ size, edges }: FoldedGraph): readonly number[] {
  const waiting = new Int32Array(size);
  for (let at = 1; at < edges.length; at += 2) waiting[edges[at]!]! += 1;
  const below = neighbours(size, edges, 0);
  const order: number[] = [];
  for (let node = 0; node < size; node += 1) if (waiting[node] === 0) order.push(node);
  for (let at = 0; at < order.length; at += 1) {
    const node = order[at]!;
    for (let next = below.from[node]!; next < below.from[node + 1]!; next += 1) {
      const after = below.nodes[next]!;
      waiting[after]! -= 1;
      if (waiting[after] === 0) order.push(after);
    }
  }
  return order;
}
