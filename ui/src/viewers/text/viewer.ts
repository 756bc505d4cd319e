// Shows text. It is cut into blocks, and only blocks that a changed mark touches are drawn again; the browser skips those out of view. A
// word cursor stands in for the pointer.

import { Offsets } from "../../core/offsets";
import type { Field } from "../../core/types";

import { following, type Edits, type Hand, type Mark, type Tool, type View, type Viewer } from "../viewer";

/** What a tool finds in a text. Places are counted in code points, as Python does. */
export interface TextSurface {
  readonly view: View;
  /** Where each word begins and ends. */
  readonly words: readonly (readonly [start: number, end: number])[];
  /** What the word cursor covers. */
  readonly covered: [start: number, end: number] | null;
  /** Let the word cursor cover its last word alone. */
  collapse(): void;
}

export interface TextHand extends Hand {
  /** Somebody drew over this part of the text. */
  drawn(start: number, end: number): void;
}

export interface TextTool extends Tool<TextSurface, TextHand> {
  /** Where the place of a mark begins and ends. */
  stretch(shape: number[]): [start: number, end: number];
}

const BLOCK = 2000;

interface Block {
  start: number;
  end: number;
  element: HTMLElement;
  drawn: string;
}

interface Placed extends Mark {
  index: number;
  from: number;
  to: number;
}

export class TextViewer implements Viewer, TextSurface {
  readonly #host: HTMLElement;
  readonly #edits: Edits;
  #text = "";
  #offsets = new Offsets("");
  #blocks: Block[] = [];
  #words: [number, number][] = [];
  #cursor: { anchor: number; head: number } | null = null;
  #view: View = { marks: [], selected: null, color: "#777" };
  #tool: TextTool | null = null;
  #hand: TextHand | null = null;

