// One point of a scale for a whole item: the further two points are apart, the less alike are the ratings.

import type { Rating, RatingQuestion } from "../../core/server";
import { compareWhole } from "../compare";
import type { Kind } from "../kind";
import { whole } from "../shapes/shape";
import Form from "./Form.svelte";
import { similarity, valueOf } from "./scale";
import View from "./View.svelte";

/** What sums of floats may be off, as on the server. */
const SLACK = 1e-12;

export default {
  name: "rating",
  words: { one: "rating", many: "ratings", made: "given" },
  keys: [],
  Form,
  View,
  empty: () => null,
  parts: ({ point }) => [{ id: "1", label: point, shape: [] }],
  withParts: ([part]) => (part ? { kind: "rating", point: part.label } : null),
  choose: (point) => ({ kind: "rating", point }),
  terms: (question) => ({ get: (answer) => (answer ? valueOf(question, (answer as Rating).point) : null), parts: null }),
  describe: () => "",
  similarity: (a, b) => whole.overlap(a.shape, b.shape),
  within: () => 0,
  differences: (answers, question) =>
    compareWhole(
      answers,
      ({ point }) => point,
      (a, b) => similarity(question, a.point, b.point) >= ((question as RatingQuestion).same ?? 1) - SLACK,
    ),
} satisfies Kind<Rating>;
