/**
 * Places for the nodes of a graph that flows from left to right: columns by longest path, rows by the middle of their
 * neighbours, so that arrows are short and cross seldom. It runs once and mostly before it is compiled, so its loops are plain.
 */

export interface Graph {
  readonly size: number;
  /** Pairs of nodes, upstream and downstream; nodes come upstream first. */
  readonly edges: Int32Array;
}

export interface Layout {
  /** Of each node. */
  readonly column: Int32Array;
  /** Of each node, in rows; a row holds one node, and halves happen. */
  readonly row: Float64Array;
  readonly columns: number;
  /** Of arrows over more than one column, by their place among the pairs: the row in which each column between is crossed. */
  readonly bends: ReadonlyMap<number, Float64Array>;
}

const orderSweeps = 8;
const placeSweeps = 6;
/** Above this, arrows that run behind cards are the smaller evil. */
const mostBends = 30_000;

export function layOut({ size, edges }: Graph): Layout {
  const column = columnsOf(size, neighbours(size, edges, 1), neighbours(size, edges, 0));
  const columns = column.reduce((most, at) => Math.max(most, at + 1), 0);
  const stretched = stretch(size, edges, column);
  const above = neighbours(stretched.column.length, stretched.edges, 1);
  const below = neighbours(stretched.column.length, stretched.edges, 0);
  const layers: number[][] = Array.from({ length: columns }, () => []);
  stretched.column.forEach((at, node) => layers[at]!.push(node));
  const upwards = layers.toReversed();

  const row = new Float64Array(stretched.column.length);
  for (const layer of layers) number(layer, row);
  const wanted = new Float64Array(row.length);
  for (let sweep = 0; sweep < orderSweeps; sweep += 1) {
    const isDown = sweep % 2 === 0;
    for (const layer of isDown ? layers : upwards) {
      for (const node of layer) wanted[node] = middle(isDown ? above : below, node, row);
      layer.sort((a, b) => wanted[a]! - wanted[b]! || a - b);
      number(layer, row);
    }
  }
  for (let sweep = 0; sweep < placeSweeps; sweep += 1) {
    const isDown = sweep % 2 === 0;
    for (const layer of isDown ? layers : upwards) spread(layer, isDown ? above : below, row);
  }
  const bends = new Map<number, Float64Array>();
  for (const [edge, { from, to }] of stretched.chains) bends.set(edge, row.slice(from, to));
  return { column, row: row.slice(0, size), columns, bends };
}

/** Each in the middle of its column's height by its order there. */
function number(layer: readonly number[], row: Float64Array): void {
  const half = (layer.length - 1) / 2;
  for (let at = 0; at < layer.length; at += 1) row[layer[at]!] = at - half;
}

interface Stretched {
  /** Of each node, then of each bend. */
  readonly column: Int32Array;
  readonly edges: Int32Array;
  /** Of each arrow that has bends, by its place: the first of them, and the end. */
  readonly chains: ReadonlyMap<number, { readonly from: number; readonly to: number }>;
}

/** An arrow over several columns takes a place in each between, so that it goes around the cards there. */
function stretch(size: number, edges: Int32Array, column: Int32Array): Stretched {
  let many = 0;
  for (let at = 0; at < edges.length; at += 2) many += column[edges[at + 1]!]! - column[edges[at]!]! - 1;
  if (many === 0 || many > mostBends) return { column, edges, chains: new Map() };
  const all = new Int32Array(size + many);
  all.set(column);
  const short = new Int32Array(edges.length + 2 * many);
  const chains = new Map<number, { readonly from: number; readonly to: number }>();
  let next = size;
  let end = 0;
  for (let at = 0; at < edges.length; at += 2) {
    const to = edges[at + 1]!;
    const first = next;
    let before = edges[at]!;
    for (let between = column[before]! + 1; between < column[to]!; between += 1) {
      all[next] = between;
      short[end] = before;
      short[end + 1] = next;
      end += 2;
      before = next;
      next += 1;
    }
    short[end] = before;
    short[end + 1] = to;
    end += 2;
    if (next > first) chains.set(at / 2, { from: first, to: next });
  }
  return { column: all, edges: short, chains };
}

/** Longest path from the sources; a source then moves next to the first that reads it. */
function columnsOf(size: number, above: Neighbours, below: Neighbours): Int32Array {
  const column = new Int32Array(size);
  for (let node = 0; node < size; node += 1) {
    for (let at = above.from[node]!; at < above.from[node + 1]!; at += 1)
      column[node] = Math.max(column[node]!, column[above.nodes[at]!]! + 1);
  }
  for (let node = 0; node < size; node += 1) {
    if (above.from[node] !== above.from[node + 1] || below.from[node] === below.from[node + 1]) continue;
    let first = Infinity;
    for (let at = below.from[node]!; at < below.from[node + 1]!; at += 1)
      first = Math.min(first, column[below.nodes[at]!]!);
    column[node] = first - 1;
  }
  return column;
}

/** Each as near to its neighbours' middle as the order and a row's distance let it: least squares, in one pass. */
function spread(layer: readonly number[], towards: Neighbours, row: Float64Array): void {
  // Without the distances the places only must not fall: blocks that would are merged to their mean.
  const means: number[] = [];
  const sizes: number[] = [];
  for (let at = 0; at < layer.length; at += 1) {
    let mean = middle(towards, layer[at]!, row) - at;
    let size = 1;
    while (means.length > 0 && means[means.length - 1]! > mean) {
      const otherSize = sizes.pop()!;
      mean = (mean * size + means.pop()! * otherSize) / (size + otherSize);
      size += otherSize;
    }
    means.push(mean);
    sizes.push(size);
  }
  let at = 0;
  for (let block = 0; block < means.length; block += 1) {
    for (let i = 0; i < sizes[block]!; i += 1, at += 1) row[layer[at]!] = means[block]! + at;
  }
}

function middle(towards: Neighbours, node: number, row: Float64Array): number {
  const from = towards.from[node]!;
  const to = towards.from[node + 1]!;
  if (from === to) return row[node]!;
  let sum = 0;
  for (let at = from; at < to; at += 1) sum += row[towards.nodes[at]!]!;
  return sum / (to - from);
}

/** All neighbours of all nodes in one array, those of a node from `from[node]` to `from[node + 1]`. */
export interface Neighbours {
  readonly from: Int32Array;
  readonly nodes: Int32Array;
}

/** @param end 1: those above each node; 0: those below it. */
export function neighbours(size: number, edges: Int32Array, end: 0 | 1): Neighbours {
  const from = new Int32Array(size + 1);
  for (let at = end; at < edges.length; at += 2) from[edges[at]! + 1]! += 1;
  for (let node = 0; node < size; node += 1) from[node + 1]! += from[node]!;
  const nodes = new Int32Array(edges.length / 2);
  const next = from.slice();
  for (let at = 0; at < edges.length; at += 2) {
    const node = edges[at + end]!;
    nodes[next[node]!] = edges[at + 1 - end]!;
    next[node]! += 1;
  }
  return { from, nodes };
}
