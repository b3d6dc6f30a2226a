/** A laid-out graph on the plane: where each node's card is, and which node is where. */
import type { Node } from "./fold.ts";
import type { Box } from "./camera.ts";
import { layOut, neighbours, type Graph, type Neighbours } from "./layout.ts";

export const cardWidth = 240;
export const cardHeight = 46;
const columnGap = 72;
const rowGap = 18;
const rowHeight = cardHeight + rowGap;
export const columnWidth: number = cardWidth + columnGap;

export interface Scene {
  readonly nodes: readonly Node[];
  readonly edges: Int32Array;
  /** Left and top of each card. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Of arrows that go around cards, by their place among the pairs: how high they cross each column between. */
  readonly bends: ReadonlyMap<number, Float64Array>;
  /** Of each arrow two numbers: how high and how low it comes. */
  readonly spans: Float64Array;
  readonly above: Neighbours;
  readonly below: Neighbours;
  readonly column: Int32Array;
  /** Nodes of each column, from the top. */
  readonly columns: readonly (readonly number[])[];
  readonly box: Box;
}

export function sceneOf(graph: Graph & { readonly nodes: readonly Node[] }): Scene {
  const { column, row, columns: count, bends: rows } = layOut(graph);
  const x = new Float64Array(graph.size);
  const y = new Float64Array(graph.size);
  const columns: number[][] = Array.from({ length: count }, () => []);
  const box = { left: 0, top: 0, right: cardWidth, bottom: cardHeight };
  for (let node = 0; node < graph.size; node += 1) {
    x[node] = column[node]! * columnWidth;
    y[node] = row[node]! * rowHeight;
    columns[column[node]!]!.push(node);
    box.right = Math.max(box.right, x[node]! + cardWidth);
    box.top = node === 0 ? y[node]! : Math.min(box.top, y[node]!);
    box.bottom = node === 0 ? y[node]! + cardHeight : Math.max(box.bottom, y[node]! + cardHeight);
  }
  for (const nodes of columns) nodes.sort((a, b) => y[a]! - y[b]!);
  const { nodes, edges, size } = graph;
  const bends = new Map(Array.from(rows, ([edge, at]) => [edge, at.map((each) => each * rowHeight + cardHeight / 2)]));
  const spans = new Float64Array(edges.length);
  for (let at = 0; at < edges.length; at += 2) {
    const from = y[edges[at]!]! + cardHeight / 2;
    const to = y[edges[at + 1]!]! + cardHeight / 2;
    spans[at] = Math.min(from, to);
    spans[at + 1] = Math.max(from, to);
  }
  for (const [edge, heights] of bends) {
    spans[2 * edge] = heights.reduce((most, each) => Math.min(most, each), spans[2 * edge]!);
    spans[2 * edge + 1] = heights.reduce((most, each) => Math.max(most, each), spans[2 * edge + 1]!);
  }
  return {
    nodes,
    edges,
    x,
    y,
    column,
    columns,
    bends,
    spans,
    box,
    above: neighbours(size, edges, 1),
    below: neighbours(size, edges, 0),
  };
}

export const cardOf = ({ x, y }: Scene, node: number): Box => ({
  left: x[node]!,
  top: y[node]!,
  right: x[node]! + cardWidth,
  bottom: y[node]! + cardHeight,
});

/** The node whose card is there; by column and then by half, so that ten thousand cost nothing. */
export function nodeAt(scene: Scene, x: number, y: number): number | undefined {
  const nodes = scene.columns[Math.floor(x / columnWidth)];
  if (nodes === undefined) return undefined;
  const at = firstFrom(scene, nodes, y - cardHeight);
  const node = nodes[at];
  if (node === undefined) return undefined;
  const card = cardOf(scene, node);
  return x >= card.left && x <= card.right && y >= card.top && y <= card.bottom ? node : undefined;
}

/** The place of the first node of a column whose card's top is at `y` or below. */
export function firstFrom({ y: tops }: Scene, nodes: readonly number[], y: number): number {
  let [low, high] = [0, nodes.length];
  while (low < high) {
    const at = (low + high) >> 1;
    if (tops[nodes[at]!]! < y) low = at + 1;
    else high = at;
  }
  return low;
}

/** The columns that lie in a box, from and to (exclusive). */
export function columnsIn({ columns }: Scene, { left, right }: Box): readonly [number, number] {
  const from = Math.floor((left - cardWidth) / columnWidth) + 1;
  const to = Math.floor(right / columnWidth) + 1;
  return [Math.max(0, from), Math.min(columns.length, Math.max(0, to))];
}

export type Step = "left" | "right" | "up" | "down";

/** Where an arrow key leads: along an edge to the nearest neighbour, or up and down within the column. */
export function walk(scene: Scene, node: number, step: Step): number {
  if (step === "up" || step === "down") {
    const nodes = scene.columns[scene.column[node]!]!;
    return nodes[nodes.indexOf(node) + (step === "up" ? -1 : 1)] ?? node;
  }
  const { from, nodes } = step === "left" ? scene.above : scene.below;
  let nearest = node;
  let distance = Infinity;
  for (let at = from[node]!; at < from[node + 1]!; at += 1) {
    const away = Math.abs(scene.y[nodes[at]!]! - scene.y[node]!);
    if (away < distance) [nearest, distance] = [nodes[at]!, away];
  }
  return nearest;
}

/** All nodes above or below one, itself included: what lights up. */
export function related(scene: Scene, node: number): ReadonlySet<number> {
  const found = new Set([node]);
  for (const towards of [scene.above, scene.below]) {
    const waiting = [node];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (let at = towards.from[next]!; at < towards.from[next + 1]!; at += 1) {
        const other = towards.nodes[at]!;
        if (!found.has(other)) {
          found.add(other);
          waiting.push(other);
        }
      }
    }
  }
  return found;
}
