/** Draws what a camera sees of a scene: dots from afar, names nearer, cards at hand. Only what is in view is touched. */
import { visible, type Camera } from "./camera.ts";
import { cardHeight, cardWidth, columnWidth, columnsIn, firstFrom, type Scene } from "./scene.ts";

export interface Look {
  readonly ground: string;
  readonly surface: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly ink: string;
  readonly faint: string;
  readonly accent: string;
  readonly tones: Readonly<Record<string, string>>;
}

/** What a card says of its node. */
export interface Card {
  readonly title: string;
  readonly sub: string;
  readonly glyph: string;
  readonly tone: string;
}

export interface Shown {
  readonly scene: Scene;
  readonly camera: Camera;
  readonly card: (node: number) => Card;
  readonly focused: number | undefined;
  readonly hovered: number | undefined;
  /** What the focused or hovered node is related to; undefined: nothing fades. */
  readonly lit: ReadonlySet<number> | undefined;
}

const namesFrom = 0.28;
const cardsFrom = 0.5;
const font = "system-ui, sans-serif";

/** Colours as the stylesheet has them now, for a canvas knows no custom properties. */
export function lookOf(element: HTMLElement): Look {
  const probe = document.createElement("i");
  element.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const look = {
    ground: colour("ground"),
    surface: colour("surface"),
    line: colour("line"),
    lineStrong: colour("line-strong"),
    ink: colour("ink"),
    faint: colour("faint"),
    accent: colour("accent"),
    tones: Object.fromEntries(["good", "bad", "warn", "busy", "calm"].map((tone) => [tone, colour(tone)])),
  };
  probe.remove();
  return look;
}

export function draw(
  context: CanvasRenderingContext2D,
  look: Look,
  shown: Shown,
  width: number,
  height: number,
  ratio: number,
): void {
  const { camera } = shown;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.setTransform(ratio * camera.scale, 0, 0, ratio * camera.scale, ratio * camera.x, ratio * camera.y);
  drawEdges(context, look, shown, width, height);
  drawNodes(context, look, shown, width, height);
}

