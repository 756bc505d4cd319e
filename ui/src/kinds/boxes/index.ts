// Labeled upright rectangles in a picture, in its pixels.

import type { Box, Boxes } from "../../core/server";
import { marks } from "../marks";
import { box } from "../shapes/box";
import { tool } from "./tool";

export default marks<Boxes, Box>({
  name: "boxes",
  words: { one: "box", many: "boxes", made: "drawn" },
  keys: [
    { shown: "N", keys: ["N"], title: "Draw a new box in the middle, to be moved by the arrows" },
    {
      shown: "Arrows",
      keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Shift+ArrowLeft", "Shift+ArrowRight", "Shift+ArrowUp", "Shift+ArrowDown"],
      title: "Move the selected box (Shift: by ten pixels)",
    },
    { shown: "Alt+Arrows", keys: [], title: "Resize the selected box" },
  ],
  shape: box,
  tool,
  list: "boxes",
  placed: ({ x, y, width, height }) => [x, y, width, height],
  marked: ([x = 0, y = 0, width = 0, height = 0]) => ({ x, y, width, height }),
  describe: ({ shape: [x = 0, y = 0, width = 0, height = 0] }) =>
    `${Math.round(width)} × ${Math.round(height)} at ${Math.round(x)}, ${Math.round(y)}`,
});
