/** What of a scene is in view, and whether that is more than can be drawn for each frame. */
import { visible, type Box, type Camera } from "./camera.ts";
import { cardHeight, cardWidth, columnsIn, firstFrom, type Scene } from "./scene.ts";

export interface View {
  readonly camera: Camera;
  readonly width: number;
  readonly height: number;
  /** Device pixels of one. */
  readonly ratio: number;
}

/** More than this, nodes and arrows, takes longer than a frame. */
export const crowd = 1_200;

export function isCrowded(scene: Scene, { camera, width, height }: View): boolean {
  const seen = visible(camera, width, height);
  return nodesIn(scene, seen).length + edgesIn(scene, seen).length > crowd;
}

export function nodesIn(scene: Scene, seen: Box): readonly number[] {
  const found: number[] = [];
  const [first, end] = columnsIn(scene, seen);
  for (let column = first; column < end; column += 1) {
    const nodes = scene.columns[column]!;
    for (let at = firstFrom(scene, nodes, seen.top - cardHeight); at < nodes.length; at += 1) {
      const node = nodes[at]!;
      if (scene.y[node]! > seen.bottom) break;
      found.push(node);
    }
  }
  return found;
}

/** By their place among the pairs. */
export function edgesIn({ edges, x, spans }: Scene, { left, right, top, bottom }: Box): readonly number[] {
  const found: number[] = [];
  for (let edge = 0; 2 * edge < edges.length; edge += 1) {
    if (x[edges[2 * edge]!]! + cardWidth > right || x[edges[2 * edge + 1]!]! < left) continue;
    if (spans[2 * edge]! > bottom || spans[2 * edge + 1]! < top) continue;
    found.push(edge);
  }
  return found;
}
