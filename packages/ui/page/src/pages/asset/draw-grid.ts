/** Draws a grid of partitions: a square each, by colour and glyph, with the row's name before it. */
import type { PartitionGrid } from "@iroko/core/client";
import type { Look } from "../../graph/look.ts";
import { acrossOf } from "./choose.ts";

const cellSize = 18;
const gap = 2;
export const labelWidth = 104;
const headHeight = 18;
/** A column's name needs so much room. */
const headWidth = 76;

/** A letter's colour, glyph and word. */
export const letters: Readonly<Record<string, readonly [tone: string, glyph: string, word: string]>> = {
  f: ["bad", "✕", "failed"],
  r: ["busy", "●", "running"],
  s: ["warn", "~", "stale"],
  p: ["warn", "◔", "partly missing"],
  ".": ["calm", "", "missing"],
  m: ["good", "", "made"],
};

export interface Marks {
  /** Each as `row · columns + column`. */
  readonly inside: ReadonlySet<number>;
  readonly hovered: readonly [number, number] | undefined;
}

/** What of the field is in sight, in pixels. */
export interface Sight {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export const pitch: number = cellSize + gap;

export const headOf = ({ columns }: PartitionGrid): number => (columns.length > 0 ? headHeight : 0);

export function sizeOf(grid: PartitionGrid): { readonly width: number; readonly height: number } {
  return {
    width: labelWidth + acrossOf(grid) * pitch,
    height: headOf(grid) + grid.rows.length * pitch,
  };
}

/** Only what is in sight is drawn, so that a hundred thousand cells cost no more than those of a screen. Names stay at the edges. */
export function drawGrid(
  context: CanvasRenderingContext2D,
  look: Look,
  grid: PartitionGrid,
  { inside, hovered }: Marks,
  { left, top, width, height }: Sight,
): void {
  const across = acrossOf(grid);
  const head = headOf(grid);
  const ratio = devicePixelRatio;
  context.canvas.width = Math.round(width * ratio);
  context.canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.textBaseline = "middle";
  context.font = "11px ui-monospace, Menlo, Consolas, monospace";
  const rows = [Math.floor(top / pitch), Math.ceil((top + height) / pitch)] as const;
  const columns = [Math.floor(left / pitch), Math.ceil((left + width) / pitch)] as const;
  const clipped = (x: number, y: number, draw: () => void): void => {
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    draw();
    context.restore();
  };
  clipped(labelWidth, head, () => {
    for (const [offset, row] of grid.rows.slice(...rows).entries()) {
      const at = rows[0] + offset;
      const y = head + at * pitch - top;
      for (let column = columns[0]; column < Math.min(columns[1], row.cells.length); column += 1) {
        const x = labelWidth + column * pitch - left;
        drawCell(context, look, row.cells[column]!, x, y);
        const isHovered = hovered !== undefined && hovered[0] === at && hovered[1] === column;
        if (isHovered || inside.has(at * across + column)) {
          context.strokeStyle = look.accent;
          context.lineWidth = 2;
          context.strokeRect(x + 1, y + 1, cellSize - 2, cellSize - 2);
        }
      }
    }
  });
  context.fillStyle = look.faint;
  clipped(0, head, () => {
    for (const [offset, { label }] of grid.rows.slice(...rows).entries()) {
      const text = label.length > 14 ? `${label.slice(0, 13)}…` : label;
      context.fillText(text, 0, head + (rows[0] + offset) * pitch - top + cellSize / 2);
    }
  });
  clipped(labelWidth, 0, () => {
    const every = Math.ceil(headWidth / pitch);
    for (
      let column = columns[0] - (columns[0] % every);
      column < Math.min(columns[1], grid.columns.length);
      column += every
    )
      if (column === 0 || (grid.columns.length - column) * pitch >= headWidth)
        context.fillText(grid.columns[column]!.slice(0, 11), labelWidth + column * pitch - left, headHeight / 2);
  });
}

function drawCell(context: CanvasRenderingContext2D, look: Look, letter: string, x: number, y: number): void {
  const [tone, glyph] = letters[letter] ?? [];
  if (tone === undefined) return;
  context.fillStyle = look.tones[tone]!;
  context.globalAlpha = letter === "." ? 0.22 : letter === "m" ? 0.75 : 1;
  context.fillRect(x, y, cellSize, cellSize);
  context.globalAlpha = 1;
  if (glyph === undefined || glyph === "") return;
  context.fillStyle = look.surface;
  context.textAlign = "center";
  context.fillText(glyph, x + cellSize / 2, y + cellSize / 2 + 0.5);
  context.textAlign = "start";
}
