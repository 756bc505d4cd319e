// Draws boxes: new ones from corner to corner, selected ones moved, and sized by their handles.

import type { ImageHand, ImageSurface, ImageTool, Point } from "../../viewers/image/viewer";
import { clamp, following, type Edits } from "../../viewers/viewer";
import type { Box } from "../shapes/box";

type Drag =
  | { kind: "new"; from: Point; box: Box }
  | { kind: "move"; index: number; from: Point; start: Box; box: Box }
  | { kind: "size"; index: number; edges: Point; start: Box; from: Point; box: Box };

/** In pixels of the picture: the smallest box that is drawn. */
const LEAST = 3;
/** In pixels of the screen: how near the pointer takes hold of a handle. */
const HANDLE = 9;

export const tool: ImageTool = {
  viewer: "image",
  hand: (surface, edits) => new BoxHand(surface, edits),
  outline: ([x = 0, y = 0, width = 0, height = 0]) => `M${x} ${y}h${width}v${height}h${-width}z`,
  bounds: (shape) => shape,
};

class BoxHand implements ImageHand {
  #drag: Drag | null = null;

  constructor(
    private readonly surface: ImageSurface,
    private readonly edits: Edits,
  ) {}

  key(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey) return false;
    const step = event.shiftKey ? 10 : 1;
    const arrows: Record<string, Point> = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const by = arrows[event.key];
    if (by) return this.#nudge(by, event.altKey);
    return (event.key === "n" || event.key === "N") && !event.altKey && this.#make();
  }

  press(at: Point): void {
    const { selected, marks } = this.surface.view;
    const start = selected === null ? undefined : (marks[selected]?.shape as Box | undefined);
    const edges = start && this.#handle(at, start);
    if (start && selected !== null && edges) this.#drag = { kind: "size", index: selected, edges, start, from: at, box: start };
    else if (start && selected !== null && holds(start, at)) this.#drag = { kind: "move", index: selected, from: at, start, box: start };
    else this.#drag = { kind: "new", from: at, box: [at[0], at[1], 0, 0] };
  }

  move(at: Point): void {
    const drag = this.#drag;
    if (!drag) return;
    const [dx, dy] = [at[0] - drag.from[0], at[1] - drag.from[1]];
    if (drag.kind === "new") drag.box = this.#between(drag.from, at);
    else if (drag.kind === "move") drag.box = this.#inside([drag.start[0] + dx, drag.start[1] + dy, drag.start[2], drag.start[3]]);
    else drag.box = this.#resize(drag.start, drag.edges, dx, dy);
    this.surface.repaint();
  }

  release(at: Point): void {
    const drag = this.#drag;
    this.#drag = null;
    if (drag?.kind === "new") {
      if (drag.box[2] < LEAST || drag.box[3] < LEAST) this.#pick(drag.from);
      else this.edits.add(drag.box.map(round));
    } else if (drag?.box.some((side, i) => side !== drag.start[i])) this.edits.change(drag.index, drag.box.map(round));
    else if (drag) this.#pick(at);
    this.surface.repaint();
  }

  cancel(): boolean {
    const drawing = this.#drag !== null;
    this.#drag = null;
    this.surface.repaint();
    return drawing;
  }

  below(context: CanvasRenderingContext2D): void {
    const { marks, selected } = this.surface.view;
    const { scale } = this.surface;
    // One path a color: a thousand boxes are a handful of strokes.
    const groups = new Map<string, { path: Path2D; color: string; dashed: boolean; width: number }>();
    marks.forEach((mark, index) => {
      if (index === selected) return;
      const key = `${mark.color} ${mark.suggested ?? false} ${mark.next ?? false}`;
      const group = groups.get(key) ?? { path: new Path2D(), color: mark.color, dashed: Boolean(mark.suggested), width: mark.next ? 4 : 2 };
      group.path.rect(...(mark.shape as Box));
      groups.set(key, group);
    });
    for (const { path, color, dashed, width } of groups.values()) {
      context.setLineDash(dashed ? [6 / scale, 4 / scale] : []);
      context.lineWidth = (width + 2) / scale;
      context.strokeStyle = "rgb(255 255 255 / 0.7)";
      context.stroke(path);
      context.lineWidth = width / scale;
      context.strokeStyle = color;
      context.stroke(path);
    }
  }

  above(context: CanvasRenderingContext2D): void {
    const drag = this.#drag;
    const { selected, marks, color } = this.surface.view;
    if (drag?.kind === "new") this.#outline(context, drag.box, color, false);
    if (selected !== null && marks[selected]) {
      const box = drag && "index" in drag && drag.index === selected ? drag.box : (marks[selected].shape as Box);
      this.#outline(context, box, marks[selected].color, true);
    }
  }

  #inside([x, y, width, height]: Box): Box {
    const [across, down] = this.surface.size;
    const [w, h] = [Math.min(width, across), Math.min(height, down)];
    return [clamp(x, 0, across - w), clamp(y, 0, down - h), w, h].map(round) as Box;
  }

  #handle(at: Point, box: Box): Point | null {
    const near = HANDLE / this.surface.scale;
    for (const ex of [-1, 0, 1]) {
      for (const ey of [-1, 0, 1]) {
        if (!ex && !ey) continue;
        const [x, y] = [box[0] + (box[2] * (ex + 1)) / 2, box[1] + (box[3] * (ey + 1)) / 2];
        if (Math.abs(at[0] - x) <= near && Math.abs(at[1] - y) <= near) return [ex, ey];
      }
    }
    return null;
  }

  #between(a: Point, b: Point): Box {
    const [across, down] = this.surface.size;
    const clip = ([x, y]: Point): Point => [clamp(x, 0, across), clamp(y, 0, down)];
    const [[ax, ay], [bx, by]] = [clip(a), clip(b)];
    return [Math.min(ax, bx), Math.min(ay, by), Math.abs(ax - bx), Math.abs(ay - by)];
  }

  #resize([x, y, width, height]: Box, [ex, ey]: Point, dx: number, dy: number): Box {
    const a: Point = [ex < 0 ? x + dx : x, ey < 0 ? y + dy : y];
    const b: Point = [ex > 0 ? x + width + dx : x + width, ey > 0 ? y + height + dy : y + height];
    const box = this.#between(a, b);
    return [box[0], box[1], Math.max(box[2], 1), Math.max(box[3], 1)];
  }

  #nudge([dx, dy]: Point, size: boolean): boolean {
    const { selected, marks } = this.surface.view;
    if (selected === null || !marks[selected]) return false;
    const box = marks[selected].shape as Box;
    this.edits.change(
      selected,
      size ? this.#resize(box, [1, 1], dx, dy).map(round) : this.#inside([box[0] + dx, box[1] + dy, box[2], box[3]]),
    );
    return true;
  }

  /** Make a box in the middle of what is in view. */
  #make(): boolean {
    const [[x, y], [width, height]] = [this.surface.middle, this.surface.size];
    const side = Math.min(width, height) / 6;
    this.edits.add(this.#inside([x - side / 2, y - side / 2, side, side]));
    return true;
  }

  /** Select the smallest box under the pointer, and the next larger one when pressed again. */
  #pick(at: Point): void {
    const { marks, selected } = this.surface.view;
    const under = marks
      .map((mark, index) => ({ mark, index }))
      .filter(({ mark }) => !mark.suggested && holds(mark.shape as Box, at))
      .sort((a, b) => area(a.mark.shape) - area(b.mark.shape))
      .map(({ index }) => index);
    this.edits.select(following(under, selected));
  }

  #outline(context: CanvasRenderingContext2D, box: Box, color: string, handles: boolean): void {
    const { scale } = this.surface;
    context.setLineDash([]);
    context.fillStyle = color;
    context.globalAlpha = 0.15;
    context.fillRect(...box);
    context.globalAlpha = 1;
    context.lineWidth = 5 / scale;
    context.strokeStyle = "rgb(255 255 255 / 0.9)";
    context.strokeRect(...box);
    context.lineWidth = 3 / scale;
    context.strokeStyle = color;
    context.strokeRect(...box);
    if (!handles) return;
    const side = 8 / scale;
    context.fillStyle = "#fff";
    context.lineWidth = 1.5 / scale;
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

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function holds([x, y, width, height]: Box, [px, py]: Point): boolean {
  return px >= x && py >= y && px <= x + width && py <= y + height;
}

function area(shape: number[]): number {
  return shape[2]! * shape[3]!;
}
