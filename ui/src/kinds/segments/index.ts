// Labeled stretches of a recording, in seconds.

import { clock } from "../../core/numbers";
import type { SegmentsAnswer } from "../../core/types";
import { marks } from "../marks";
import { interval } from "../shapes/interval";
import { tool } from "./tool";

export default marks<SegmentsAnswer>({
  name: "segments",
  words: { one: "segment", many: "segments", made: "marked" },
  keys: [
    { shown: "I", keys: ["I"], title: "Set the beginning: of the selected segment, or of a new one" },
    { shown: "O", keys: ["O"], title: "Set the end: of the selected segment, or of a new one" },
  ],
  same: 0.5,
  shape: interval,
  tool,
  places: ({ segments }) => segments.map(({ label, start, end }) => ({ label, shape: [start, end] })),
  answer: (places) => ({ kind: "segments", segments: places.map(({ label, shape: [start = 0, end = 0] }) => ({ start, end, label })) }),
  describe: ({ shape: [start = 0, end = 0] }) => `${clock(start)} – ${clock(end)}`,
});
