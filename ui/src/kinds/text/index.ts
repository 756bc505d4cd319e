// A text that somebody writes about the whole field.

import type { TextAnswer, TextQuestion } from "../../core/server";
import { compareWhole } from "../compare";
import type { Kind } from "../kind";
import { whole } from "../shapes/shape";
import { editDistance, normalized, words } from "../typed";
import Form from "./Form.svelte";
import View from "./View.svelte";

/** What sums of floats may be off, as on the server. */
const SLACK = 1e-12;

/** A text in so many characters at most, for a line. */
function brief(text: string, most = 40): string {
  const characters = Array.from(normalized(text));
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : text;
}

export default {
  name: "text",
  words: { one: "text", many: "texts", made: "written" },
  keys: [],
  Form,
  View,
  empty: () => null,
  parts: ({ value }) => [{ id: "1", label: value, shape: [] }],
  withParts: ([part]) => (part ? { kind: "text", value: part.label } : null),
  terms: () => ({ get: (answer) => (answer as TextAnswer | null)?.value ?? null, parts: null }),
  describe: () => "",
  similarity: (a, b) => whole.overlap(a.shape, b.shape),
  within: () => 0,
  differences(answers, question) {
    const { same, compare } = question as TextQuestion;
    const split = (text: string) => (compare === "characters" ? Array.from(normalized(text)) : words(text));
    return compareWhole(
      answers,
      ({ value }) => brief(value),
      (a, b) => normalized(a.value) === normalized(b.value) || 1 - editDistance(split(a.value), split(b.value)) >= (same ?? 1) - SLACK,
    );
  },
} satisfies Kind<TextAnswer>;
