// What every kind of answer is. A kind is one folder here that exports one object of this type; what the page does with answers follows
// from it, so that nothing else knows a kind by its name.

import type { Component } from "svelte";
import type { Claim } from "../keys/actions";
import type { Answer, Field, Modality, Question } from "../core/types";
import type { Terms } from "../expressions";
import type { Place, Showing, Tool } from "../viewers/viewer";

export type { Place } from "../viewers/viewer";

/** One labeled part of an answer: a place that is marked, or the whole answer, which has no shape. */
export interface Part extends Place {
  /** Tells it from the other parts of the answer, whatever becomes of its place; comments refer to it. */
  id: string;
}

/** `missing`: some answer has nothing here; `label`: the labels differ; `place`: only the bounds differ. */
export type Reason = "missing" | "label" | "place";

/** One place in which answers to a question differ. */
export interface Apart {
  reason: Reason;
  /** For each answer the number of its part in this place, or null where it has none. */
  members: (number | null)[];
  /** The labels in the order of the answers, null where there is none. */
  labels: (string | null)[];
  /** Bounds around all parts here as the viewer counts them: start and end, or x, y, width and height. Empty without a shape. */
  bounds: number[];
}

/** How an answer is given beside the item. */
export interface Answering {
  question: Question;
  name: string;
  answer: Answer | undefined;
  /** What is suggested and still open. */
  proposed: Answer | undefined;
  /** Whether the question is in hand. */
  active: boolean;
  keyOf: (label: string) => string;
  /** Give the answer, after which the next question comes. */
  give: (answer: Answer) => void;
  /** Keep the answer, or none, as a step of its own; the question stays in hand. */
  put: (answer: Answer | undefined) => void;
  /** Keep what is typed so far, or nothing; the question stays in hand. */
  write: (answer: Answer | undefined) => void;
  /** Take the next question into hand; whether there is one. */
  next: () => boolean;
  /** Look for a label by typing, and the key that does. */
  onfind: () => void;
  findKey: string;
}

/** What an answer is shown on: a field of its item. */
export type On = Omit<Showing, "marks" | "question" | "tool" | "dashed">;

/** How an answer is shown: in a few words, or `on` its item. */
export interface Viewing {
  answer: Answer;
  question?: Question | undefined;
  on?: On | undefined;
  dashed?: boolean;
}

export interface Kind<A extends Answer = Answer> {
  /** As the pipeline file names it. */
  readonly name: A["kind"];
  /** What the page calls its parts, and what is done with one: "No box was drawn." */
  readonly words: { readonly one: string; readonly many: string; readonly made: string };
  /** The keys that it claims while its tool is in use. */
  readonly keys: readonly Claim[];
  /** How it is drawn in a viewer; absent where it is answered beside the item. */
  readonly tool?: Tool;
  /** How it is answered beside the item; absent where a tool does. */
  readonly Form?: Component<Answering>;
  /** How it is shown in reviews, in lists and at its item. */
  readonly View: Component<Viewing>;
  /** What nobody has marked is as an answer; null where that is none. */
  empty(question: Question): A | null;
  parts(answer: A): Part[];
  /** The answer that has these parts; null where that is none. */
  withParts(places: readonly Place[]): A | null;
  /** What choosing a label makes of the answer, if that is one; absent where it labels a part. */
  choose?(label: string, answer: A | undefined, question: Question): A | null;
  /** Whether an answer may have several labels, so that the question stays in hand when one is chosen. */
  readonly several?: true;
  /** The answer that no label applies; null where that is none. */
  none?(question: Question): A | null;
  /** What a condition can say of the answers to a question, whose field has this modality. */
  terms(question: Question, modality: Modality): Terms;
  /** A part in a few words, which stand beside its label. */
  describe(place: Place, field: Field | undefined): string;
  /** How far two parts share their place, 0 to 1. */
  similarity(a: Place, b: Place): number;
  /** How far a part lies within bounds, 0 to 1. */
  within(place: Place, bounds: number[]): number;
  /** Where answers of several people to one question differ, in the order in which one looks at an item. The question says in `same` how
   * alike two answers are that count as the same, where they can be alike in part. */
  differences(answers: readonly (A | undefined)[], question: Question): Apart[];
}
