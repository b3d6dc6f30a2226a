/**
 * A canvas and where it is looked at from. Few things are drawn anew for each frame. Of many a picture is kept, somewhat
 * larger than the view: while the view moves the picture is moved, and drawn anew when it comes to rest.
 */
import { visible, type Camera } from "./camera.ts";
import { drawAll, drawMarks, type Marked, type Picture } from "./draw.ts";
import { isCrowded, type View } from "./in-view.ts";
import { lookOf, type Look } from "./look.ts";

const restMs = 120;
/** What has come into view at the picture's edges, or is too coarse by now, may lack for so long. */
const staleMs = 400;
const coarsest = 2;
/** Of the view's size, at each side. */
const margin = 0.25;

interface Kept {
  readonly canvas: HTMLCanvasElement;
  picture: Picture;
  look: Look;
  view: View;
  at: number;
}

export class Stage {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #look: Look;
  #picture: Picture | undefined;
  #marked: Marked = { focused: undefined, hovered: undefined, lit: undefined };
  #size = { width: 0, height: 0 };
  #camera: Camera | undefined;
  #kept: Kept | undefined;
  #isMoving = false;
  #frame: number | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d")!;
    this.#look = lookOf(canvas.parentElement!);
  }

  get camera(): Camera | undefined {
    return this.#camera;
  }

  show(picture: Picture, marked: Marked): void {
    this.#picture = picture;
    this.#marked = marked;
    this.#draw();
  }

  resize(width: number, height: number): void {
    this.#size = { width, height };
    this.#draw();
  }

  relook(): void {
    this.#look = lookOf(this.#canvas.parentElement!);
    this.#draw();
  }

  move(to: (camera: Camera) => Camera): void {
    if (this.#camera === undefined) return;
    this.#isMoving = true;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      this.#isMoving = false;
      this.#draw();
    }, restMs);
    this.lookFrom(to(this.#camera));
  }

  lookFrom(camera: Camera): void {
    this.#camera = camera;
    this.#draw();
  }

  close(): void {
    clearTimeout(this.#rest);
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
  }

  #draw(): void {
    this.#frame ??= requestAnimationFrame((now) => {
      this.#frame = undefined;
      const [picture, camera] = [this.#picture, this.#camera];
      if (picture === undefined || camera === undefined || this.#size.width === 0) return;
      const view: View = { camera, ...this.#size, ratio: devicePixelRatio };
      fit(this.#canvas, view);
      if (isCrowded(picture.scene, view)) this.#drawKept(picture, view, now);
      else drawAll(this.#context, this.#look, picture, view);
      drawMarks(this.#context, this.#look, picture, this.#marked, view);
      this.#canvas.dataset["drawn"] = String(picture.scene.nodes.length);
    });
  }

  #drawKept(picture: Picture, view: View, now: number): void {
    if (this.#kept === undefined || !this.#isGood(this.#kept, picture, view, now)) this.#keep(picture, view, now);
    const { canvas, view: from } = this.#kept!;
    const by = view.camera.scale / from.camera.scale;
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    const x = view.camera.x - from.camera.x * by;
    const y = view.camera.y - from.camera.y * by;
    context.drawImage(canvas, x * view.ratio, y * view.ratio, canvas.width * by, canvas.height * by);
  }

  #isGood(kept: Kept, picture: Picture, view: View, now: number): boolean {
    if (kept.picture !== picture || kept.look !== this.#look || kept.view.ratio !== view.ratio) return false;
    const by = view.camera.scale / kept.view.camera.scale;
    const [has, needs] = [kept.view, view].map(({ camera, width, height }) => visible(camera, width, height));
    const scene = picture.scene.box;
    const covers =
      Math.max(needs!.left, scene.left) >= has!.left &&
      Math.min(needs!.right, scene.right) <= has!.right &&
      Math.max(needs!.top, scene.top) >= has!.top &&
      Math.min(needs!.bottom, scene.bottom) <= has!.bottom;
    if (!this.#isMoving) return covers && by === 1;
    return now - kept.at < staleMs || (covers && by < coarsest && by > 1 / coarsest);
  }

  #keep(picture: Picture, { camera, width, height, ratio }: View, now: number): void {
    const canvas = this.#kept?.canvas ?? document.createElement("canvas");
    const [beside, above] = [Math.round(width * margin), Math.round(height * margin)];
    const view: View = {
      camera: { ...camera, x: camera.x + beside, y: camera.y + above },
      width: width + 2 * beside,
      height: height + 2 * above,
      ratio,
    };
    fit(canvas, view);
    drawAll(canvas.getContext("2d")!, this.#look, picture, view);
    this.#kept = { canvas, picture, look: this.#look, view, at: now };
  }
}

function fit(canvas: HTMLCanvasElement, { width, height, ratio }: View): void {
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
}