  constructor(host: HTMLElement, edits: Edits) {
    this.#host = host;
    this.#edits = edits;
    host.classList.add("text-viewer");
    host.addEventListener("pointerup", this.#released);
    host.addEventListener("click", this.#clicked);
  }

  get view(): View {
    return this.#view;
  }

  get words(): [number, number][] {
    return this.#words.map(([from, to]) => [this.#offsets.toPoint(from), this.#offsets.toPoint(to)]);
  }

  get covered(): [number, number] | null {
    const covered = this.#covered();
    return covered && [this.#offsets.toPoint(covered[0]), this.#offsets.toPoint(covered[1])];
  }

  collapse(): void {
    this.#cursor = this.#cursor && { anchor: this.#cursor.head, head: this.#cursor.head };
  }

  hold(tool: TextTool | null): void {
    if (tool === this.#tool) return;
    this.#tool = tool;
    this.#takeUp();
  }

  async show(field: Field): Promise<void> {
    this.#text = field.modality === "text" ? field.text : "";
    this.#offsets = new Offsets(this.#text);
    this.#words = Array.from(this.#text.matchAll(/[\p{L}\p{N}\p{M}'’_-]+|[^\s\p{L}\p{N}\p{M}]+/gu), (found) => [
      found.index,
      found.index + found[0].length,
    ]);
    this.#cursor = null;
    this.#takeUp();
    this.#blocks = cut(this.#text).map(([start, end]) => ({ start, end, element: document.createElement("div"), drawn: "" }));
    this.#host.replaceChildren(...this.#blocks.map((block) => block.element));
    this.#host.scrollTop = 0;
  }

  draw(view: View): void {
    this.#view = view;
    const tool = this.#tool;
    const placed: Placed[] = view.marks.flatMap((mark, index) => {
      if (!tool) return [];
      const [start, end] = tool.stretch(mark.shape);
      return [{ ...mark, index, from: this.#offsets.toUnit(start), to: this.#offsets.toUnit(end) }];
    });
    const cursor = this.#covered();
    for (const block of this.#blocks) {
      const inside = placed.filter((mark) => mark.from < block.end && mark.to > block.start);
      const lit = cursor && cursor[0] < block.end && cursor[1] > block.start ? cursor : null;
      const signature = JSON.stringify([inside, inside.some((mark) => mark.index === view.selected) ? view.selected : null, lit]);
      if (signature === block.drawn) continue;
      block.drawn = signature;
      block.element.replaceChildren(...this.#pieces(block, inside, lit));
    }
  }

  key(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey) return false;
    if (event.key === "ArrowRight" || event.key === "ArrowLeft")
      return this.#moveCursor(event.key === "ArrowRight" ? 1 : -1, event.shiftKey);
    if (this.#hand?.key(event)) return true;
    if (event.key === "Escape" && this.#cursor) {
      this.#cursor = null;
      this.draw(this.#view);
      return true;
    }
    return false;
  }

  destroy(): void {
    this.#host.removeEventListener("pointerup", this.#released);
    this.#host.removeEventListener("click", this.#clicked);
    this.#host.replaceChildren();
  }

  /** Begin with a tool as if it had never been used. */
  #takeUp(): void {
    this.#hand = this.#tool?.hand(this, this.#edits) ?? null;
  }

  #pieces(block: Block, marks: Placed[], cursor: [number, number] | null): Node[] {
    const edges = new Set([block.start, block.end]);
    for (const { from, to } of [...marks, ...(cursor ? [{ from: cursor[0], to: cursor[1] }] : [])]) {
      if (from > block.start && from < block.end) edges.add(from);
      if (to > block.start && to < block.end) edges.add(to);
    }
    const places = [...edges].sort((a, b) => a - b);
    const nodes: Node[] = [];
    for (let i = 0; i + 1 < places.length; i++) {
      const [start, end] = [places[i]!, places[i + 1]!];
      const on = marks.filter((mark) => mark.from <= start && mark.to >= end);
      const lit = cursor !== null && cursor[0] <= start && cursor[1] >= end;
      const piece = document.createElement(on.length ? "mark" : "span");
      piece.dataset.at = String(start);
      piece.textContent = this.#text.slice(start, end);
      if (lit) piece.classList.add("cursor");
      if (on.length) this.#dress(piece, on);
      nodes.push(piece);
      for (const mark of on) if (mark.to === end) nodes.push(this.#tag(mark));
    }
    return nodes;
  }

  #dress(piece: HTMLElement, on: Placed[]): void {
    const own = on.filter((mark) => !mark.suggested);
    const top = smallest(own.length ? own : on);
    piece.dataset.marks = on.map((mark) => mark.index).join(" ");
    piece.style.setProperty("--label", top.color);
    piece.classList.toggle("suggested", !own.length);
    piece.classList.toggle("next", !own.length && on.some((mark) => mark.next));
    piece.classList.toggle(
      "selected",
      on.some((mark) => mark.index === this.#view.selected),
    );
    if (on.length > 1) {
      piece.classList.add("deep");
      piece.style.setProperty("--under", on.find((mark) => mark !== top)!.color);
    }
  }

  #tag(mark: Placed): HTMLElement {
    const tag = document.createElement("sup");
    tag.textContent = mark.title;
    tag.dataset.marks = String(mark.index);
    tag.style.setProperty("--label", mark.color);
    tag.classList.toggle("suggested", Boolean(mark.suggested));
    tag.classList.toggle("next", Boolean(mark.next));
    tag.classList.toggle("selected", mark.index === this.#view.selected);
    return tag;
  }

  readonly #released = (event: PointerEvent): void => {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed || !selection.rangeCount || !this.#hand) return;
    const range = selection.getRangeAt(0);
    if (!this.#host.contains(range.startContainer) || !this.#host.contains(range.endContainer)) return;
    const start = this.#placeOf(range.startContainer, range.startOffset);
    const end = this.#placeOf(range.endContainer, range.endOffset);
    selection.removeAllRanges();
    if (start === null || end === null || end <= start) return;
    const [from, to] = event.altKey ? [start, end] : this.#snapped(start, end);
    if (to > from) this.#hand.drawn(this.#offsets.toPoint(from), this.#offsets.toPoint(to));
  };

  readonly #clicked = (event: MouseEvent): void => {
    if (!document.getSelection()?.isCollapsed) return;
    const found = (event.target as HTMLElement).closest<HTMLElement>("[data-marks]");
    const indices =
      found?.dataset.marks
        ?.split(" ")
        .map(Number)
        .filter((index) => !this.#view.marks[index]?.suggested) ?? [];
    const size = (index: number): number => {
      const [start, end] = this.#tool?.stretch(this.#view.marks[index]!.shape) ?? [0, 0];
      return end - start;
    };
    const under = indices.sort((a, b) => size(a) - size(b));
    this.#edits.select(following(under, this.#view.selected));
  };

  #placeOf(node: Node, offset: number): number | null {
    const element = node instanceof HTMLElement ? node : node.parentElement;
    if (node instanceof HTMLElement && !node.dataset.at) {
      const child = node.childNodes[offset] ?? node.childNodes[offset - 1];
      const piece = child instanceof HTMLElement ? (child.dataset.at ? child : child.querySelector<HTMLElement>("[data-at]")) : null;
      if (!piece) return null;
      return Number(piece.dataset.at) + (node.childNodes[offset] ? 0 : (piece.textContent?.length ?? 0));
    }
    const piece = element?.closest<HTMLElement>("[data-at]");
    if (!piece) {
      const tag = element?.closest("sup");
      const before = tag?.previousElementSibling as HTMLElement | null;
      return before?.dataset.at ? Number(before.dataset.at) + (before.textContent?.length ?? 0) : null;
    }
    return Number(piece.dataset.at) + (node instanceof Text ? offset : 0);
  }

  /** The words that a stretch touches, without the white space around it. */
  #snapped(start: number, end: number): [number, number] {
    const touched = this.#words.filter(([from, to]) => from < end && to > start);
    return touched.length ? [touched[0]![0], touched.at(-1)![1]] : [start, start];
  }

  #covered(): [number, number] | null {
    if (!this.#cursor) return null;
    const [first, last] = [Math.min(this.#cursor.anchor, this.#cursor.head), Math.max(this.#cursor.anchor, this.#cursor.head)];
    return this.#words[first] && this.#words[last] ? [this.#words[first][0], this.#words[last][1]] : null;
  }

  #moveCursor(by: number, stretch: boolean): boolean {
    if (!this.#words.length) return false;
    // Whoever moves on has done with the mark that was selected.
    if (this.#view.selected !== null) this.#edits.select(null);
    const head = this.#cursor ? Math.min(Math.max(this.#cursor.head + by, 0), this.#words.length - 1) : 0;
    this.#cursor = { anchor: stretch && this.#cursor ? this.#cursor.anchor : head, head };
    this.draw(this.#view);
    this.#host.querySelector(".cursor")?.scrollIntoView({ block: "nearest" });
    return true;
  }
}

function smallest(marks: Placed[]): Placed {
  return marks.reduce((best, mark) => (mark.to - mark.from < best.to - best.from ? mark : best));
}

/** Cut a text at line ends into blocks of about `BLOCK` characters. */
export function cut(text: string): [number, number][] {
  const blocks: [number, number][] = [];
  let start = 0;
  while (start < text.length) {
    let end = Math.min(start + BLOCK, text.length);
    if (end < text.length) {
      const line = text.indexOf("\n", end);
      end = line >= 0 && line - end < 4 * BLOCK ? line + 1 : Math.min(end + 4 * BLOCK, text.length);
      // Never between the two units of one character.
      if (end < text.length && (text.charCodeAt(end) & 0xfc00) === 0xdc00) end++;
    }
    blocks.push([start, end]);
    start = end;
  }
  return blocks.length ? blocks : [[0, 0]];
}
