// Marks text: what is drawn over, or what the word cursor covers.

import type { TextHand, TextSurface, TextTool } from "../../viewers/text/viewer";
import type { Edits } from "../../viewers/viewer";
import type { Interval } from "../shapes/interval";

export const tool: TextTool = {
  viewer: "text",
  hand: (surface, edits) => new SpanHand(surface, edits),
  stretch: (shape) => shape as Interval,
};

class SpanHand implements TextHand {
  constructor(
    private readonly surface: TextSurface,
    private readonly edits: Edits,
  ) {}

  drawn(start: number, end: number): void {
    this.edits.add([start, end]);
  }

  key(event: KeyboardEvent): boolean {
    if (event.key === "n" || event.key === "N") return this.#markCursor();
    if (event.key === "[" || event.key === "]") return this.#stretch(event.key === "]" ? 1 : -1);
    return false;
  }

  #markCursor(): boolean {
    const { covered } = this.surface;
    if (!covered) return false;
    this.surface.collapse();
    this.edits.add(covered);
    return true;
  }

  #stretch(by: number): boolean {
    const { selected, marks } = this.surface.view;
    const mark = selected === null ? undefined : marks[selected];
    if (!mark || selected === null) return false;
    const [start, end] = mark.shape as Interval;
    const ends = this.surface.words.map(([, to]) => to).filter((to) => to > start);
    const next = by > 0 ? ends.find((to) => to > end) : ends.findLast((to) => to < end);
    if (next !== undefined) this.edits.change(selected, [start, next]);
    return true;
  }
}
