/** Groups that are folded stand for their assets: one node each, with the arrows of all of them. */
import type { Graph } from "./layout.ts";

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
  const still = new Set(folded);
  for (;;) {
    const graph = foldOnce(keys, groups, edges, still);
    const ordered = inOrder(graph);
    if (ordered !== undefined) return ordered;
    const knot = knotted(graph);
    for (const name of knot) still.delete(name);
  }
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
    const [from, to] = [nodeOf[edges[at]!]!, nodeOf[edges[at + 1]!]!];
    const both = from * nodes.length + to;
    if (from === to || seen.has(both)) continue;
    seen.add(both);
    kept.push(from, to);
  }
  return { size: nodes.length, nodes, edges: kept };
}

/** The same graph with its nodes upstream first; undefined where they go in a circle. */
function inOrder({ size, nodes, edges }: FoldedGraph): FoldedGraph | undefined {
  const order = topological(size, edges);
  if (order.length < size) return undefined;
  const place = new Int32Array(size);
  order.forEach((node, at) => (place[node] = at));
  return { size, nodes: order.map((node) => nodes[node]!), edges: edges.map((node) => place[node]!) };
}

function knotted({ size, nodes, edges }: FoldedGraph): readonly string[] {
  const free = new Set(topological(size, edges));
  return nodes.flatMap(({ kind, name }, at) => (kind === "group" && !free.has(at) ? [name] : []));
}

function topological(size: number, edges: readonly number[]): readonly number[] {
  const waiting = new Int32Array(size);
  const below: number[][] = Array.from({ length: size }, () => []);
  for (let at = 0; at < edges.length; at += 2) {
    waiting[edges[at + 1]!]! += 1;
    below[edges[at]!]!.push(edges[at + 1]!);
  }
  const order: number[] = [];
  for (let node = 0; node < size; node += 1) if (waiting[node] === 0) order.push(node);
  for (let at = 0; at < order.length; at += 1) {
    for (const node of below[order[at]!]!) {
      waiting[node]! -= 1;
      if (waiting[node] === 0) order.push(node);
    }
  }
  return order;
}
