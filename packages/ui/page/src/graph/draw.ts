/**
 * Draws what a camera sees of a scene: dots from afar, names nearer, cards at hand. Only what is in view is touched, and
 * things of a kind are drawn one after the other, for a change of font or colour costs more than what it is for.
 */
import { visible, type Box, type Camera } from "./camera.ts";
import { crowd, edgesIn, nodesIn, type View } from "./in-view.ts";
import type { Look } from "./look.ts";
import { cardHeight, cardWidth, columnWidth, type Scene } from "./scene.ts";

/** What a card says of its node. */
export interface Card {
  readonly title: string;
  readonly sub: string;
  readonly glyph: string;
}

/** The picture itself, whoever looks at it from where. */
export interface Picture {
  readonly scene: Scene;
  /** Of each node, the name of a colour in the look's tones. */
  readonly tones: readonly string[];
  readonly card: (node: number) => Card;
}

/** What stands out of it. */
export interface Marked {
  readonly focused: number | undefined;
  readonly hovered: number | undefined;
  /** What the focused or hovered node is related to; undefined: nothing fades. */
  readonly lit: ReadonlySet<number> | undefined;
}

const namesFrom = 0.28;
const cardsFrom = 0.5;
const family = "system-ui, sans-serif";
/** A path of all arrows would be one shape, and the longer the slower to fill. */
const arrowsAtOnce = 200;

/** The scene as it is when nothing is marked. */
export function drawAll(context: CanvasRenderingContext2D, look: Look, picture: Picture, view: View): void {
  const { width, height, ratio } = view;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const seen = aim(context, view);
  const nodes = nodesIn(picture.scene, seen);
  const edges = edgesIn(picture.scene, seen);
  const alpha = edges.length > crowd ? 0.4 : 0.6;
  drawEdges(context, picture.scene, edges, view, { colour: look.lineStrong, alpha, width: 1.2 });
  drawNodes(context, look, picture, nodes, view.camera);
}

/** Over the scene: what is unrelated fades, what is related stands out. */
export function drawMarks(
  context: CanvasRenderingContext2D,
  look: Look,
  picture: Picture,
  { focused, hovered, lit }: Marked,
  view: View,
): void {
  const { scene } = picture;
  if (lit !== undefined) {
    const { width, height, ratio } = view;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.globalAlpha = 0.7;
    context.fillStyle = look.ground;
    context.fillRect(0, 0, width, height);
    const seen = aim(context, view);
    const edges = edgesIn(scene, seen).filter(
      (edge) => lit.has(scene.edges[2 * edge]!) && lit.has(scene.edges[2 * edge + 1]!),
    );
    drawEdges(context, scene, edges, view, { colour: look.accent, alpha: 0.95, width: 1.8 });
    const nodes = nodesIn(scene, seen).filter((node) => lit.has(node));
    drawNodes(context, look, picture, nodes, view.camera);
  }
  aim(context, view);
  context.strokeStyle = look.accent;
  for (const node of [hovered, focused]) {
    if (node === undefined) continue;
    context.lineWidth = (node === focused ? 2.5 : 1) / Math.min(1, view.camera.scale);
    context.beginPath();
    context.roundRect(scene.x[node]!, scene.y[node]!, cardWidth, cardHeight, 7);
    context.stroke();
  }
}

/** Lets the context draw in the scene's own measures; what of it is seen. */
function aim(context: CanvasRenderingContext2D, { camera, width, height, ratio }: View): Box {
  const { scale, x, y } = camera;
  context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * x, ratio * y);
  context.globalAlpha = 1;
  return visible(camera, width, height);
}

