// What every viewer is. A viewer shows one modality: it decodes, zooms, pans and plays. What is marked is drawn by a tool, which belongs to
// a kind of answer and works through what its viewer offers. Viewers and tools are plain classes and know nothing of Svelte, tasks or the
// server.

import type { Component } from "svelte";
import type { Value } from "../expressions";
import type { Claim } from "../keys/actions";
import type { Field, Modality, Question } from "../core/types";

/** A labeled place; what its numbers mean is up to its kind. */
export interface Place {
  label: string;
  shape: number[];
  /** The id that the part of an answer has there, if it has one. */
  id?: string | undefined;
}

/** A place as a tool draws it; `suggested` ones are dashed, and cannot be changed. */
export interface Mark extends Place {
  title: string;
  color: string;
  suggested?: boolean;
  /** The suggestion that is taken up next. */
  next?: boolean;
}

export interface View {
  marks: Mark[];
  /** The place of the selected mark, or null. */
  selected: number | null;
  color: string;
}

/** What a tool tells its owner. A new place gets the current label. */
export interface Edits {
  add(shape: number[]): void;
  change(index: number, shape: number[]): void;
  select(index: number | null): void;
}

/** What a tool tells of the keys that are pressed: whether one was its own. */
export interface Hand {
  key(event: KeyboardEvent): boolean;
}

/** How a kind of answer is drawn in the viewer that it names. Each viewer has its own surface and hand, see its folder. */
export interface Tool<Surface = never, Held extends Hand = Hand> {
  readonly viewer: Modality;
  /** A tool in use: made anew for each item. */
  hand(surface: Surface, edits: Edits): Held;
}

export interface Viewer {
  /** Take a tool into use, unless it is already; without one nothing can be marked. */
  hold(tool: Tool | null): void;
  /** Show a field; resolves when it can be seen. */
  show(field: Field, address: (digest: string) => string): Promise<void>;
  /** Draw the marks. */
  draw(view: View): void;
  /** Handle a key that is the viewer's own, or its tool's, and tell whether it was. */
  key(event: KeyboardEvent): boolean;
  destroy(): void;
}

/** One field of an item to be looked at, with the places of one answer on it. */
export interface Showing<F extends Field = Field> {
  project: string;
  name: string;
  field: F;
  marks?: Place[];
  question?: Question | undefined;
  /** How the places are drawn; needed where there are any. */
  tool?: Tool | undefined;
  /** Places drawn strongly; all the others step back. Null: all are alike. */
  strong?: number[] | null;
  /** The place that is looked at just now. */
  current?: number | null;
  /** Bounds that others marked and this answer did not. */
  ghost?: number[] | null;
  dashed?: boolean;
  /** Bounds of the part that is shown, enlarged. */
  focus?: number[] | null;
  /** Whether a player stands below a recording. */
  controls?: boolean;
  tall?: boolean;
  /** How many characters of a text are shown around its marks. */
  around?: number | undefined;
}

/** One field of an item in small. */
export interface Small<F extends Field = Field> {
  project: string;
  preview: F;
}

/** A modality: one folder here, which exports this. */
export interface ViewerKind {
  readonly name: Modality;
  /** Where it stands where all of them are listed. */
  readonly order: number;
  readonly words: {
    /** Where its keys do something: "In texts". */
    where: string;
  };
  /** Its keys before and behind those of the tool, as the help lists them. */
  readonly keys: readonly [before: readonly Claim[], behind: readonly Claim[]];
  /** What a condition can say of a field, by name; null where only the server can. */
  readonly terms: Readonly<Record<string, (field: Field | undefined) => Value>> | null;
  /** Whether a place can be looked at from nearer. */
  readonly closer: boolean;
  /** Whether it is heard, so that the bounds of a place begin at a second. */
  readonly plays: boolean;
  /** Whether it needs room in a list. */
  readonly wide: boolean;
  open(host: HTMLElement, edits: Edits): Viewer;
  /** Fetch what is needed before it is looked at. */
  prefetch(field: Field, address: (digest: string) => string): void;
  readonly Shown: Component<Showing>;
  /** How it is shown in lists: of a text, `preview` has the beginning. */
  readonly Thumb: Component<Small>;
}

/** Of the places under the pointer, the smallest first, the one after that which is selected: pressing again goes on to the one below. */
export function following(under: number[], selected: number | null): number | null {
  return under.length ? under[(under.indexOf(selected ?? -1) + 1) % under.length]! : null;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}

/** Whether a mark is drawn faintly: where some matter more, and this is none of them. */
export function isFaint(strong: readonly number[] | null, mark: number): boolean {
  return strong !== null && !strong.includes(mark);
}
