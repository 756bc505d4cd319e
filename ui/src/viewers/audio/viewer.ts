// The audio pane: the outline of the sound with its segments. Editing never disturbs what is playing.

import type { Field } from "../../core/types";
import type { Deeds, Mark, Pane, PaneKeys, View } from "../viewer";

export const AUDIO_KEYS: PaneKeys = [
  ["Space", "Play or pause; with a segment selected, play that"],
  ["← →", "Move the playhead (Shift: finely)"],
  ["I", "Set the beginning: of the selected segment, or of a new one"],
  ["O", "Set the end: of the selected segment, or of a new one"],
  ["+ −", "Zoom"],
  ["W", "Show the whole clip"],
];

interface Peaks {
  scale: number;
  min: number[];
  max: number[];
}

type Drag = { kind: "new"; from: number; to: number } | { kind: "edge"; index: number; edge: 0 | 1; geometry: number[] };

const GRAB = 6;
const LEAST = 0.02;

export class AudioPane implements Pane {
  readonly #host: HTMLElement;
  readonly #deeds: Deeds;
  readonly #canvas = document.createElement("canvas");
  readonly #bar = document.createElement("div");
  readonly #button = document.createElement("button");
  readonly #clock = document.createElement("span");
  readonly #audio = new Audio();
  readonly #sizes = new ResizeObserver(() => this.#resized());
  #duration = 1;
  #window: [number, number] = [0, 1];
  #peaks: Peaks | null = null;
  #shown: Field | null = null;
  #stopAt = Infinity;
  #in: number | null = null;
  #drag: Drag | null = null;
  #view: View = { marks: [], selected: null, editable: true, color: "#777" };
  #frame = 0;

