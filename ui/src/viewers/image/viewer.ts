// The image pane: two layers of canvas, the picture with its boxes below and what moves above, so that dragging one of a thousand boxes
// draws that one alone.

import type { Field } from "../../core/types";
import type { Deeds, Pane, PaneKeys, View } from "../viewer";

export const IMAGE_KEYS: PaneKeys = [
  ["N", "Draw a new box in the middle, to be moved by the arrows"],
  ["Arrows", "Move the selected box (Shift: by ten pixels)"],
  ["Alt+Arrows", "Resize the selected box"],
  ["+ −", "Zoom"],
  ["W", "Show the whole picture"],
  ["Ctrl+drag", "Move the picture"],
];

type Rectangle = [x: number, y: number, width: number, height: number];
type Drag =
  | { kind: "new"; from: [number, number]; box: Rectangle }
  | { kind: "move"; index: number; from: [number, number]; start: Rectangle; box: Rectangle }
  | { kind: "size"; index: number; edges: [number, number]; start: Rectangle; from: [number, number]; box: Rectangle }
  | { kind: "pan"; from: [number, number]; at: [number, number] };

const LEAST = 3;
const HANDLE = 9;

export class ImagePane implements Pane {
  readonly #host: HTMLElement;
  readonly #deeds: Deeds;
  readonly #below = document.createElement("canvas");
  readonly #above = document.createElement("canvas");
  readonly #sizes = new ResizeObserver(() => this.#resized());
  readonly #pointers = new Map<number, [number, number]>();
  #picture: HTMLImageElement | null = null;
  /** The picture that was asked for last. */
  #wanted: HTMLImageElement | null = null;
  #size: [number, number] = [1, 1];
  #scale = 1;
  #at: [number, number] = [0, 0];
  #fitted = true;
  #drag: Drag | null = null;
  #pinch = 0;
  #view: View = { marks: [], selected: null, editable: true, color: "#777" };
  #frame = 0;

