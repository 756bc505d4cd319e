// Marks stretches of a recording: drawn with the pointer, whose ends can be moved, or set by keys at the playhead.

import { line, type AudioHand, type AudioSurface, type AudioTool } from "../../viewers/audio/viewer";
import { following, type Edits, type Mark } from "../../viewers/viewer";
import type { Interval } from "../shapes/interval";

type Drag = { kind: "new"; from: number; to: number } | { kind: "edge"; index: number; edge: 0 | 1; shape: Interval };

/** In pixels: how near the pointer takes hold of an end, and from which width something is drawn. */
const GRAB = 6;
const WIDTH = 4;
/** In seconds: the shortest segment. */
const LEAST = 0.02;

export const tool: AudioTool = {
  viewer: "audio",
  hand: (surface, edits) => new SegmentHand(surface, edits),
  stretch: (shape) => shape as Interval,
};

class SegmentHand implements AudioHand {
  #in: number | null = null;
  #drag: Drag | null = null;

  constructor(
    private readonly surface: AudioSurface,
    private readonly edits: Edits,
  ) {}

  key(event: KeyboardEvent): boolean {
    if (event.key === "i" || event.key === "I") return this.#setEdge(0);
    return (event.key === "o" || event.key === "O") && this.#setEdge(1);
  }

  press(at: number): void {
    this.#drag = this.#edgeAt(at) ?? { kind: "new", from: at, to: at };
  }

  move(at: number): void {
    const drag = this.#drag;
    if (!drag) return;
    if (drag.kind === "new") drag.to = at;
    else {
      const other = drag.shape[1 - drag.edge]!;
      drag.shape[drag.edge] = drag.edge ? Math.max(at, other + LEAST) : Math.min(at, other - LEAST);
    }
  }

  release(): boolean {
    const drag = this.#drag;
    this.#drag = null;
    if (!drag) return true;
    if (drag.kind === "edge") this.edits.change(drag.index, drag.shape.map(round));
    else if (this.#wide(drag)) this.edits.add([Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)].map(round));
    else {
      this.#pick(drag.from);
      return false;
    }
    return true;
  }

  cancel(): void {
    this.#drag = null;
  }

  paint(context: CanvasRenderingContext2D, height: number): void {
    const { marks, color } = this.surface.view;
    marks.forEach((mark, index) => this.#paintMark(context, height, mark, index));
    const drag = this.#drag;
    if (drag?.kind === "new" && this.#wide(drag)) this.#band(context, height, drag.from, drag.to, color, 0.3);
    if (this.#in !== null) line(context, this.surface.toX(this.#in), height, color, 2);
  }

  #setEdge(edge: 0 | 1): boolean {
    const now = round(this.surface.time);
    const { selected, marks } = this.surface.view;
    const chosen = selected === null ? undefined : marks[selected];
    if (chosen && selected !== null) {
      const shape = [...chosen.shape];
      shape[edge] = now;
      if (shape[1]! - shape[0]! >= LEAST) {
        this.edits.change(selected, shape);
        return true;
      }
      // Behind its end the selected segment cannot begin: the next one does.
      if (edge === 1) return true;
      this.edits.select(null);
    }
    if (edge === 0) this.#in = now;
    else if (now - (this.#in ?? 0) >= LEAST) {
      this.edits.add([this.#in ?? 0, now]);
      this.#in = null;
    }
    this.surface.repaint();
    return true;
  }

  #edgeAt(at: number): Drag | null {
    const { selected, marks } = this.surface.view;
    const x = this.surface.toX(at);
    const order = marks.map((_, index) => index).sort((a, b) => Number(b === selected) - Number(a === selected));
    for (const index of order) {
      const mark = marks[index]!;
      if (mark.suggested) continue;
      for (const edge of [0, 1] as const) {
        if (Math.abs(x - this.surface.toX(mark.shape[edge]!)) <= GRAB)
          return { kind: "edge", index, edge, shape: [...mark.shape] as Interval };
      }
    }
    return null;
  }

  #wide({ from, to }: { from: number; to: number }): boolean {
    return Math.abs(this.surface.toX(to) - this.surface.toX(from)) >= WIDTH;
  }

  #pick(at: number): void {
    const { marks, selected } = this.surface.view;
    const length = (mark: Mark): number => mark.shape[1]! - mark.shape[0]!;
    const under = marks
      .map((mark, index) => ({ mark, index }))
      .filter(({ mark }) => !mark.suggested && mark.shape[0]! <= at && mark.shape[1]! >= at)
      .sort((a, b) => length(a.mark) - length(b.mark))
      .map(({ index }) => index);
    this.edits.select(following(under, selected));
  }

  #paintMark(context: CanvasRenderingContext2D, height: number, mark: Mark, index: number): void {
    const moving = this.#drag?.kind === "edge" && this.#drag.index === index ? this.#drag.shape : mark.shape;
    const selected = index === this.surface.view.selected;
    this.#band(context, height, moving[0]!, moving[1]!, mark.color, selected ? 0.4 : mark.next ? 0.18 : mark.suggested ? 0.1 : 0.22);
    context.setLineDash(mark.suggested ? [5, 4] : []);
    for (const edge of moving) line(context, this.surface.toX(edge), height, mark.color, selected || mark.next ? 3 : 2);
    context.setLineDash([]);
  }

  #band(context: CanvasRenderingContext2D, height: number, from: number, to: number, color: string, alpha: number): void {
    const left = this.surface.toX(from);
    context.globalAlpha = alpha;
    context.fillStyle = color;
    context.fillRect(left, 0, this.surface.toX(to) - left, height);
    context.globalAlpha = 1;
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
