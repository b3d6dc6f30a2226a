/** What part of the plane is looked at, and how near: `screen = world · scale + offset`. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const nearest = 2.5;
const farthest = 0.01;
const clamp = (scale: number): number => Math.min(nearest, Math.max(farthest, scale));

/** All of the box in view, never larger than life. */
export function fitting(box: Box, width: number, height: number, margin = 32): Camera {
  const scale = clamp(
    Math.min(
      1,
      (width - 2 * margin) / (box.right - box.left || 1),
      (height - 2 * margin) / (box.bottom - box.top || 1),
    ),
  );
  return {
    scale,
    x: width / 2 - ((box.left + box.right) / 2) * scale,
    y: height / 2 - ((box.top + box.bottom) / 2) * scale,
  };
}

/** As few as this are read rather than looked over: on a narrow screen a part of them, from where they begin. */
const fewNodes = 60;
const readable = 0.75;
/** All of them may be somewhat smaller than that before a part is the better sight. */
const stillReadable = 0.6;

/** What is seen of a graph at first: all of it, near enough to read where there are few. */
export function opening(box: Box, nodes: number, width: number, height: number, margin = 16): Camera {
  const all = fitting(box, width, height);
  if (nodes > fewNodes || all.scale >= stillReadable) return all;
  const from = (low: number, high: number, room: number): number =>
    (high - low) * readable > room - 2 * margin ? margin - low * readable : room / 2 - ((low + high) / 2) * readable;
  return { scale: readable, x: from(box.left, box.right, width), y: from(box.top, box.bottom, height) };
}

/** Nearer or farther, with what is at a point of the screen staying there. */
export function zoomed(camera: Camera, factor: number, atX: number, atY: number): Camera {
  const scale = clamp(camera.scale * factor);
  const by = scale / camera.scale;
  return { scale, x: atX - (atX - camera.x) * by, y: atY - (atY - camera.y) * by };
}

export const panned = (camera: Camera, dx: number, dy: number): Camera => ({
  ...camera,
  x: camera.x + dx,
  y: camera.y + dy,
});

/** Moved as little as needed for a box to be in view. */
export function showing(camera: Camera, box: Box, width: number, height: number, margin = 40): Camera {
  const [left, right] = [box.left * camera.scale + camera.x, box.right * camera.scale + camera.x];
  const [top, bottom] = [box.top * camera.scale + camera.y, box.bottom * camera.scale + camera.y];
  const dx = left < margin ? margin - left : right > width - margin ? width - margin - right : 0;
  const dy = top < margin ? margin - top : bottom > height - margin ? height - margin - bottom : 0;
  return panned(camera, dx, dy);
}

/** The part of the plane that a screen shows. */
export function visible({ x, y, scale }: Camera, width: number, height: number): Box {
  return { left: -x / scale, top: -y / scale, right: (width - x) / scale, bottom: (height - y) / scale };
}

export const toWorld = ({ x, y, scale }: Camera, screenX: number, screenY: number): readonly [number, number] => [
  (screenX - x) / scale,
  (screenY - y) / scale,
];
