// Makes a kind of answer of a shape: any number of labeled places, drawn with a tool.

import type { Answer, Field } from "../core/types";
import { Parts, type Terms } from "../expressions";
import { compare } from "./compare";
import type { Kind, Part, Place } from "./kind";
import Marks from "./Marks.svelte";
import type { Shape } from "./shapes/shape";

/** A mark as the answer holds it, besides its place. */
interface Mark {
  label: string;
  id?: string;
}

type Own<A extends Answer, M> = Pick<Kind<A>, "name" | "words" | "keys" | "describe"> & {
  tool: NonNullable<Kind["tool"]>;
  shape: Shape;
  /** The name of the answer's list of marks. */
  list: Exclude<keyof A, "kind">;
  /** The place of a mark as the shape counts, and back. */
  placed(mark: M): number[];
  marked(shape: number[]): Omit<M, keyof Mark>;
};

export function marks<A extends Answer, M extends Mark>({ shape, list, placed, marked, ...own }: Own<A, M>): Kind<A> {
  const placesOf = (answer: A): Place[] =>
    (answer[list] as unknown as M[]).map((one) => ({ id: one.id, label: one.label, shape: placed(one) }));
  // There may be thousands of marks, and each change makes all of them: no object is copied.
  const answerOf = (places: readonly Place[]): A => {
    const made = places.map(({ id, label, shape }, i) => {
      const mark = marked(shape) as M;
      mark.label = label;
      // A mark whose id is its number needs none.
      if (id && id !== String(i + 1)) mark.id = id;
      return mark;
    });
    return { kind: own.name, [list]: made } as unknown as A;
  };
  // An answer never changes, and its parts are asked for again and again.
  const known = new WeakMap<A, Part[]>();
  const partsOf = (answer: A): Part[] => {
    const parts = known.get(answer) ?? identified(placesOf(answer));
    known.set(answer, parts);
    return parts;
  };
  return {
    ...own,
    View: Marks,
    // Marking nothing is an answer to a question about places.
    empty: () => answerOf([]),
    parts: partsOf,
    withParts: answerOf,
    terms: (question, modality) => ({
      get: (given, fields) => {
        const field = fields[question.of] as Field | undefined;
        const text = field?.modality === "text" ? field.text : "";
        return new Parts((given ? placesOf(given as A) : []).map((place) => ({ place, text })));
      },
      parts: said(shape, modality === "text"),
    }),
    similarity: (a, b) => shape.overlap(a.shape, b.shape),
    within: (place, bounds) => shape.extent.overlap(shape.bounds(place.shape), bounds),
    differences: (answers, { same }) =>
      compare(
        shape,
        same ?? 1,
        answers.map((given) => (given ? placesOf(given) : [])),
      ),
  };
}

/** The places as parts, with the id of each: its own, and of one that has none, or one that is taken, its number or the next free one. */
function identified(places: Place[]): Part[] {
  if (places.some(({ id }) => id)) {
    const taken = new Set(places.map(({ id }) => id));
    const used = new Set<string>();
    places.forEach((place, i) => {
      if (!place.id || used.has(place.id)) {
        let free = i + 1;
        while (taken.has(String(free))) free++;
        place.id = String(free);
        taken.add(place.id);
      }
      used.add(place.id);
    });
  } else places.forEach((place, i) => (place.id = String(i + 1)));
  return places as Part[];
}

/** A place, and the text that it lies in. */
interface Said {
  place: Place;
  text: string;
}

/** What a condition can say of a place. */
function said(shape: Shape, within: boolean): NonNullable<Terms["parts"]> {
  const values = Object.entries(shape.values).map(([name, value]) => [name, ({ place }: Said) => value(place.shape)] as const);
  const words = ({ place: { shape: bounds }, text }: Said) => Array.from(text).slice(bounds[0], bounds[1]).join("");
  return { label: ({ place }: Said) => place.label, ...Object.fromEntries(values), ...(within ? { text: words } : {}) };
}