function drawEdges(context: CanvasRenderingContext2D, look: Look, shown: Shown, width: number, height: number): void {
  const { scene, camera, lit } = shown;
  const seen = visible(camera, width, height);
  const { x, y, edges } = scene;
  const isNear = camera.scale >= namesFrom;
  for (const isLit of lit === undefined ? [true] : [false, true]) {
    context.beginPath();
    for (let at = 0; at < edges.length; at += 2) {
      const [from, to] = [edges[at]!, edges[at + 1]!];
      if (lit !== undefined && (lit.has(from) && lit.has(to)) !== isLit) continue;
      const x1 = x[from]! + cardWidth;
      const x2 = x[to]!;
      if (x2 < seen.left || x1 > seen.right) continue;
      const y1 = y[from]! + cardHeight / 2;
      const y2 = y[to]! + cardHeight / 2;
      const bends = scene.bends.get(at / 2);
      const isAside = (y1 < seen.top && y2 < seen.top) || (y1 > seen.bottom && y2 > seen.bottom);
      if (isAside && bends === undefined) continue;
      context.moveTo(x1, y1);
      let [fromX, fromY] = [x1, y1];
      for (const height of bends ?? []) {
        const left = fromX - cardWidth + columnWidth;
        reach(context, fromX, fromY, left, height, isNear);
        context.lineTo(left + cardWidth, height);
        [fromX, fromY] = [left + cardWidth, height];
      }
      reach(context, fromX, fromY, x2, y2, isNear);
    }
    context.strokeStyle = lit !== undefined && isLit ? look.accent : look.lineStrong;
    context.globalAlpha = lit === undefined ? 0.6 : isLit ? 0.95 : 0.15;
    context.lineWidth = (lit !== undefined && isLit ? 1.8 : 1.2) / Math.min(1, camera.scale);
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

function drawNodes(context: CanvasRenderingContext2D, look: Look, shown: Shown, width: number, height: number): void {
  const { scene, camera, lit } = shown;
  const seen = visible(camera, width, height);
  const [from, to] = columnsIn(scene, seen);
  const drawOne = camera.scale >= cardsFrom ? drawCard : camera.scale >= namesFrom ? drawName : drawDot;
  for (let column = from; column < to; column += 1) {
    const nodes = scene.columns[column]!;
    for (let at = firstFrom(scene, nodes, seen.top - cardHeight); at < nodes.length; at += 1) {
      const node = nodes[at]!;
      if (scene.y[node]! > seen.bottom) break;
      context.globalAlpha = lit === undefined || lit.has(node) ? 1 : 0.35;
      drawOne(context, look, shown, node);
    }
  }
  context.globalAlpha = 1;
}

function drawDot(
  context: CanvasRenderingContext2D,
  look: Look,
  { scene, card, camera, focused }: Shown,
  node: number,
): void {
  context.fillStyle = look.tones[card(node).tone]!;
  context.fillRect(scene.x[node]!, scene.y[node]!, cardWidth, cardHeight);
  if (node === focused) {
    context.strokeStyle = look.accent;
    context.lineWidth = 3 / camera.scale;
    context.strokeRect(scene.x[node]!, scene.y[node]!, cardWidth, cardHeight);
  }
}

function drawName(context: CanvasRenderingContext2D, look: Look, shown: Shown, node: number): void {
  frame(context, look, shown, node);
  context.fillStyle = look.ink;
  context.font = `600 20px ${font}`;
  context.textBaseline = "middle";
  context.fillText(
    cut(context, shown.card(node).title, cardWidth - 28),
    shown.scene.x[node]! + 18,
    shown.scene.y[node]! + 24,
  );
}

function drawCard(context: CanvasRenderingContext2D, look: Look, shown: Shown, node: number): void {
  frame(context, look, shown, node);
  const { title, sub, glyph, tone } = shown.card(node);
  const [x, y] = [shown.scene.x[node]!, shown.scene.y[node]!];
  context.textBaseline = "alphabetic";
  context.fillStyle = look.ink;
  context.font = `600 13px ${font}`;
  context.fillText(cut(context, title, cardWidth - 26), x + 16, y + 19);
  context.fillStyle = look.tones[tone]!;
  context.font = `600 11.5px ${font}`;
  context.fillText(glyph, x + 16, y + 36);
  context.fillStyle = look.faint;
  context.font = `11.5px ${font}`;
  context.fillText(cut(context, sub, cardWidth - 44), x + 32, y + 36);
}

function frame(context: CanvasRenderingContext2D, look: Look, shown: Shown, node: number): void {
  const { scene, card, focused, hovered } = shown;
  const { tone } = card(node);
  const [x, y] = [scene.x[node]!, scene.y[node]!];
  const isGroup = scene.nodes[node]!.kind === "group";
  context.lineWidth = node === focused ? 2.5 : 1;
  context.strokeStyle = node === focused || node === hovered ? look.accent : look.line;
  context.fillStyle = look.surface;
  if (isGroup) {
    context.beginPath();
    context.roundRect(x + 5, y + 5, cardWidth, cardHeight, 7);
    context.fill();
    context.stroke();
  }
  context.beginPath();
  context.roundRect(x, y, cardWidth, cardHeight, 7);
  context.fill();
  context.stroke();
  context.fillStyle = look.tones[tone]!;
  context.beginPath();
  context.roundRect(x, y, 6, cardHeight, [7, 0, 0, 7]);
  context.fill();
}

const cuts = new Map<string, string>();

/** As many letters as fit, and "…". Measuring costs more than drawing, so it is kept. */
function cut(context: CanvasRenderingContext2D, text: string, width: number): string {
  const key = `${context.font}|${width}|${text}`;
  const known = cuts.get(key);
  if (known !== undefined) return known;
  let shown = text;
  if (context.measureText(text).width > width) {
    let [low, high] = [0, text.length];
    while (low < high) {
      const at = (low + high + 1) >> 1;
      if (context.measureText(`${text.slice(0, at)}…`).width <= width) low = at;
      else high = at - 1;
    }
    shown = `${text.slice(0, low)}…`;
  }
  if (cuts.size > 50_000) cuts.clear();
  cuts.set(key, shown);
  return shown;
}
