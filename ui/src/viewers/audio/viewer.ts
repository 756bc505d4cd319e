// Shows recordings: their outline, and a playhead. Editing never disturbs what is playing.

import type { Field } from "../../core/types";
import { clamp, type Edits, type Hand, type Tool, type View, type Viewer } from "../viewer";

/** What a tool finds in a recording. Places are seconds from its beginning. */
export interface AudioSurface {
  readonly view: View;
  readonly duration: number;
  /** Where the playhead is. */
  readonly time: number;
  /** A moment as pixels of the canvas. */
  toX(seconds: number): number;
  /** Draw anew. */
  repaint(): void;
}

export interface AudioHand extends Hand {
  press(at: number): void;
  move(at: number): void;
  /** Do what the pointer was drawn for, and tell whether it was more than a press on one place. */
  release(): boolean;
  /** Let go of what is being drawn. */
  cancel(): void;
  /** Draw the marks over the outline. */
  paint(context: CanvasRenderingContext2D, height: number): void;
}

export interface AudioTool extends Tool<AudioSurface, AudioHand> {
  /** Where the place of a mark begins and ends. */
  stretch(shape: number[]): [start: number, end: number];
}

interface Peaks {
  scale: number;
  min: number[];
  max: number[];
}

export class AudioViewer implements Viewer, AudioSurface {
  readonly #host: HTMLElement;
  readonly #edits: Edits;
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
  /** Where the pointer was pressed. */
  #pressedAt: number | null = null;
  #view: View = { marks: [], selected: null, color: "#777" };
  #tool: AudioTool | null = null;
  #hand: AudioHand | null = null;
  #frame = 0;

  constructor(host: HTMLElement, edits: Edits) {
    this.#host = host;
    this.#edits = edits;
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

  get view(): View {
    return this.#view;
  }

  get duration(): number {
    return this.#duration;
  }

  get time(): number {
    return this.#audio.currentTime;
  }

  toX(seconds: number): number {
    return ((seconds - this.#window[0]) / (this.#window[1] - this.#window[0])) * this.#canvas.clientWidth;
  }

  repaint(): void {
    this.#later();
  }

  hold(tool: AudioTool | null): void {
    if (tool === this.#tool) return;
    this.#tool = tool;
    this.#takeUp();
  }

  async show(field: Field, address: (digest: string) => string): Promise<void> {
    if (field.modality !== "audio") return;
    this.#audio.pause();
    this.#audio.src = address(field.blob);
    this.#duration = field.duration;
    this.#window = [0, field.duration];
    this.#pressedAt = null;
    this.#takeUp();
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
    if (this.#hand?.key(event)) return true;
    const fine = event.shiftKey ? 0.02 : 0.25;
    switch (event.key) {
      case " ":
        this.#toggle();
        return true;
      case "ArrowLeft":
        return this.#seek(this.#audio.currentTime - fine);
      case "ArrowRight":
        return this.#seek(this.#audio.currentTime + fine);
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

  /** Begin with a tool as if it had never been used. */
  #takeUp(): void {
    this.#hand = this.#tool?.hand(this, this.#edits) ?? null;
  }

  // --- playing ------------------------------------------------------------------------------------------------------------------

  #toggle(): void {
    if (!this.#audio.paused) return this.#audio.pause();
    const { selected, marks } = this.#view;
    const chosen = selected === null ? undefined : marks[selected];
    this.#stopAt = Infinity;
    if (chosen && this.#tool) {
      [this.#audio.currentTime, this.#stopAt] = this.#tool.stretch(chosen.shape);
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

  // --- pointers -----------------------------------------------------------------------------------------------------------------

  readonly #pressed = (event: PointerEvent): void => {
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pressedAt = this.#toTime(event.offsetX);
    this.#hand?.press(this.#pressedAt);
  };

  readonly #moved = (event: PointerEvent): void => {
    if (this.#pressedAt === null) return;
    this.#hand?.move(clamp(this.#toTime(event.offsetX), 0, this.#duration));
    this.#later();
  };

  readonly #released = (event: PointerEvent): void => {
    const at = this.#pressedAt;
    this.#pressedAt = null;
    if (at !== null) {
      if (event.type === "pointercancel") this.#hand?.cancel();
      else if (!this.#hand?.release() && this.#audio.paused) this.#seek(at);
    }
    this.#later();
  };

  // --- drawing ------------------------------------------------------------------------------------------------------------------

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
    this.#hand?.paint(context, height);
    line(context, this.toX(this.#audio.currentTime), height, style.getPropertyValue("--bad"), 2);
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
}

/** A line from top to bottom. */
export function line(context: CanvasRenderingContext2D, x: number, height: number, color: string, width: number): void {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x, height);
  context.stroke();
}
