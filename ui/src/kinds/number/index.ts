// A number for the whole field.

import type { NumberAnswer, NumberQuestion } from "../../core/server";
import { compareWhole } from "../compare";
import type { Kind } from "../kind";
import { whole } from "../shapes/shape";
import Form from "./Form.svelte";
import View from "./View.svelte";

/** What sums of floats may be off, as on the server. */
const SLACK = 1e-12;

/** How far two numbers are apart: of the range, or where there is none, of the greater one. */
function distance(a: number, b: number, { min, max }: NumberQuestion): number {
  if (a === b) return 0;
  const range = typeof min === "number" && typeof max === "number" ? max - min : Math.max(Math.abs(a), Math.abs(b));
  return Math.min(1, Math.abs(a - b) / range);
}

export default {
  name: "number",
  words: { one: "number", many: "numbers", made: "given" },
  keys: [],
  Form,
  View,
  empty: () => null,
  parts: ({ value }) => [{ id: "1", label: String(value), shape: [] }],
  withParts: ([part]) => (part ? { kind: "number", value: Number(part.label) } : null),
  terms: () => ({ get: (answer) => (answer as NumberAnswer | null)?.value ?? null, parts: null }),
  describe: () => "",
  similarity: (a, b) => whole.overlap(a.shape, b.shape),
  within: () => 0,
  differences: (answers, question) =>
    compareWhole(
      answers,
      ({ value }) => String(value),
      (a, b) => 1 - distance(a.value, b.value, question as NumberQuestion) >= ((question as NumberQuestion).same ?? 1) - SLACK,
    ),
} satisfies Kind<NumberAnswer>;
