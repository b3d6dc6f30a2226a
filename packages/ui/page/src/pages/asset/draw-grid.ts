/** Draws a grid of partitions: a square each, by colour and glyph, with the row's name before it. */
import type { PartitionGrid } from "@iroko/core/client";
import type { Look } from "../../graph/look.ts";
import { acrossOf } from "./choose.ts";

const gap = 2;
const headHeight = 18;
/** Of a letter of the names, which are all of one width. */
const letterWidth = 6.7;
const mostLetters = 28;
/** Cells grow with the room that there is, within what is easily hit and what can be looked over. */
const pitches = { least: 20, most: 28 } as const;

/** What is where, in pixels. */
export interface Layout {
  /** Of the rows' names. */
  readonly labels: number;
  /** Of the columns' names. */
  readonly head: number;
  /** From a cell to the next. */
  readonly pitch: number;
  readonly width: number;
  readonly height: number;
  /** By column; "" where it has none. */
  readonly names: readonly string[];
}

/** @param room how wide it may be without being scrolled */
export function layoutOf(grid: PartitionGrid, room: number): Layout {
  const across = acrossOf(grid);
  const names = columnNames(grid, across);
  const longest = Math.max(0, ...grid.rows.map(({ label }) => label.length));
  const labels = Math.ceil(Math.min(mostLetters, longest) * letterWidth) + 12;
  const pitch = Math.min(pitches.most, Math.max(pitches.least, Math.floor((room - labels) / across)));
  const head = names.some((name) => name !== "") ? headHeight : 0;
  return { labels, head, pitch, width: labels + across * pitch, height: head + grid.rows.length * pitch, names };
}

/** Of crossed dimensions the columns have names; of months of days, say, what comes after the row's own in the cells' keys. */
function columnNames({ rows, columns, crossed }: PartitionGrid, across: number): readonly string[] {
  if (crossed !== null || columns.length > 0) return columns;
  return Array.from({ length: across }, (_, column) => {
    const row = rows.find(({ cells }) => (cells[column] ?? "-") !== "-");
    const key = row?.keys[column] ?? "";
    return row !== undefined && /^\d{4}/.test(row.label) && key.startsWith(`${row.label}-`)
      ? (/^\d+/.exec(key.slice(row.label.length + 1))?.[0] ?? "")
      : "";
  });
}

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

/** Only what is in sight is drawn, so that a hundred thousand cells cost no more than those of a screen. Names stay at the edges. */
export function drawGrid(
  context: CanvasRenderingContext2D,
  look: Look,
  grid: PartitionGrid,
  { inside, hovered }: Marks,
  { left, top, width, height }: Sight,
  { labels, head, pitch, names }: Layout,
): void {
  const across = acrossOf(grid);
  const cellSize = pitch - gap;
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
  clipped(labels, head, () => {
    for (const [offset, row] of grid.rows.slice(...rows).entries()) {
      const at = rows[0] + offset;
      const y = head + at * pitch - top;
      for (let column = columns[0]; column < Math.min(columns[1], row.cells.length); column += 1) {
        const x = labels + column * pitch - left;
        drawCell(context, look, row.cells[column]!, { x, y, size: cellSize });
        const isHovered = hovered !== undefined && hovered[0] === at && hovered[1] === column;
        if (isHovered || inside.has(at * across + column)) {
          context.strokeStyle = look.ink;
          context.lineWidth = 2;
          context.strokeRect(x + 1, y + 1, cellSize - 2, cellSize - 2);
        }
      }
    }
  });
  context.fillStyle = look.faint;
  clipped(0, head, () => {
    for (const [offset, { label }] of grid.rows.slice(...rows).entries()) {
      const text = label.length > mostLetters ? `${label.slice(0, mostLetters - 1)}…` : label;
      context.fillText(text, 0, head + (rows[0] + offset) * pitch - top + cellSize / 2);
    }
  });
  // As many columns are named as there is room for names.
  const longest = Math.min(11, Math.max(0, ...names.map((name) => name.length)));
  const every = Math.ceil((longest * letterWidth + 4) / pitch);
  clipped(labels, 0, () => {
    for (let column = columns[0] - (columns[0] % every); column < Math.min(columns[1], names.length); column += every)
      if (column === 0 || (names.length - column) * pitch >= longest * letterWidth)
        context.fillText(names[column]!.slice(0, 11), labels + column * pitch - left, headHeight / 2);
  });
}

interface Square {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

function drawCell(context: CanvasRenderingContext2D, look: Look, letter: string, { x, y, size }: Square): void {
  const [tone, glyph] = letters[letter] ?? [];
  if (tone === undefined) return;
  context.fillStyle = look.tones[tone]!;
  context.globalAlpha = letter === "." ? 0.22 : letter === "m" ? 0.75 : 1;
  context.fillRect(x, y, size, size);
  context.globalAlpha = 1;
  if (glyph === undefined || glyph === "") return;
  context.fillStyle = look.surface;
  context.textAlign = "center";
  context.fillText(glyph, x + size / 2, y + size / 2 + 0.5);
  context.textAlign = "start";
}
