/** Partitions as a field of cells: looked at, walked by keys, brushed; what is chosen can be made, explained or looked at closer. */
import type { PartitionGrid } from "@iroko/core/client";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { lookOf, type Look } from "../../graph/look.ts";
import { cellsIn, chosenText, type Chosen } from "./choose.ts";
import { cellSize, drawGrid, gap, headHeight, labelWidth, letters, sizeOf } from "./draw-grid.ts";

interface MatrixProps {
  readonly grid: PartitionGrid;
  readonly chosen: Chosen | undefined;
  readonly onChoose: (chosen: Chosen | undefined) => void;
}

const mostRows = 800;

export function Matrix({ grid, chosen, onChoose }: MatrixProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [look, setLook] = useState<Look | undefined>(undefined);
  const [hovered, setHovered] = useState<readonly [number, number] | undefined>(undefined);
  const from = useRef<readonly [number, number] | undefined>(undefined);
  const rows = grid.rows.slice(0, mostRows);
  const hasHead = grid.columns.length > 0;
  const { width, height } = sizeOf(grid, mostRows);
  const inside = useMemo(() => cellsIn(grid, chosen), [grid, chosen]);

  useEffect(() => {
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const relook = (): void => setLook(lookOf(canvas.current!.parentElement!));
    relook();
    scheme.addEventListener("change", relook);
    return () => scheme.removeEventListener("change", relook);
  }, []);

  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context == null || look === undefined) return;
    drawGrid(context, look, grid, { inside, hovered, rows: mostRows });
    canvas.current!.dataset["drawn"] = String(grid.count);
  }, [grid, look, hovered, inside]);

  const cellAt = (event: MouseEvent): readonly [number, number] | undefined => {
    const row = Math.floor((event.offsetY - (hasHead ? headHeight : 0)) / (cellSize + gap));
    const column = Math.floor((event.offsetX - labelWidth) / (cellSize + gap));
    const letter = rows[row]?.cells[column];
    return letter === undefined || letter === "-" ? undefined : [row, column];
  };
  const to = chosen?.to;
  const onKeyDown = (event: KeyboardEvent): void => {
    const [dy, dx] =
      event.key === "ArrowLeft"
        ? [0, -1]
        : event.key === "ArrowRight"
          ? [0, 1]
          : event.key === "ArrowUp"
            ? [-1, 0]
            : event.key === "ArrowDown"
              ? [1, 0]
              : [0, 0];
    if (event.key === "Escape") return onChoose(undefined);
    if (dy === 0 && dx === 0) return;
    event.preventDefault();
    const start: readonly [number, number] = to ?? [0, rows[0]?.cells.search(/[^-]/) ?? 0];
    const next: readonly [number, number] = to === undefined ? start : [start[0] + dy, start[1] + dx];
    const letter = rows[next[0]]?.cells[next[1]];
    if (letter === undefined || letter === "-") return;
    onChoose({ from: event.shiftKey && chosen !== undefined ? chosen.from : next, to: next });
  };
  const told = hovered ?? to;
  const row = told === undefined ? undefined : rows[told[0]];
  return (
    <>
      <div class="scroll matrix">
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-roledescription="partitions"
          aria-label={`${grid.count} partitions. Arrow keys walk, with Shift they choose a range.`}
          style={{ width: `${width}px`, height: `${height}px` }}
          onPointerDown={(event) => {
            const cell = cellAt(event);
            from.current = cell;
            event.currentTarget.setPointerCapture(event.pointerId);
            onChoose(
              cell === undefined ? undefined : { from: event.shiftKey && chosen ? chosen.from : cell, to: cell },
            );
          }}
          onPointerMove={(event) => {
            const cell = cellAt(event);
            setHovered(cell);
            if (from.current !== undefined && cell !== undefined)
              onChoose({ from: chosen?.from ?? from.current, to: cell });
          }}
          onPointerUp={() => (from.current = undefined)}
          onPointerLeave={() => setHovered(undefined)}
          onKeyDown={onKeyDown}
        />
      </div>
      <p class="row legend">
        {Object.entries(letters).map(([letter, [tone, glyph, word]]) => (
          <span key={letter}>
            <i class={`swatch ${tone} ${letter === "." ? "pale" : ""}`}>{glyph}</i> {word}
          </span>
        ))}
        <span role="status">
          {told === undefined || row === undefined
            ? ""
            : `${row.keys[told[1]]}: ${letters[row.cells[told[1]]!]?.[2] ?? ""}`}
        </span>
      </p>
      {grid.rows.length > mostRows ? (
        <p class="empty">
          The first {mostRows} rows of {grid.rows.length}: look closer at a range.
        </p>
      ) : null}
      {chosen === undefined ? null : <p class="aloud">{chosenText(grid, chosen)}</p>}
    </>
  );
}
