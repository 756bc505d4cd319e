// A date for the whole field, or a date with the time.

import type { DateAnswer, DateQuestion } from "../../core/server";
import { compareWhole } from "../compare";
import type { Kind } from "../kind";
import { whole } from "../shapes/shape";
import Form from "./Form.svelte";
import View from "./View.svelte";

/** What sums of floats may be off, as on the server. */
const SLACK = 1e-12;

const DAY = 86_400_000;
const YEAR = 365.25;

/** Days since a fixed one; no zone is meant. */
const days = (text: string): number => Date.parse(text.includes("T") ? `${text}Z` : `${text}T00:00Z`) / DAY;

/** How far two dates are apart: of the range, or where there is none, of a year. */
function distance(a: string, b: string, { min, max }: DateQuestion): number {
  const range = typeof min === "string" && typeof max === "string" ? days(max) - days(min) : YEAR;
  return a === b ? 0 : Math.min(1, Math.abs(days(a) - days(b)) / range);
}

export default {
  name: "date",
  words: { one: "date", many: "dates", made: "given" },
  keys: [],
  Form,
  View,
  empty: () => null,
  parts: ({ value }) => [{ id: "1", label: value, shape: [] }],
  withParts: ([part]) => (part ? { kind: "date", value: part.label } : null),
  terms: () => ({ get: (answer) => (answer as DateAnswer | null)?.value ?? null, parts: null }),
  describe: () => "",
  similarity: (a, b) => whole.overlap(a.shape, b.shape),
  within: () => 0,
  differences: (answers, question) =>
    compareWhole(
      answers,
      ({ value }) => value,
      (a, b) => 1 - distance(a.value, b.value, question as DateQuestion) >= ((question as DateQuestion).same ?? 1) - SLACK,
    ),
} satisfies Kind<DateAnswer>;