  constructor(host: HTMLElement, deeds: Deeds) {
    this.#host = host;
    this.#deeds = deeds;
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

  async show(field: Field, address: (digest: string) => string): Promise<void> {
    if (field.modality !== "image") return;
    const picture = new Image();
    picture.src = address(field.blob);
    this.#wanted = picture;
    this.#size = [field.width, field.height];
    // Whoever waits for a picture does not see the one before in its place, and what is drawn before it comes stands where it ought to.
    if (!picture.complete) this.#picture = null;
    this.#drag = null;
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
    const step = event.shiftKey ? 10 : 1;
    const arrows: Record<string, [number, number]> = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const by = arrows[event.key];
    if (by && !event.ctrlKey && !event.metaKey) return this.#nudge(by, event.altKey);
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "+" || event.key === "=") return this.#zoom(1.25, this.#middle());
    if (event.key === "-") return this.#zoom(0.8, this.#middle());
    if (event.key === "w" || event.key === "W") {
      this.#fit();
      return true;
    }
    if ((event.key === "n" || event.key === "N") && this.#view.editable) {
      const [x, y] = this.#toPicture(this.#middle());
      const side = Math.min(this.#size[0], this.#size[1]) / 6;
      this.#deeds.add(this.#inside([x - side / 2, y - side / 2, side, side]));
      return true;
    }
    if (event.key === "Escape" && this.#drag) {
      this.#drag = null;
      this.#drawAbove();
      return true;
    }
    return false;
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    this.#sizes.disconnect();
    this.#host.replaceChildren();
  }

  // --- where things are ---------------------------------------------------------------------------------------------------------

  #toPicture([x, y]: [number, number]): [number, number] {
    return [(x - this.#at[0]) / this.#scale, (y - this.#at[1]) / this.#scale];
  }

  #place(event: PointerEvent | WheelEvent): [number, number] {
    const box = this.#above.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #middle(): [number, number] {
    return [this.#host.clientWidth / 2, this.#host.clientHeight / 2];
  }

  #fit(): void {
    const [width, height] = [Math.max(this.#host.clientWidth, 1), Math.max(this.#host.clientHeight, 1)];
    this.#scale = Math.min(width / this.#size[0], height / this.#size[1], 8) * 0.98;
    this.#at = [(width - this.#size[0] * this.#scale) / 2, (height - this.#size[1] * this.#scale) / 2];
    this.#fitted = true;
    this.#later();
  }

  #zoom(by: number, around: [number, number]): boolean {
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

  #inside([x, y, width, height]: Rectangle): Rectangle {
    const [w, h] = [Math.min(width, this.#size[0]), Math.min(height, this.#size[1])];
    return [clamp(x, 0, this.#size[0] - w), clamp(y, 0, this.#size[1] - h), w, h].map(round) as Rectangle;
  }

  // --- pointers -----------------------------------------------------------------------------------------------------------------

  readonly #pressed = (event: PointerEvent): void => {
    this.#above.setPointerCapture(event.pointerId);
    const place = this.#place(event);
    this.#pointers.set(event.pointerId, place);
    if (this.#pointers.size === 2) {
      this.#drag = null;
      this.#pinch = this.#spread();
      this.#drawAbove();
      return;
    }
    const at = this.#toPicture(place);
    if (event.button === 1 || event.ctrlKey || event.metaKey) {
      this.#drag = { kind: "pan", from: place, at: [...this.#at] };
      return;
    }
    if (event.button !== 0) return;
    const { selected, editable, marks } = this.#view;
    const chosen = selected === null ? undefined : marks[selected];
    const edges = chosen && editable ? this.#handle(place, chosen.geometry as Rectangle) : null;
    if (chosen && edges && selected !== null) {
      const start = chosen.geometry as Rectangle;
      this.#drag = { kind: "size", index: selected, edges, start, from: at, box: start };
    } else if (chosen && editable && selected !== null && holds(chosen.geometry as Rectangle, at)) {
      const start = chosen.geometry as Rectangle;
      this.#drag = { kind: "move", index: selected, from: at, start, box: start };
    } else if (editable) {
      this.#drag = { kind: "new", from: at, box: [at[0], at[1], 0, 0] };
    } else {
      this.#pick(at);
    }
  };

  readonly #moved = (event: PointerEvent): void => {
    if (!this.#pointers.has(event.pointerId)) return;
    const place = this.#place(event);
    if (this.#pointers.size === 2) return this.#pinched(event.pointerId, place);
    this.#pointers.set(event.pointerId, place);
    const drag = this.#drag;
    if (!drag) return;
    if (drag.kind === "pan") {
      this.#at = [drag.at[0] + place[0] - drag.from[0], drag.at[1] + place[1] - drag.from[1]];
      this.#fitted = false;
      return this.#later();
    }
    const at = this.#toPicture(place);
    const [dx, dy] = [at[0] - drag.from[0], at[1] - drag.from[1]];
    if (drag.kind === "new") drag.box = this.#between(drag.from, at);
    else if (drag.kind === "move") drag.box = this.#inside([drag.start[0] + dx, drag.start[1] + dy, drag.start[2], drag.start[3]]);
    else drag.box = this.#resize(drag.start, drag.edges, dx, dy);
    this.#drawAbove();
  };

  readonly #released = (event: PointerEvent): void => {
    this.#pointers.delete(event.pointerId);
    const drag = this.#drag;
    this.#drag = null;
    if (event.type === "pointercancel" || !drag || drag.kind === "pan") return this.#drawAbove();
    const small = drag.box[2] < LEAST || drag.box[3] < LEAST;
    if (drag.kind === "new") {
      if (small) this.#pick(drag.from);
      else this.#deeds.add(drag.box.map(round));
    } else if (drag.box.some((side, i) => side !== drag.start[i])) {
      this.#deeds.change(drag.index, drag.box.map(round));
    } else {
      this.#pick(this.#toPicture(this.#place(event)));
    }
    this.#drawAbove();
  };

  readonly #wheeled = (event: WheelEvent): void => {
    event.preventDefault();
    this.#zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), this.#place(event));
  };

  #pinched(pointer: number, place: [number, number]): void {
    const before = this.#between2();
    this.#pointers.set(pointer, place);
    const after = this.#between2();
    const spread = this.#spread();
    this.#at = [this.#at[0] + after[0] - before[0], this.#at[1] + after[1] - before[1]];
    this.#zoom(spread / Math.max(this.#pinch, 1), after);
    this.#pinch = spread;
  }

  #between2(): [number, number] {
    const [a, b] = [...this.#pointers.values()];
    return [(a![0] + b![0]) / 2, (a![1] + b![1]) / 2];
  }

  #spread(): number {
    const [a, b] = [...this.#pointers.values()];
    return Math.hypot(a![0] - b![0], a![1] - b![1]);
  }

  /** Select the smallest box under the pointer, and the next larger one when pressed again. */
  #pick(at: [number, number]): void {
    const under = this.#view.marks
      .map((mark, index) => ({ mark, index }))
      .filter(({ mark }) => !mark.suggested && holds(mark.geometry as Rectangle, at))
      .sort((a, b) => area(a.mark.geometry) - area(b.mark.geometry))
      .map(({ index }) => index);
    const place = under.indexOf(this.#view.selected ?? -1);
    this.#deeds.select(under.length ? under[(place + 1) % under.length]! : null);
  }

  #handle(place: [number, number], box: Rectangle): [number, number] | null {
    for (const ex of [-1, 0, 1]) {
      for (const ey of [-1, 0, 1]) {
        if (!ex && !ey) continue;
        const x = this.#at[0] + (box[0] + (box[2] * (ex + 1)) / 2) * this.#scale;
        const y = this.#at[1] + (box[1] + (box[3] * (ey + 1)) / 2) * this.#scale;
        if (Math.abs(place[0] - x) <= HANDLE && Math.abs(place[1] - y) <= HANDLE) return [ex, ey];
      }
    }
    return null;
  }

  #between(a: [number, number], b: [number, number]): Rectangle {
    const clip = ([x, y]: [number, number]): [number, number] => [clamp(x, 0, this.#size[0]), clamp(y, 0, this.#size[1])];
    const [[ax, ay], [bx, by]] = [clip(a), clip(b)];
    return [Math.min(ax, bx), Math.min(ay, by), Math.abs(ax - bx), Math.abs(ay - by)];
  }

  #resize([x, y, width, height]: Rectangle, [ex, ey]: [number, number], dx: number, dy: number): Rectangle {
    const a: [number, number] = [ex < 0 ? x + dx : x, ey < 0 ? y + dy : y];
    const b: [number, number] = [ex > 0 ? x + width + dx : x + width, ey > 0 ? y + height + dy : y + height];
    const box = this.#between(a, b);
    return [box[0], box[1], Math.max(box[2], 1), Math.max(box[3], 1)];
  }

  #nudge([dx, dy]: [number, number], size: boolean): boolean {
    const { selected, marks, editable } = this.#view;
    if (selected === null || !marks[selected] || !editable) return false;
    const box = marks[selected].geometry as Rectangle;
    this.#deeds.change(selected, size ? this.#resize(box, [1, 1], dx, dy).map(round) : this.#inside([box[0] + dx, box[1] + dy, box[2], box[3]]));
    return true;
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
    // One path a colour: a thousand boxes are a handful of strokes.
    const groups = new Map<string, { path: Path2D; color: string; dashed: boolean; width: number }>();
    this.#view.marks.forEach((mark, index) => {
      if (index === this.#view.selected) return;
      const key = `${mark.color} ${mark.suggested ?? false} ${mark.next ?? false}`;
      const group = groups.get(key) ?? { path: new Path2D(), color: mark.color, dashed: Boolean(mark.suggested), width: mark.next ? 4 : 2 };
      group.path.rect(...(mark.geometry as Rectangle));
      groups.set(key, group);
    });
    for (const { path, color, dashed, width } of groups.values()) {
      context.setLineDash(dashed ? [6 / this.#scale, 4 / this.#scale] : []);
      context.lineWidth = (width + 2) / this.#scale;
      context.strokeStyle = "rgb(255 255 255 / 0.7)";
      context.stroke(path);
      context.lineWidth = width / this.#scale;
      context.strokeStyle = color;
      context.stroke(path);
    }
  }

  #drawAbove(): void {
    const context = this.#begin(this.#above);
    if (!context) return;
    const drag = this.#drag;
    const { selected, marks } = this.#view;
    if (drag?.kind === "new") this.#outline(context, drag.box, this.#view.color, false);
    if (selected !== null && marks[selected]) {
      const box = drag && "index" in drag && drag.index === selected ? drag.box : (marks[selected].geometry as Rectangle);
      this.#outline(context, box, marks[selected].color, this.#view.editable);
    }
  }

  #outline(context: CanvasRenderingContext2D, box: Rectangle, color: string, handles: boolean): void {
    context.setLineDash([]);
    context.fillStyle = color;
    context.globalAlpha = 0.15;
    context.fillRect(...box);
    context.globalAlpha = 1;
    context.lineWidth = 5 / this.#scale;
    context.strokeStyle = "rgb(255 255 255 / 0.9)";
    context.strokeRect(...box);
    context.lineWidth = 3 / this.#scale;
    context.strokeStyle = color;
    context.strokeRect(...box);
    if (!handles) return;
    const side = 8 / this.#scale;
    context.fillStyle = "#fff";
    context.lineWidth = 1.5 / this.#scale;
    for (const ex of [0, 0.5, 1]) {
      for (const ey of [0, 0.5, 1]) {
        if (ex === 0.5 && ey === 0.5) continue;
        const [x, y] = [box[0] + box[2] * ex - side / 2, box[1] + box[3] * ey - side / 2];
        context.fillRect(x, y, side, side);
        context.strokeRect(x, y, side, side);
      }
    }
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function holds([x, y, width, height]: Rectangle, [px, py]: [number, number]): boolean {
  return px >= x && py >= y && px <= x + width && py <= y + height;
}

function area(geometry: number[]): number {
  return geometry[2]! * geometry[3]!;
}
