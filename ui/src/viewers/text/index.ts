// Text: blocks that are drawn as they come into view, and a word cursor for the keyboard.

import type { Component } from "svelte";
import type { Showing, Small, ViewerKind } from "../viewer";
import Shown from "./Shown.svelte";
import Thumb from "./Thumb.svelte";
import { TextViewer } from "./viewer";

export default {
  name: "text",
  order: 1,
  words: { where: "In texts" },
  keys: [
    [
      { shown: "← →", keys: ["ArrowLeft", "ArrowRight"], title: "Move the word cursor" },
      { shown: "Shift+← →", keys: ["Shift+ArrowLeft", "Shift+ArrowRight"], title: "Stretch the word cursor" },
    ],
    [],
  ],
  terms: { text: (field) => (field?.modality === "text" ? field.text : null) },
  closer: false,
  plays: false,
  wide: true,
  open: (host, edits) => new TextViewer(host, edits),
  // It comes with the item.
  prefetch: () => undefined,
  Shown: Shown as Component<Showing>,
  Thumb: Thumb as Component<Small>,
} satisfies ViewerKind;
