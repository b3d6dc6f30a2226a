/**
 * The graph on a canvas: dragged, zoomed, walked by keys. What the picture says is in the outline and the table beside it, too;
 * what is in focus is said aloud.
 */
import type { JSX } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { onRelook } from "../parts/theme.ts";
import { fitting, opening, panned, showing, toWorld, zoomed } from "./camera.ts";
import type { Picture } from "./draw.ts";
import { cardOf, nodeAt, related, walk, type Step } from "./scene.ts";
import { Stage } from "./stage.ts";

interface GraphViewProps {
  readonly picture: Picture;
  /** What is said of a node in focus. */
  readonly say: (node: number) => string;
  readonly focused: number | undefined;
  readonly onFocus: (node: number | undefined) => void;
  readonly onOpen: (node: number) => void;
}

const arrows: Readonly<Record<string, Step>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};
const dragFrom = 4;

export function GraphView({ picture, say, focused, onFocus, onOpen }: GraphViewProps): JSX.Element {
  const { scene } = picture;
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<Stage | undefined>(undefined);
  const drag = useRef<{ x: number; y: number; moved: number } | undefined>(undefined);
  const [isMeasured, setMeasured] = useState(false);
  const [hovered, setHovered] = useState<number | undefined>(undefined);

  useLayoutEffect(() => {
    const box = frame.current!;
    const opened = (stage.current = new Stage(canvas.current!));
    const observer = new ResizeObserver(() => {
      opened.resize(box.clientWidth, box.clientHeight);
      setMeasured(box.clientWidth > 0);
    });
    observer.observe(box);
    const endRelook = onRelook(() => opened.relook());
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const isZoom = event.ctrlKey || event.deltaMode === 1 || Math.abs(event.deltaY) >= 60;
      opened.move((now) =>
        isZoom
          ? zoomed(now, Math.exp(-event.deltaY / 500), event.offsetX, event.offsetY)
          : panned(now, -event.deltaX, -event.deltaY),
      );
    };
    canvas.current!.addEventListener("wheel", onWheel, { passive: false });
    return () => {
      opened.close();
      observer.disconnect();
      endRelook();
    };
  }, []);

  const seeAll = useCallback(() => stage.current!.lookFrom(fitting(scene.box, ...sizeOf(frame.current!))), [scene]);
  // Another graph is looked at anew; a change of states in it, or of the window, moves nothing.
  useEffect(() => {
    if (isMeasured) stage.current!.lookFrom(opening(scene.box, scene.nodes.length, ...sizeOf(frame.current!)));
  }, [scene, isMeasured]);
  useEffect(() => {
    if (focused === undefined || !isMeasured) return;
    stage.current!.move((now) => showing(now, cardOf(scene, focused), ...sizeOf(frame.current!)));
  }, [focused, scene, isMeasured]);

  const lit = useMemo(() => {
    const node = hovered ?? focused;
    return node === undefined ? undefined : related(scene, node);
  }, [scene, hovered, focused]);
  useLayoutEffect(() => stage.current!.show(picture, { focused, hovered, lit }), [picture, focused, hovered, lit]);

  const nodeUnder = (event: MouseEvent): number | undefined => {
    const camera = stage.current!.camera;
    return camera && nodeAt(scene, ...toWorld(camera, event.offsetX, event.offsetY));
  };

  const onPointerMove = (event: PointerEvent): void => {
    const from = drag.current;
    if (from === undefined) {
      const node = nodeUnder(event);
      if (node !== hovered) setHovered(node);
      return;
    }
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    drag.current = { x: event.clientX, y: event.clientY, moved: from.moved + Math.abs(dx) + Math.abs(dy) };
    if (drag.current.moved >= dragFrom) stage.current!.move((now) => panned(now, dx, dy));
  };
  const onPointerUp = (event: PointerEvent): void => {
    const moved = drag.current?.moved ?? 0;
    drag.current = undefined;
    if (moved < dragFrom) onFocus(nodeUnder(event));
  };

  const zoomBy = (factor: number): void => {
    const [width, height] = sizeOf(frame.current!);
    stage.current!.move((now) => zoomed(now, factor, width / 2, height / 2));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = arrows[event.key];
    if (step !== undefined)
      onFocus(focused === undefined ? (scene.columns[0]?.[0] ?? undefined) : walk(scene, focused, step));
    else if (event.key === "Enter" && focused !== undefined) onOpen(focused);
    else if (event.key === "Escape") onFocus(undefined);
    else if (event.key === "+" || event.key === "=") zoomBy(1.3);
    else if (event.key === "-") zoomBy(1 / 1.3);
    else if (event.key === "0") seeAll();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="graph" ref={frame}>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-roledescription="graph"
        aria-label={`Lineage of ${scene.nodes.length}. Arrow keys walk along the arrows, Enter opens. The outline has the same.`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { x: event.clientX, y: event.clientY, moved: 0 };
        }}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerLeave={() => setHovered(undefined)}
        onDblClick={(event) => {
          const node = nodeUnder(event);
          if (node !== undefined) onOpen(node);
        }}
        onKeyDown={onKeyDown}
        title={hovered === undefined ? undefined : picture.card(hovered).title}
        style={{ cursor: hovered === undefined ? "grab" : "pointer" }}
      />
      <p class="zoom">
        <button type="button" class="quiet" onClick={() => zoomBy(1.3)} aria-label="Nearer">
          +
        </button>
        <button type="button" class="quiet" onClick={() => zoomBy(1 / 1.3)} aria-label="Farther">
          −
        </button>
        <button type="button" class="quiet" onClick={seeAll}>
          Fit
        </button>
      </p>
      <p class="aloud" role="status">
        {focused === undefined ? "" : say(focused)}
      </p>
    </div>
  );
}

const sizeOf = (box: HTMLElement): readonly [width: number, height: number] => [box.clientWidth, box.clientHeight];
