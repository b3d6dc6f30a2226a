/** A small asset graph as static SVG, left to right. Beside it there is always a table that says the same. */
import type { Health } from "../model/asset-status.ts";
import { layOut } from "./graph-layout.ts";
import { glyphOf, toneOf } from "./badge.ts";
import { html, type Html } from "./html.ts";
import { assetHref } from "./links.ts";

export interface GraphNode {
  readonly key: string;
  readonly group: string;
  readonly health: Health;
  readonly upstream: readonly string[];
}

const box = { width: 224, height: 52, across: 64, down: 20, margin: 8 };
const longestName = 26;

export function graph(nodes: readonly GraphNode[], focus?: string): Html {
  const layers = layOut(nodes);
  const tallest = Math.max(...layers.map((layer) => layer.length));
  const height = tallest * (box.height + box.down) - box.down + 2 * box.margin;
  const width = layers.length * (box.width + box.across) - box.across + 2 * box.margin;
  const places = new Map<string, readonly [x: number, y: number]>();
  for (const [column, layer] of layers.entries()) {
    const top = (height - layer.length * (box.height + box.down) + box.down) / 2;
    for (const [row, key] of layer.entries()) {
      places.set(key, [box.margin + column * (box.width + box.across), top + row * (box.height + box.down)]);
    }
  }
  const arrows = nodes.flatMap(({ key, upstream }) =>
    upstream.flatMap((source) => {
      const [from, to] = [places.get(source), places.get(key)];
      if (from === undefined || to === undefined) return [];
      const [x1, y1, x2, y2] = [from[0] + box.width, from[1] + box.height / 2, to[0], to[1] + box.height / 2];
      const bend = Math.max(box.across / 2, (x2 - x1) / 2);
      return [html`<path d="M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}" />`];
    }),
  );
  const boxes = nodes.map((node) => {
    const [x, y] = places.get(node.key)!;
    return html`<a href="${assetHref(node.key)}">
      <title>${node.key}: ${node.health}</title>
      <rect
        class="box ${node.key === focus ? "focus" : ""}"
        x="${x}"
        y="${y}"
        rx="7"
        width="${box.width}"
        height="${box.height}"
      />
      <rect class="${toneOf(node.health)}" x="${x}" y="${y}" width="5" rx="2.5" height="${box.height}" />
      <text class="name" x="${x + 16}" y="${y + 22}">${shorten(node.key)}</text>
      <text class="sub" x="${x + 16}" y="${y + 40}">${glyphOf(node.health)} ${node.health} · ${node.group}</text>
    </a>`;
  });
  return html`<div class="graph" tabindex="0" role="region" aria-label="Asset graph; the table says the same">
    <svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
      <g class="arrows">${arrows}</g>
      ${boxes}
    </svg>
  </div>`;
}

function shorten(key: string): string {
  return key.length <= longestName ? key : `${key.slice(0, longestName - 1)}…`;
}
