/** Partitions as a field of cells: looked at, walked by keys, brushed; what is chosen can be made, explained or looked at closer. */
import type { PartitionGrid } from "@iroko/core/client";
import type { JSX } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { lookOf, type Look } from "../../graph/look.ts";
import { count } from "../../parts/amounts.ts";
import { onRelook } from "../../parts/theme.ts";
import { cellsIn, cellText, chosenText, type Chosen } from "./choose.ts";
import { drawGrid, layoutOf, letters, type Layout, type Sight } from "./draw-grid.ts";

interface MatrixProps {
  readonly grid: PartitionGrid;
  readonly chosen: Chosen | undefined;
  readonly onChoose: (chosen: Chosen | undefined) => void;
  /** A cell was pressed twice, or Enter was pressed on it; undefined where cells are as fine as they get. */
  readonly onCloser: ((text: string) => void) | undefined;
}

/** As the style sheet has it. */
const margin = 8;

const steps: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

export function Matrix({ grid, chosen, onChoose, onCloser }: MatrixProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [look, setLook] = useState<Look | undefined>(undefined);
  const [hovered, setHovered] = useState<readonly [number, number] | undefined>(undefined);
  const [sight, setSight] = useState<Sight>({ left: 0, top: 0, width: 0, height: 0 });
  const from = useRef<readonly [number, number] | undefined>(undefined);
  const { rows } = grid;
  const inside = useMemo(() => cellsIn(grid, chosen), [grid, chosen]);

  useEffect(() => {
    const relook = (): void => setLook(lookOf(box.current!));
    relook();
    return onRelook(relook);
  }, []);

  const [room, setRoom] = useState(0);
  const layout = useMemo(() => layoutOf(grid, room), [grid, room]);
  const { labels, head, pitch, width, height } = layout;
  const see = useCallback((): void => {
    const { scrollLeft: left, scrollTop: top, clientWidth, clientHeight } = box.current!;
    setRoom(clientWidth - 2 * margin);
    setSight({
      left,
      top,
      width: Math.min(width, clientWidth - 2 * margin),
      height: Math.min(height, clientHeight - 2 * margin),
    });
  }, [width, height]);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(see);
    observer.observe(box.current!);
    see();
    return () => observer.disconnect();
  }, [see]);

  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context == null || look === undefined) return;
    drawGrid(context, look, grid, { inside, hovered }, sight, layout);
    // A canvas has nothing to find in it: where its first cell is, and how far it is to the next.
    Object.assign(canvas.current!.dataset, { drawn: grid.count, left: labels, top: head, pitch });
  }, [grid, look, hovered, inside, sight, layout, labels, head, pitch]);

  const cellAt = (event: MouseEvent): readonly [number, number] | undefined => {
    if (event.offsetY < head || event.offsetX < labels) return undefined;
    const row = Math.floor((event.offsetY + sight.top - head) / pitch);
    const column = Math.floor((event.offsetX + sight.left - labels) / pitch);
    const letter = rows[row]?.cells[column];
    return letter === undefined || letter === "-" ? undefined : [row, column];
  };
  const to = chosen?.to;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") return onChoose(undefined);
    if (event.key === "Enter" && to !== undefined) return onCloser?.(cellText(grid, ...to));
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const start: readonly [number, number] = to ?? [0, rows[0]?.cells.search(/[^-]/) ?? 0];
    const next: readonly [number, number] = to === undefined ? start : [start[0] + step[0], start[1] + step[1]];
    const letter = rows[next[0]]?.cells[next[1]];
    if (letter === undefined || letter === "-") return;
    onChoose({ from: event.shiftKey && chosen !== undefined ? chosen.from : next, to: next });
    bringIntoSight(box.current!, layout, next);
  };
  const told = hovered ?? to;
  const counts = useMemo(() => countsOf(grid), [grid]);
  return (
    <>
      <div class="scroll matrix" ref={box} onScroll={see}>
        <div class="field-of-cells" style={{ width: `${width}px`, height: `${height}px` }}>
          <canvas
            ref={canvas}
            tabIndex={0}
            role="application"
            aria-roledescription="partitions"
            aria-label={`${grid.count} partitions. Arrow keys walk, with Shift they choose a range${onCloser === undefined ? "" : ", Enter looks closer"}.`}
            style={{ width: `${sight.width}px`, height: `${sight.height}px` }}
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
            onDblClick={(event) => {
              const cell = cellAt(event);
              if (cell !== undefined) onCloser?.(cellText(grid, ...cell));
            }}
            onKeyDown={onKeyDown}
          />
        </div>
      </div>
      <div class="row legend">
        {Object.entries(letters)
          .filter(([letter]) => counts.has(letter))
          .map(([letter, [tone, glyph, word]]) => (
            <span key={letter}>
              <i class={`swatch ${tone} ${word}`}>{glyph}</i> {word}{" "}
              <span class="number">{count(counts.get(letter)!)}</span>
            </span>
          ))}
        <span role="status">
          {told === undefined || rows[told[0]] === undefined
            ? ""
            : `${cellText(grid, ...told)}: ${letters[rows[told[0]]!.cells[told[1]]!]?.[2] ?? ""}`}
        </span>
      </div>
      {chosen === undefined ? null : <p class="aloud">{chosenText(grid, chosen)}</p>}
    </>
  );
}

/** How many cells there are of each letter. */
function countsOf({ rows }: PartitionGrid): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { cells } of rows) for (const letter of cells) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  return counts;
}

/** A walk by keys goes on past the edge of what is in sight. */
function bringIntoSight(
  box: HTMLElement,
  { head, labels, pitch }: Layout,
  [row, column]: readonly [number, number],
): void {
  const [x, y] = [column * pitch, row * pitch];
  const [width, height] = [box.clientWidth - labels - pitch - 2 * margin, box.clientHeight - head - pitch - 2 * margin];
  box.scrollTo(Math.max(Math.min(box.scrollLeft, x), x - width), Math.max(Math.min(box.scrollTop, y), y - height));
}
