// Makes a kind of answer of a shape: any number of labeled places, drawn with a tool.

import type { Answer, Field } from "../core/types";
import { Parts, type Terms } from "../expressions";
import { compare } from "./compare";
import type { Kind, Place } from "./kind";
import Marks from "./Marks.svelte";
import type { Shape } from "./shapes/shape";

type Own<A extends Answer> = Pick<Kind<A>, "name" | "words" | "keys" | "same" | "describe"> & {
  tool: NonNullable<Kind["tool"]>;
  shape: Shape;
  places(answer: A): Place[];
  answer(places: readonly Place[]): A;
};

export function marks<A extends Answer>({ shape, places, answer, ...own }: Own<A>): Kind<A> {
  return {
    ...own,
    graded: true,
    View: Marks,
    // Marking nothing is an answer to a question about places.
    empty: () => answer([]),
    parts: (given) => places(given).map((place, id) => ({ id, ...place })),
    withParts: answer,
    terms: (question, modality) => ({
      get: (given, fields) => {
        const field = fields[question.of] as Field | undefined;
        const text = field?.modality === "text" ? field.text : "";
        return new Parts((given ? places(given as A) : []).map((place) => ({ place, text })));
      },
      parts: said(shape, modality === "text"),
    }),
    similarity: (a, b) => shape.overlap(a.shape, b.shape),
    within: (place, bounds) => shape.overlap(place.shape, bounds),
    differences: (answers, same) =>
      compare(
        shape,
        same,
        answers.map((given) => (given ? places(given) : [])),
      ),
  };
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
