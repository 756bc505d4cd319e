// Shows pictures on two layers of canvas, the picture with its marks below and what moves above, so that dragging one of a thousand marks
// draws that one alone. Whatever is pressed without Ctrl is the tool's.

import type { Field } from "../../core/types";
import type { Edits, Hand, Tool, View, Viewer } from "../viewer";

export type Point = [x: number, y: number];

/** What a tool finds in a picture. Places are pixels of the picture, from its upper left corner. */
export interface ImageSurface {
  readonly view: View;
  /** Width and height of the picture. */
  readonly size: Point;
  /** How many pixels of the screen one of the picture takes. */
  readonly scale: number;
  /** The middle of what is in view. */
  readonly middle: Point;
  /** Draw anew what moves. */
  repaint(): void;
}

export interface ImageHand extends Hand {
  press(at: Point): void;
  move(at: Point): void;
  release(at: Point): void;
  /** Let go of what is being drawn, and tell whether there was something. */
  cancel(): boolean;
  /** Draw the marks that stay, over the picture. */
  below(context: CanvasRenderingContext2D): void;
  /** Draw what is selected or moves. */
  above(context: CanvasRenderingContext2D): void;
}

export interface ImageTool extends Tool<ImageSurface, ImageHand> {
  /** The outline of a place, as an SVG path. */
  outline(shape: number[]): string;
  /** Its bounds: x, y, width and height. */
  bounds(shape: number[]): number[];
}

export class ImageViewer implements Viewer, ImageSurface {
  readonly #host: HTMLElement;
  readonly #edits: Edits;
  readonly #below = document.createElement("canvas");
  readonly #above = document.createElement("canvas");
  readonly #sizes = new ResizeObserver(() => this.#resized());
  readonly #pointers = new Map<number, Point>();
  #picture: HTMLImageElement | null = null;
  /** The picture that was asked for last. */
  #wanted: HTMLImageElement | null = null;
  #size: Point = [1, 1];
  #scale = 1;
  #at: Point = [0, 0];
  #fitted = true;
  /** Where the pointer was, and the picture, when the picture began to be moved. */
  #pan: { from: Point; at: Point } | null = null;
  #pinch = 0;
  #view: View = { marks: [], selected: null, color: "#777" };
  #tool: ImageTool | null = null;
  #hand: ImageHand | null = null;
  #frame = 0;

