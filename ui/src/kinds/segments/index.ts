// Labeled stretches of a recording, in seconds.

import { clock } from "../../core/numbers";
import type { Segment, Segments } from "../../core/server";
import { marks } from "../marks";
import { interval } from "../shapes/interval";
import { tool } from "./tool";

export default marks<Segments, Segment>({
  name: "segments",
  words: { one: "segment", many: "segments", made: "marked" },
  keys: [
    { shown: "I", keys: ["I"], title: "Set the beginning: of the selected segment, or of a new one" },
    { shown: "O", keys: ["O"], title: "Set the end: of the selected segment, or of a new one" },
  ],
  shape: interval,
  tool,
  list: "segments",
  placed: ({ start, end }) => [start, end],
  marked: ([start = 0, end = 0]) => ({ start, end }),
  describe: ({ shape: [start = 0, end = 0] }) => `${clock(start)} – ${clock(end)}`,
});
