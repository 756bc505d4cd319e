// What every annotation pane is: a plain class that draws one field with its marks and tells what was done to them. It knows nothing of
// Svelte, tasks or the server.

import type { Field } from "../core/types";

/** A labeled place as a pane draws it; `suggested` ones are dashed, and cannot be changed. */
export interface Mark {
  label: string;
  title: string;
  color: string;
  geometry: number[];
  suggested?: boolean;
  /** The suggestion that is taken up next. */
  next?: boolean;
}

export interface View {
  marks: Mark[];
  /** The place of the selected mark, or null. */
  selected: number | null;
  /** Whether marks may be made and changed. */
  editable: boolean;
  color: string;
}

/** What a pane tells its owner. A new place gets the current label. */
export interface Deeds {
  add(geometry: number[]): void;
  change(index: number, geometry: number[]): void;
  select(index: number | null): void;
}

export interface Pane {
  /** Draw a field; resolves when it can be seen. */
  show(field: Field, address: (digest: string) => string): Promise<void>;
  /** Draw the marks. */
  draw(view: View): void;
  /** Handle a key that is the pane's own, and tell whether it was. */
  key(event: KeyboardEvent): boolean;
  destroy(): void;
}

/** The keys of a pane and what they do, for the help. */
export type PaneKeys = [key: string, what: string][];
