// Any number of the labels for a whole item.

import type { Choices, ChoicesQuestion } from "../../core/server";
import { Parts } from "../../expressions";
import { compareWhole } from "../compare";
import type { Kind } from "../kind";
import { whole } from "../shapes/shape";
import Form from "./Form.svelte";
import View from "./View.svelte";

/** What sums of floats may be off, as on the server. */
const SLACK = 1e-12;

/** What stands for a set without labels, which is an answer too. */
const NONE = "";

/** The share of labels that two sets have in common, of all that either has. */
function alike(a: readonly string[], b: readonly string[]): number {
  const all = new Set([...a, ...b]);
  return all.size ? a.filter((label) => b.includes(label)).length / all.size : 1;
}

export default {
  name: "choices",
  words: { one: "label", many: "labels", made: "chosen" },
  keys: [],
  Form,
  View,
  empty: () => null,
  parts: ({ labels }) => (labels.length ? labels : [NONE]).map((label) => ({ id: label, label, shape: [] })),
  withParts: (parts) =>
    parts.length ? { kind: "choices", labels: parts.map(({ label }) => label).filter((label) => label !== NONE) } : null,
  several: true,
  choose(label, answer) {
    const given = answer?.labels ?? [];
    const labels = given.includes(label) ? given.filter((one) => one !== label) : [...given, label];
    // That none applies is said, and does not follow from taking the last one back.
    return labels.length ? { kind: "choices", labels } : null;
  },
  none: (question) => ((question as ChoicesQuestion).min === 0 ? { kind: "choices", labels: [] } : null),
  terms: () => ({
    get: (answer) => new Parts(((answer as Choices | null)?.labels ?? []).map((label) => ({ label }))),
    parts: { label: (part) => (part as { label: string }).label },
  }),
  describe: ({ label }) => (label === NONE ? "none of them" : ""),
  similarity: (a, b) => whole.overlap(a.shape, b.shape),
  within: () => 0,
  differences: (answers, question) =>
    compareWhole(
      answers,
      ({ labels }) => labels.join(", ") || "none",
      (a, b) => alike(a.labels, b.labels) >= ((question as ChoicesQuestion).same ?? 1) - SLACK,
    ),
} satisfies Kind<Choices>;
