/**
 * Layers by longest path, then a few sweeps that put each node near the middle of its neighbours: few crossings, in time
 * that grows with the arrows.
 */
export interface LayoutNode {
  readonly key: string;
  readonly upstream: readonly string[];
}

const sweeps = 8;

/** Keys by layer, upstream first; nodes come in topological order, and neighbours outside them do not count. */
export function layOut(nodes: readonly LayoutNode[]): readonly (readonly string[])[] {
  const depth = new Map<string, number>();
  for (const { key, upstream } of nodes)
    depth.set(key, Math.max(-1, ...upstream.map((source) => depth.get(source) ?? -1)) + 1);
  const layers: string[][] = [];
  for (const { key } of nodes) (layers[depth.get(key)!] ??= []).push(key);

  const above = new Map(nodes.map(({ key, upstream }) => [key, upstream.filter((source) => depth.has(source))]));
  const below = new Map<string, string[]>(nodes.map(({ key }) => [key, []]));
  for (const [key, sources] of above) for (const source of sources) below.get(source)!.push(key);
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const down = sweep % 2 === 0;
    const order = positions(layers);
    for (const layer of down ? layers : layers.toReversed()) {
      const wanted = new Map(
        layer.map((key) => [key, middle((down ? above : below).get(key)!, order, order.get(key)!)]),
      );
      layer.sort((a, b) => wanted.get(a)! - wanted.get(b)!);
      for (const [at, key] of layer.entries()) order.set(key, place(at, layer.length));
    }
  }
  return layers;
}

function positions(layers: readonly (readonly string[])[]): Map<string, number> {
  return new Map(layers.flatMap((layer) => layer.map((key, at): [string, number] => [key, place(at, layer.length)])));
}

/** Layers are centred, so that places in layers of unlike sizes compare. */
const place = (at: number, size: number): number => at - (size - 1) / 2;

function middle(neighbours: readonly string[], order: ReadonlyMap<string, number>, otherwise: number): number {
  if (neighbours.length === 0) return otherwise;
  return neighbours.reduce((sum, key) => sum + order.get(key)!, 0) / neighbours.length;
}
