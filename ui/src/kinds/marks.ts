// Makes a kind of answer of a shape: any number of labeled places, drawn with a tool.

import type { Answer } from "../core/types";
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
    similarity: (a, b) => shape.overlap(a.shape, b.shape),
    within: (place, bounds) => shape.overlap(place.shape, bounds),
    differences: (answers) =>
      compare(
        shape,
        own.same,
        answers.map((given) => (given ? places(given) : [])),
      ),
  };
}
