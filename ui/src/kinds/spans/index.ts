// Labeled stretches of a text; offsets count code points.

import type { Span, Spans } from "../../core/server";
import { marks } from "../marks";
import { interval } from "../shapes/interval";
import { tool } from "./tool";

const LONGEST = 36;

export default marks<Spans, Span>({
  name: "spans",
  words: { one: "span", many: "spans", made: "marked" },
  keys: [
    { shown: "N", keys: ["N"], title: "Mark what the word cursor covers" },
    { shown: "[ ]", keys: ["[", "]"], title: "Move the end of the selected mark by a word" },
  ],
  shape: interval,
  tool,
  list: "spans",
  placed: ({ start, end }) => [start, end],
  marked: ([start = 0, end = 0]) => ({ start, end }),
  describe({ shape: [start, end] }, field) {
    const text = field?.modality === "text" ? Array.from(field.text).slice(start, end).join("").replace(/\s+/g, " ") : "";
    return text.length > LONGEST ? `${text.slice(0, LONGEST - 2)}…` : text;
  },
});