  constructor(host: HTMLElement, edits: Edits) {
    this.#host = host;
    this.#edits = edits;
    host.classList.add("image-viewer");
    host.replaceChildren(this.#below, this.#above);
    this.#below.setAttribute("aria-hidden", "true");
    this.#above.setAttribute("aria-hidden", "true");
    this.#above.addEventListener("pointerdown", this.#pressed);
    this.#above.addEventListener("pointermove", this.#moved);
    this.#above.addEventListener("pointerup", this.#released);
    this.#above.addEventListener("pointercancel", this.#released);
    this.#above.addEventListener("wheel", this.#wheeled, { passive: false });
    this.#sizes.observe(host);
  }

  get view(): View {
    return this.#view;
  }

  get size(): Point {
    return this.#size;
  }

  get scale(): number {
    return this.#scale;
  }

  get middle(): Point {
    return this.#toPicture(this.#center());
  }

  repaint(): void {
    this.#drawAbove();
  }

  hold(tool: ImageTool | null): void {
    if (tool === this.#tool) return;
    this.#tool = tool;
    this.#takeUp();
  }

  async show(field: Field, address: (digest: string) => string): Promise<void> {
    if (field.modality !== "image") return;
    const picture = new Image();
    picture.src = address(field.blob);
    this.#wanted = picture;
    this.#size = [field.width, field.height];
    // Whoever waits for a picture does not see the one before in its place, and what is drawn before it comes stands where it ought to.
    if (!picture.complete) this.#picture = null;
    this.#pan = null;
    this.#takeUp();
    this.#fit();
    await picture.decode();
    if (this.#wanted !== picture) return;
    this.#picture = picture;
    this.#later();
  }

  draw(view: View): void {
    this.#view = view;
    this.#later();
  }

  key(event: KeyboardEvent): boolean {
    if (this.#hand?.key(event)) return true;
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "+" || event.key === "=") return this.#zoom(1.25, this.#center());
    if (event.key === "-") return this.#zoom(0.8, this.#center());
    if (event.key === "w" || event.key === "W") {
      this.#fit();
      return true;
    }
    return event.key === "Escape" && (this.#hand?.cancel() ?? false);
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    this.#sizes.disconnect();
    this.#host.replaceChildren();
  }

  /** Begin with a tool as if it had never been used. */
  #takeUp(): void {
    this.#hand = this.#tool?.hand(this, this.#edits) ?? null;
  }

  // --- where things are ---------------------------------------------------------------------------------------------------------

  #toPicture([x, y]: Point): Point {
    return [(x - this.#at[0]) / this.#scale, (y - this.#at[1]) / this.#scale];
  }

  #place(event: PointerEvent | WheelEvent): Point {
    const box = this.#above.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #center(): Point {
    return [this.#host.clientWidth / 2, this.#host.clientHeight / 2];
  }

  #fit(): void {
    const [width, height] = [Math.max(this.#host.clientWidth, 1), Math.max(this.#host.clientHeight, 1)];
    this.#scale = Math.min(width / this.#size[0], height / this.#size[1], 8) * 0.98;
    this.#at = [(width - this.#size[0] * this.#scale) / 2, (height - this.#size[1] * this.#scale) / 2];
    this.#fitted = true;
    this.#later();
  }

  #zoom(by: number, around: Point): boolean {
    const scale = Math.min(Math.max(this.#scale * by, 0.05), 40);
    const factor = scale / this.#scale;
    this.#at = [around[0] - (around[0] - this.#at[0]) * factor, around[1] - (around[1] - this.#at[1]) * factor];
    this.#scale = scale;
    this.#fitted = false;
    this.#later();
    return true;
  }

  #resized(): void {
    const ratio = devicePixelRatio || 1;
    for (const canvas of [this.#below, this.#above]) {
      canvas.width = Math.round(this.#host.clientWidth * ratio);
      canvas.height = Math.round(this.#host.clientHeight * ratio);
    }
    if (this.#fitted) this.#fit();
    else this.#later();
  }

  // --- pointers -----------------------------------------------------------------------------------------------------------------

  readonly #pressed = (event: PointerEvent): void => {
    this.#above.setPointerCapture(event.pointerId);
    const place = this.#place(event);
    this.#pointers.set(event.pointerId, place);
    if (this.#pointers.size === 2) {
      this.#pan = null;
      this.#hand?.cancel();
      this.#pinch = this.#spread();
    } else if (event.button === 1 || event.ctrlKey || event.metaKey) {
      this.#pan = { from: place, at: [...this.#at] };
    } else if (event.button === 0) {
      this.#hand?.press(this.#toPicture(place));
    }
  };

  readonly #moved = (event: PointerEvent): void => {
    if (!this.#pointers.has(event.pointerId)) return;
    const place = this.#place(event);
    if (this.#pointers.size === 2) return this.#pinched(event.pointerId, place);
    this.#pointers.set(event.pointerId, place);
    if (!this.#pan) return this.#hand?.move(this.#toPicture(place));
    this.#at = [this.#pan.at[0] + place[0] - this.#pan.from[0], this.#pan.at[1] + place[1] - this.#pan.from[1]];
    this.#fitted = false;
    this.#later();
  };

  readonly #released = (event: PointerEvent): void => {
    this.#pointers.delete(event.pointerId);
    if (this.#pan) this.#pan = null;
    else if (event.type === "pointercancel") this.#hand?.cancel();
    else this.#hand?.release(this.#toPicture(this.#place(event)));
  };

  readonly #wheeled = (event: WheelEvent): void => {
    event.preventDefault();
    this.#zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), this.#place(event));
  };

  #pinched(pointer: number, place: Point): void {
    const before = this.#between2();
    this.#pointers.set(pointer, place);
    const after = this.#between2();
    const spread = this.#spread();
    this.#at = [this.#at[0] + after[0] - before[0], this.#at[1] + after[1] - before[1]];
    this.#zoom(spread / Math.max(this.#pinch, 1), after);
    this.#pinch = spread;
  }

  #between2(): Point {
    const [a, b] = [...this.#pointers.values()];
    return [(a![0] + b![0]) / 2, (a![1] + b![1]) / 2];
  }

  #spread(): number {
    const [a, b] = [...this.#pointers.values()];
    return Math.hypot(a![0] - b![0], a![1] - b![1]);
  }

  // --- drawing ------------------------------------------------------------------------------------------------------------------

  #later(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      this.#drawBelow();
      this.#drawAbove();
    });
  }

  #begin(canvas: HTMLCanvasElement): CanvasRenderingContext2D | null {
    const context = canvas.getContext("2d");
    if (!context) return null;
    const ratio = devicePixelRatio || 1;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio * this.#scale, 0, 0, ratio * this.#scale, ratio * this.#at[0], ratio * this.#at[1]);
    return context;
  }

  #drawBelow(): void {
    const context = this.#begin(this.#below);
    if (!context || !this.#picture) return;
    context.imageSmoothingEnabled = this.#scale < 4;
    context.drawImage(this.#picture, 0, 0, this.#size[0], this.#size[1]);
    this.#hand?.below(context);
  }

  #drawAbove(): void {
    const context = this.#begin(this.#above);
    if (context) this.#hand?.above(context);
  }
}
