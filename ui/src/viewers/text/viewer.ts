// The text pane: drag over words to mark them, click a mark to select it. Text is cut into blocks, and only blocks that a changed mark
// touches are drawn again; the browser skips those out of view.

import { Offsets } from "../../core/offsets";
import type { Field } from "../../core/types";
import type { Deeds, Mark, Pane, PaneKeys, View } from "../viewer";

export const TEXT_KEYS: PaneKeys = [
  ["← →", "Move the word cursor"],
  ["Shift+← →", "Stretch the word cursor"],
  ["N", "Mark what the word cursor covers"],
  ["[ ]", "Move the end of the selected mark by a word"],
];

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

export class TextPane implements Pane {
  readonly #host: HTMLElement;
  readonly #deeds: Deeds;
  #text = "";
  #offsets = new Offsets("");
  #blocks: Block[] = [];
  #words: [number, number][] = [];
  #cursor: { anchor: number; head: number } | null = null;
  #view: View = { marks: [], selected: null, editable: true, color: "#777" };

  constructor(host: HTMLElement, deeds: Deeds) {
    this.#host = host;
    this.#deeds = deeds;
    host.classList.add("text-viewer");
    host.addEventListener("pointerup", this.#released);
    host.addEventListener("click", this.#clicked);
  }

  async show(field: Field): Promise<void> {
    this.#text = field.modality === "text" ? field.text : "";
    this.#offsets = new Offsets(this.#text);
    this.#words = Array.from(this.#text.matchAll(/[\p{L}\p{N}\p{M}'’_-]+|[^\s\p{L}\p{N}\p{M}]+/gu), (found) => [found.index, found.index + found[0].length]);
    this.#cursor = null;
    this.#blocks = cut(this.#text).map(([start, end]) => ({ start, end, element: document.createElement("div"), drawn: "" }));
    this.#host.replaceChildren(...this.#blocks.map((block) => block.element));
    this.#host.scrollTop = 0;
  }

  draw(view: View): void {
    this.#view = view;
    const placed: Placed[] = view.marks.map((mark, index) => ({
      ...mark,
      index,
      from: this.#offsets.toUnit(mark.geometry[0] ?? 0),
      to: this.#offsets.toUnit(mark.geometry[1] ?? 0),
    }));
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
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") return this.#moveCursor(event.key === "ArrowRight" ? 1 : -1, event.shiftKey);
    if (event.key === "n" || event.key === "N") return this.#markCursor();
    if (event.key === "[" || event.key === "]") return this.#stretch(event.key === "]" ? 1 : -1);
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
    piece.classList.toggle("selected", on.some((mark) => mark.index === this.#view.selected));
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
    if (!selection || selection.isCollapsed || !selection.rangeCount || !this.#view.editable) return;
    const range = selection.getRangeAt(0);
    if (!this.#host.contains(range.startContainer) || !this.#host.contains(range.endContainer)) return;
    const start = this.#placeOf(range.startContainer, range.startOffset);
    const end = this.#placeOf(range.endContainer, range.endOffset);
    selection.removeAllRanges();
    if (start === null || end === null || end <= start) return;
    const [from, to] = event.altKey ? [start, end] : this.#snapped(start, end);
    if (to > from) this.#deeds.add([this.#offsets.toPoint(from), this.#offsets.toPoint(to)]);
  };

  readonly #clicked = (event: MouseEvent): void => {
    if (!document.getSelection()?.isCollapsed) return;
    const found = (event.target as HTMLElement).closest<HTMLElement>("[data-marks]");
    const indices = found?.dataset.marks?.split(" ").map(Number).filter((index) => !this.#view.marks[index]?.suggested) ?? [];
    if (!indices.length) return this.#deeds.select(null);
    const size = (index: number): number => this.#view.marks[index]!.geometry[1]! - this.#view.marks[index]!.geometry[0]!;
    const sorted = indices.sort((a, b) => size(a) - size(b));
    // Pressing again goes on to the mark below.
    const at = sorted.indexOf(this.#view.selected ?? -1);
    this.#deeds.select(sorted[(at + 1) % sorted.length]!);
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
    if (this.#view.selected !== null) this.#deeds.select(null);
    const head = this.#cursor ? Math.min(Math.max(this.#cursor.head + by, 0), this.#words.length - 1) : 0;
    this.#cursor = { anchor: stretch && this.#cursor ? this.#cursor.anchor : head, head };
    this.draw(this.#view);
    this.#host.querySelector(".cursor")?.scrollIntoView({ block: "nearest" });
    return true;
  }

  #markCursor(): boolean {
    const covered = this.#covered();
    if (!covered || !this.#view.editable) return false;
    this.#cursor = this.#cursor && { anchor: this.#cursor.head, head: this.#cursor.head };
    this.#deeds.add(covered.map((unit) => this.#offsets.toPoint(unit)));
    return true;
  }

  #stretch(by: number): boolean {
    const { selected, marks, editable } = this.#view;
    const mark = selected === null ? undefined : marks[selected];
    if (!mark || selected === null || !editable) return false;
    const [start, end] = [this.#offsets.toUnit(mark.geometry[0]!), this.#offsets.toUnit(mark.geometry[1]!)];
    const ends = this.#words.map(([, to]) => to).filter((to) => to > start);
    const next = by > 0 ? ends.find((to) => to > end) : ends.findLast((to) => to < end);
    if (next !== undefined) this.#deeds.change(selected, [mark.geometry[0]!, this.#offsets.toPoint(next)]);
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
