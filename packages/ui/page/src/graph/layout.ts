/**
 * Places for the nodes of a graph that flows from left to right: columns by longest path, rows by the middle of their
 * neighbours, so that arrows are short and cross seldom. 10,000 nodes take some tenths of a second.
 */

export interface Graph {
  readonly size: number;
  /** Pairs of nodes, upstream and downstream; nodes come upstream first. */
  readonly edges: readonly number[];
}

export interface Layout {
  /** Of each node. */
  readonly column: Int32Array;
  /** Of each node, in rows; a row holds one node, and halves happen. */
  readonly row: Float64Array;
  readonly columns: number;
  /** Rows from the first to the last. */
  readonly top: number;
  readonly bottom: number;
}

const orderSweeps = 8;
const placeSweeps = 6;

export function layOut({ size, edges }: Graph): Layout {
  const above = neighbours(size, edges, 1);
  const below = neighbours(size, edges, 0);
  const column = columnsOf(size, above, below);
  const columns = column.reduce((most, at) => Math.max(most, at + 1), 0);
  const layers: number[][] = Array.from({ length: columns }, () => []);
  for (let node = 0; node < size; node += 1) layers[column[node]!]!.push(node);

  const row = new Float64Array(size);
  const number = (layer: readonly number[]): void =>
    layer.forEach((node, at) => (row[node] = at - (layer.length - 1) / 2));
  layers.forEach(number);
  for (let sweep = 0; sweep < orderSweeps; sweep += 1) {
    const isDown = sweep % 2 === 0;
    const wanted = new Float64Array(size);
    for (const layer of isDown ? layers : layers.toReversed()) {
      for (const node of layer) wanted[node] = middle(isDown ? above : below, node, row);
      layer.sort((a, b) => wanted[a]! - wanted[b]! || a - b);
      number(layer);
    }
  }
  for (let sweep = 0; sweep < placeSweeps; sweep += 1) {
    const isDown = sweep % 2 === 0;
    for (const layer of isDown ? layers : layers.toReversed()) spread(layer, isDown ? above : below, row);
  }
  let [top, bottom] = [0, 0];
  for (const at of row) {
    if (at < top) top = at;
    if (at > bottom) bottom = at;
  }
  return { column, row, columns, top, bottom };
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
  layer.forEach((node, at) => {
    let mean = middle(towards, node, row) - at;
    let size = 1;
    while (means.length > 0 && means.at(-1)! > mean) {
      const otherSize = sizes.pop()!;
      mean = (mean * size + means.pop()! * otherSize) / (size + otherSize);
      size += otherSize;
    }
    means.push(mean);
    sizes.push(size);
  });
  let at = 0;
  means.forEach((mean, block) => {
    for (let i = 0; i < sizes[block]!; i += 1, at += 1) row[layer[at]!] = mean + at;
  });
}

function middle(towards: Neighbours, node: number, row: Float64Array): number {
  const [from, to] = [towards.from[node]!, towards.from[node + 1]!];
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
export function neighbours(size: number, edges: readonly number[], end: 0 | 1): Neighbours {
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
