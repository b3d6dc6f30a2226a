/**
 * The graph on a canvas: dragged, zoomed, walked by keys. What the picture says is in the outline and the table beside it, too;
 * what is in focus is said aloud.
 */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { fitting, panned, showing, toWorld, zoomed, type Camera } from "./camera.ts";
import { draw, lookOf, type Card, type Look } from "./draw.ts";
import { cardOf, nodeAt, related, walk, type Scene, type Step } from "./scene.ts";

interface GraphViewProps {
  readonly scene: Scene;
  readonly card: (node: number) => Card;
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

export function GraphView({ scene, card, say, focused, onFocus, onOpen }: GraphViewProps): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const look = useRef<Look | undefined>(undefined);
  const drag = useRef<{ x: number; y: number; moved: number } | undefined>(undefined);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [camera, setCamera] = useState<Camera | undefined>(undefined);
  const [hovered, setHovered] = useState<number | undefined>(undefined);

  useLayoutEffect(() => {
    const box = frame.current!;
    const observer = new ResizeObserver(() => setSize({ width: box.clientWidth, height: box.clientHeight }));
    observer.observe(box);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const relook = (): void => {
      look.current = lookOf(box);
      setSize((now) => ({ ...now }));
    };
    relook();
    scheme.addEventListener("change", relook);
    return () => {
      observer.disconnect();
      scheme.removeEventListener("change", relook);
    };
  }, []);

  const sizeNow = useRef(size);
  sizeNow.current = size;
  const isMeasured = size.width > 0;
  // Another graph is looked at anew; a change of states in it, or of the window, moves nothing.
  useEffect(() => {
    if (isMeasured) setCamera(fitting(scene.box, sizeNow.current.width, sizeNow.current.height));
  }, [scene, isMeasured]);
  useEffect(() => {
    if (focused !== undefined && isMeasured)
      setCamera((now) => now && showing(now, cardOf(scene, focused), sizeNow.current.width, sizeNow.current.height));
  }, [focused, scene, isMeasured]);

  const lit = useMemo(() => {
    const node = hovered ?? focused;
    return node === undefined ? undefined : related(scene, node);
  }, [scene, hovered, focused]);

  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context == null || camera === undefined || look.current === undefined || size.width === 0) return;
    const request = requestAnimationFrame(() => {
      const ratio = devicePixelRatio;
      const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
      if (canvas.current!.width !== width) canvas.current!.width = width;
      if (canvas.current!.height !== height) canvas.current!.height = height;
      draw(context, look.current!, { scene, camera, card, focused, hovered, lit }, size.width, size.height, ratio);
      canvas.current!.dataset["drawn"] = String(scene.nodes.length);
    });
    return () => cancelAnimationFrame(request);
  }, [scene, camera, card, focused, hovered, lit, size]);

  const nodeUnder = (event: MouseEvent): number | undefined =>
    camera && nodeAt(scene, ...toWorld(camera, event.offsetX, event.offsetY));

  const onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    setCamera((now) =>
      now === undefined
        ? now
        : event.ctrlKey || event.deltaMode === 1 || Math.abs(event.deltaY) >= 60
          ? zoomed(now, Math.exp(-event.deltaY / 500), event.offsetX, event.offsetY)
          : panned(now, -event.deltaX, -event.deltaY),
    );
  };
  useEffect(() => {
    const element = canvas.current!;
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, []);

  const onPointerMove = (event: PointerEvent): void => {
    const from = drag.current;
    if (from === undefined) {
      const node = nodeUnder(event);
      if (node !== hovered) setHovered(node);
      return;
    }
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    drag.current = { x: event.clientX, y: event.clientY, moved: from.moved + Math.abs(dx) + Math.abs(dy) };
    if (drag.current.moved >= dragFrom) setCamera((now) => now && panned(now, dx, dy));
  };
  const onPointerUp = (event: PointerEvent): void => {
    const moved = drag.current?.moved ?? 0;
    drag.current = undefined;
    if (moved < dragFrom) onFocus(nodeUnder(event));
  };

  const zoomBy = (factor: number): void =>
    setCamera((now) => now && zoomed(now, factor, size.width / 2, size.height / 2));
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = arrows[event.key];
    if (step !== undefined)
      onFocus(focused === undefined ? (scene.columns[0]?.[0] ?? undefined) : walk(scene, focused, step));
    else if (event.key === "Enter" && focused !== undefined) onOpen(focused);
    else if (event.key === "Escape") onFocus(undefined);
    else if (event.key === "+" || event.key === "=") zoomBy(1.3);
    else if (event.key === "-") zoomBy(1 / 1.3);
    else if (event.key === "0") setCamera(fitting(scene.box, size.width, size.height));
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
        style={{ cursor: hovered === undefined ? "grab" : "pointer" }}
      />
      <p class="zoom">
        <button type="button" class="quiet" onClick={() => zoomBy(1.3)} aria-label="Nearer">
          +
        </button>
        <button type="button" class="quiet" onClick={() => zoomBy(1 / 1.3)} aria-label="Farther">
          −
        </button>
        <button type="button" class="quiet" onClick={() => setCamera(fitting(scene.box, size.width, size.height))}>
          all
        </button>
      </p>
      <p class="aloud" role="status">
        {focused === undefined ? "" : say(focused)}
      </p>
    </div>
  );
}
