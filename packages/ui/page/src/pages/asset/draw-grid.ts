/** Draws a grid of partitions: a square each, by colour and glyph, with the row's name before it. */
import type { PartitionGrid } from "@iroko/core/client";
import type { Look } from "../../graph/look.ts";

export const cellSize = 18;
export const gap = 2;
export const labelWidth = 104;
export const headHeight = 18;
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
  /** At most so many rows. */
  readonly rows: number;
}

const acrossOf = ({ rows }: PartitionGrid): number => Math.max(1, ...rows.map(({ cells }) => cells.length));

export function sizeOf(grid: PartitionGrid, mostRows: number): { readonly width: number; readonly height: number } {
  const rows = Math.min(mostRows, grid.rows.length);
  return {
    width: labelWidth + acrossOf(grid) * (cellSize + gap),
    height: (grid.columns.length > 0 ? headHeight : 0) + rows * (cellSize + gap),
  };
}

export function drawGrid(context: CanvasRenderingContext2D, look: Look, grid: PartitionGrid, marks: Marks): void {
  const { width, height } = sizeOf(grid, marks.rows);
  const across = acrossOf(grid);
  const ratio = devicePixelRatio;
  context.canvas.width = Math.round(width * ratio);
  context.canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.textBaseline = "middle";
  context.font = "11px ui-monospace, Menlo, Consolas, monospace";
  const top = grid.columns.length > 0 ? headHeight : 0;
  for (const [at, row] of grid.rows.slice(0, marks.rows).entries()) {
    const y = top + at * (cellSize + gap);
    context.fillStyle = look.faint;
    context.fillText(row.label.length > 14 ? `${row.label.slice(0, 13)}…` : row.label, 0, y + cellSize / 2);
    for (let column = 0; column < row.cells.length; column += 1) {
      const x = labelWidth + column * (cellSize + gap);
      drawCell(context, look, row.cells[column]!, x, y);
      const isHovered = marks.hovered !== undefined && marks.hovered[0] === at && marks.hovered[1] === column;
      if (isHovered || marks.inside.has(at * across + column)) {
        context.strokeStyle = look.accent;
        context.lineWidth = 2;
        context.strokeRect(x + 1, y + 1, cellSize - 2, cellSize - 2);
      }
    }
  }
  context.fillStyle = look.faint;
  const every = Math.ceil(headWidth / (cellSize + gap));
  for (let column = 0; column < grid.columns.length; column += every)
    context.fillText(grid.columns[column]!.slice(0, 11), labelWidth + column * (cellSize + gap), headHeight / 2);
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