  constructor(host: HTMLElement, deeds: Deeds) {
    this.#host = host;
    this.#deeds = deeds;
    host.classList.add("audio-viewer");
    this.#bar.className = "player";
    this.#button.type = "button";
    this.#button.addEventListener("click", () => this.#toggle());
    this.#bar.append(this.#button, this.#clock);
    this.#canvas.setAttribute("aria-hidden", "true");
    // In the page, though it cannot be seen: whoever listens is at work.
    host.replaceChildren(this.#canvas, this.#bar, this.#audio);
    this.#canvas.addEventListener("pointerdown", this.#pressed);
    this.#canvas.addEventListener("pointermove", this.#moved);
    this.#canvas.addEventListener("pointerup", this.#released);
    this.#canvas.addEventListener("pointercancel", this.#released);
    this.#audio.addEventListener("play", () => this.#follow());
    this.#audio.addEventListener("pause", () => this.#paint());
    this.#audio.preload = "auto";
    this.#sizes.observe(host);
  }

  async show(field: Field, address: (digest: string) => string): Promise<void> {
    if (field.modality !== "audio") return;
    this.#audio.pause();
    this.#audio.src = address(field.blob);
    this.#duration = field.duration;
    this.#window = [0, field.duration];
    this.#in = null;
    this.#stopAt = Infinity;
    this.#peaks = null;
    this.#shown = field;
    if (!field.peaks) return this.#later();
    const peaks = (await (await fetch(address(field.peaks))).json()) as Peaks;
    if (this.#shown !== field) return;
    this.#peaks = peaks;
    this.#later();
  }

  draw(view: View): void {
    this.#view = view;
    this.#later();
  }

  key(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const fine = event.shiftKey ? 0.02 : 0.25;
    switch (event.key) {
      case " ":
        this.#toggle();
        return true;
      case "ArrowLeft":
        return this.#seek(this.#audio.currentTime - fine);
      case "ArrowRight":
        return this.#seek(this.#audio.currentTime + fine);
      case "i":
      case "I":
        return this.#setEdge(0);
      case "o":
      case "O":
        return this.#setEdge(1);
      case "+":
      case "=":
        return this.#zoom(0.7);
      case "-":
        return this.#zoom(1 / 0.7);
      case "w":
      case "W":
        this.#window = [0, this.#duration];
        this.#later();
        return true;
      default:
        return false;
    }
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    this.#sizes.disconnect();
    this.#host.replaceChildren();
  }

  // --- playing ------------------------------------------------------------------------------------------------------------------

  #toggle(): void {
    if (!this.#audio.paused) return this.#audio.pause();
    const { selected, marks } = this.#view;
    const chosen = selected === null ? undefined : marks[selected];
    this.#stopAt = Infinity;
    if (chosen) {
      this.#audio.currentTime = chosen.geometry[0]!;
      this.#stopAt = chosen.geometry[1]!;
    } else if (this.#audio.currentTime >= this.#duration - 0.01) {
      this.#audio.currentTime = 0;
    }
    void this.#audio.play().catch(() => undefined);
  }

  #follow(): void {
    if (this.#audio.currentTime >= this.#stopAt) {
      this.#audio.pause();
      this.#stopAt = Infinity;
    }
    this.#paint();
    if (!this.#audio.paused) this.#frame = requestAnimationFrame(() => this.#follow());
  }

  #seek(to: number): boolean {
    this.#audio.currentTime = clamp(to, 0, this.#duration);
    this.#stopAt = Infinity;
    this.#later();
    return true;
  }

  // --- segments -----------------------------------------------------------------------------------------------------------------

  #setEdge(edge: 0 | 1): boolean {
    if (!this.#view.editable) return false;
    const now = round(this.#audio.currentTime);
    const { selected, marks } = this.#view;
    const chosen = selected === null ? undefined : marks[selected];
    if (chosen && selected !== null) {
      const geometry = [...chosen.geometry];
      geometry[edge] = now;
      if (geometry[1]! - geometry[0]! >= LEAST) {
        this.#deeds.change(selected, geometry);
        return true;
      }
      // Behind its end the selected segment cannot begin: the next one does.
      if (edge === 1) return true;
      this.#deeds.select(null);
    }
    if (edge === 0) this.#in = now;
    else if (now - (this.#in ?? 0) >= LEAST) {
      this.#deeds.add([this.#in ?? 0, now]);
      this.#in = null;
    }
    this.#later();
    return true;
  }

  readonly #pressed = (event: PointerEvent): void => {
    this.#canvas.setPointerCapture(event.pointerId);
    const x = event.offsetX;
    const { selected, marks, editable } = this.#view;
    if (editable) {
      const order = marks.map((_, index) => index).sort((a, b) => Number(b === selected) - Number(a === selected));
      for (const index of order) {
        if (marks[index]!.suggested) continue;
        for (const edge of [0, 1] as const) {
          if (Math.abs(x - this.#toX(marks[index]!.geometry[edge]!)) <= GRAB) {
            this.#drag = { kind: "edge", index, edge, geometry: [...marks[index]!.geometry] };
            return;
          }
        }
      }
    }
    const at = this.#toTime(x);
    this.#drag = { kind: "new", from: at, to: at };
  };

  readonly #moved = (event: PointerEvent): void => {
    const drag = this.#drag;
    if (!drag) return;
    const at = clamp(this.#toTime(event.offsetX), 0, this.#duration);
    if (drag.kind === "new") drag.to = at;
    else {
      const other = drag.geometry[1 - drag.edge]!;
      drag.geometry[drag.edge] = drag.edge ? Math.max(at, other + LEAST) : Math.min(at, other - LEAST);
    }
    this.#later();
  };

  readonly #released = (event: PointerEvent): void => {
    const drag = this.#drag;
    this.#drag = null;
    if (!drag || event.type === "pointercancel") return this.#later();
    if (drag.kind === "edge") this.#deeds.change(drag.index, drag.geometry.map(round));
    else if (Math.abs(this.#toX(drag.to) - this.#toX(drag.from)) >= 4 && this.#view.editable) {
      this.#deeds.add([Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)].map(round));
    } else {
      this.#pick(drag.from);
      if (this.#audio.paused) this.#seek(drag.from);
    }
    this.#later();
  };

  #pick(at: number): void {
    const length = (mark: Mark): number => mark.geometry[1]! - mark.geometry[0]!;
    const under = this.#view.marks
      .map((mark, index) => ({ mark, index }))
      .filter(({ mark }) => !mark.suggested && mark.geometry[0]! <= at && mark.geometry[1]! >= at)
      .sort((a, b) => length(a.mark) - length(b.mark))
      .map(({ index }) => index);
    const place = under.indexOf(this.#view.selected ?? -1);
    this.#deeds.select(under.length ? under[(place + 1) % under.length]! : null);
  }

  // --- drawing ------------------------------------------------------------------------------------------------------------------

  #toX(seconds: number): number {
    return ((seconds - this.#window[0]) / (this.#window[1] - this.#window[0])) * this.#canvas.clientWidth;
  }

  #toTime(x: number): number {
    return this.#window[0] + (x / Math.max(this.#canvas.clientWidth, 1)) * (this.#window[1] - this.#window[0]);
  }

  #zoom(by: number): boolean {
    const now = this.#audio.currentTime;
    const length = clamp((this.#window[1] - this.#window[0]) * by, 0.2, this.#duration);
    const start = clamp(now - length / 2, 0, this.#duration - length);
    this.#window = [start, start + length];
    this.#later();
    return true;
  }

  #resized(): void {
    const ratio = devicePixelRatio || 1;
    this.#canvas.width = Math.round(this.#canvas.clientWidth * ratio);
    this.#canvas.height = Math.round(this.#canvas.clientHeight * ratio);
    this.#later();
  }

  #later(): void {
    if (!this.#audio.paused) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#paint());
  }

  #paint(): void {
    const context = this.#canvas.getContext("2d");
    if (!context) return;
    const ratio = devicePixelRatio || 1;
    const [width, height] = [this.#canvas.clientWidth, this.#canvas.clientHeight];
    const style = getComputedStyle(this.#host);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this.#paintSound(context, width, height, style.getPropertyValue("--muted"));
    this.#view.marks.forEach((mark, index) => this.#paintMark(context, height, mark, index));
    const drag = this.#drag;
    if (drag?.kind === "new" && Math.abs(this.#toX(drag.to) - this.#toX(drag.from)) >= 4) this.#band(context, height, drag.from, drag.to, this.#view.color, 0.3);
    if (this.#in !== null) this.#line(context, this.#toX(this.#in), height, this.#view.color, 2);
    this.#line(context, this.#toX(this.#audio.currentTime), height, style.getPropertyValue("--bad"), 2);
    this.#button.textContent = this.#audio.paused ? "Play" : "Pause";
    this.#clock.textContent = `${this.#audio.currentTime.toFixed(2)} s of ${this.#duration.toFixed(2)} s`;
  }

  #paintSound(context: CanvasRenderingContext2D, width: number, height: number, color: string): void {
    const peaks = this.#peaks;
    if (!peaks?.max.length) return;
    context.fillStyle = color;
    const middle = height / 2;
    const each = this.#duration / peaks.max.length;
    for (let x = 0; x < width; x++) {
      const first = Math.floor(this.#toTime(x) / each);
      const last = Math.max(first + 1, Math.ceil(this.#toTime(x + 1) / each));
      let [low, high] = [0, 0];
      for (let i = first; i < last && i < peaks.max.length; i++) {
        low = Math.min(low, peaks.min[i]!);
        high = Math.max(high, peaks.max[i]!);
      }
      const [top, bottom] = [middle - (high / peaks.scale) * middle * 0.92, middle - (low / peaks.scale) * middle * 0.92];
      context.fillRect(x, top, 1, Math.max(bottom - top, 1));
    }
  }

  #paintMark(context: CanvasRenderingContext2D, height: number, mark: Mark, index: number): void {
    const moving = this.#drag?.kind === "edge" && this.#drag.index === index ? this.#drag.geometry : mark.geometry;
    const selected = index === this.#view.selected;
    this.#band(context, height, moving[0]!, moving[1]!, mark.color, selected ? 0.4 : mark.next ? 0.18 : mark.suggested ? 0.1 : 0.22);
    context.setLineDash(mark.suggested ? [5, 4] : []);
    for (const edge of moving) this.#line(context, this.#toX(edge), height, mark.color, selected || mark.next ? 3 : 2);
    context.setLineDash([]);
  }

  #band(context: CanvasRenderingContext2D, height: number, from: number, to: number, color: string, alpha: number): void {
    context.globalAlpha = alpha;
    context.fillStyle = color;
    context.fillRect(this.#toX(from), 0, this.#toX(to) - this.#toX(from), height);
    context.globalAlpha = 1;
  }

  #line(context: CanvasRenderingContext2D, x: number, height: number, color: string, width: number): void {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, height);
    context.stroke();
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