function drawEdges(
  context: CanvasRenderingContext2D,
  scene: Scene,
  which: readonly number[],
  { camera, ratio }: View,
  { colour, alpha, width }: { readonly colour: string; readonly alpha: number; readonly width: number },
): void {
  const { x, y, edges, bends } = scene;
  const isBent = camera.scale >= namesFrom;
  context.strokeStyle = colour;
  context.globalAlpha = alpha;
  // Of many, lines of one device pixel: they are drawn as such, and a wider one is a shape to fill.
  context.lineWidth = which.length > crowd ? 1 / (camera.scale * ratio) : width / Math.min(1, camera.scale);
  for (let at = 0; at < which.length; at += arrowsAtOnce) {
    context.beginPath();
    for (const edge of which.slice(at, at + arrowsAtOnce)) {
      let fromX = x[edges[2 * edge]!]! + cardWidth;
      let fromY = y[edges[2 * edge]!]! + cardHeight / 2;
      const to = edges[2 * edge + 1]!;
      context.moveTo(fromX, fromY);
      for (const height of bends.get(edge) ?? []) {
        const left = fromX - cardWidth + columnWidth;
        reach(context, fromX, fromY, left, height, isBent);
        context.lineTo(left + cardWidth, height);
        fromX = left + cardWidth;
        fromY = height;
      }
      reach(context, fromX, fromY, x[to]!, y[to]! + cardHeight / 2, isBent);
    }
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** To the next column: bent where that can be seen. */
function reach(
  context: CanvasRenderingContext2D,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  isBent: boolean,
): void {
  const bend = Math.max(40, (x2 - x1) / 2);
  if (isBent) context.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
  else context.lineTo(x2, y2);
}

function drawNodes(
  context: CanvasRenderingContext2D,
  look: Look,
  picture: Picture,
  nodes: readonly number[],
  { scale }: Camera,
): void {
  if (scale < namesFrom) return drawDots(context, look, picture, nodes);
  drawFrames(context, look, picture, nodes);
  if (scale < cardsFrom) drawNames(context, look, picture, nodes);
  else drawCards(context, look, picture, nodes);
}

function drawDots(
  context: CanvasRenderingContext2D,
  look: Look,
  { scene: { x, y }, tones }: Picture,
  nodes: readonly number[],
): void {
  let last: string | undefined;
  for (const node of nodes) {
    const tone = tones[node]!;
    if (tone !== last) context.fillStyle = look.tones[tone]!;
    last = tone;
    context.fillRect(x[node]!, y[node]!, cardWidth, cardHeight);
  }
}

function drawFrames(
  context: CanvasRenderingContext2D,
  look: Look,
  { scene, tones }: Picture,
  nodes: readonly number[],
): void {
  const { x, y } = scene;
  context.lineWidth = 1;
  context.strokeStyle = look.line;
  context.fillStyle = look.surface;
  for (const node of nodes) {
    // A folded group lies on a second card.
    for (const shift of scene.nodes[node]!.kind === "group" ? [5, 0] : [0]) {
      context.beginPath();
      context.roundRect(x[node]! + shift, y[node]! + shift, cardWidth, cardHeight, 7);
      context.fill();
      context.stroke();
    }
  }
  for (const node of nodes) {
    context.fillStyle = look.tones[tones[node]!]!;
    context.beginPath();
    context.roundRect(x[node]!, y[node]!, 6, cardHeight, [7, 0, 0, 7]);
    context.fill();
  }
}

function drawNames(
  context: CanvasRenderingContext2D,
  look: Look,
  { scene: { x, y, nodes: all } }: Picture,
  nodes: readonly number[],
): void {
  context.textBaseline = "middle";
  context.fillStyle = look.ink;
  context.font = `600 20px ${family}`;
  for (const node of nodes)
    context.fillText(cut(context, all[node]!.name, cardWidth - 28), x[node]! + 18, y[node]! + 24);
}

function drawCards(
  context: CanvasRenderingContext2D,
  look: Look,
  { scene: { x, y }, tones, card }: Picture,
  nodes: readonly number[],
): void {
  const cards = nodes.map((node) => ({ node, ...card(node) }));
  context.textBaseline = "alphabetic";
  context.fillStyle = look.ink;
  context.font = `600 13px ${family}`;
  for (const { node, title } of cards)
    context.fillText(cut(context, title, cardWidth - 26), x[node]! + 16, y[node]! + 19);
  context.font = `600 11.5px ${family}`;
  for (const { node, glyph } of cards) {
    context.fillStyle = look.tones[tones[node]!]!;
    context.fillText(glyph, x[node]! + 16, y[node]! + 36);
  }
  context.fillStyle = look.faint;
  context.font = `11.5px ${family}`;
  for (const { node, sub } of cards) context.fillText(cut(context, sub, cardWidth - 44), x[node]! + 32, y[node]! + 36);
}

const cuts = new Map<string, string>();
const mostCuts = 50_000;

/** As many letters as fit, with "…" in the middle: long names differ at their ends. Measuring costs more than drawing, so it is kept. */
function cut(context: CanvasRenderingContext2D, text: string, width: number): string {
  const key = `${context.font}|${width}|${text}`;
  const known = cuts.get(key);
  if (known !== undefined) return known;
  let shown = text;
  if (context.measureText(text).width > width) {
    const of = (letters: number): string =>
      `${text.slice(0, Math.ceil(letters / 2))}…${text.slice(text.length - Math.floor(letters / 2))}`;
    let [low, high] = [0, text.length];
    while (low < high) {
      const at = (low + high + 1) >> 1;
      if (context.measureText(of(at)).width <= width) low = at;
      else high = at - 1;
    }
    shown = of(low);
  }
  if (cuts.size > mostCuts) cuts.clear();
  cuts.set(key, shown);
  return shown;
}
