// One label of several for a whole item.

import type { Choice } from "../../core/server";
import { compareWhole } from "../compare";
import type { Kind } from "../kind";
import { whole } from "../shapes/shape";
import Form from "./Form.svelte";
import View from "./View.svelte";

export default {
  name: "choice",
  words: { one: "answer", many: "answers", made: "marked" },
  keys: [],
  Form,
  View,
  empty: () => null,
  parts: ({ label }) => [{ id: "1", label, shape: [] }],
  withParts: ([part]) => (part ? { kind: "choice", label: part.label } : null),
  choose: (label) => ({ kind: "choice", label }),
  terms: () => ({ get: (answer) => (answer as Choice | null)?.label ?? null, parts: null }),
  describe: () => "",
  similarity: (a, b) => whole.overlap(a.shape, b.shape),
  within: () => 0,
  differences: (answers) => compareWhole(answers, ({ label }) => label),
} satisfies Kind<Choice>;
