// Recordings: their outline, a playhead, and playing that no edit disturbs.

import type { Component } from "svelte";
import type { Showing, Small, ViewerKind } from "../viewer";
import Shown from "./Shown.svelte";
import Thumb from "./Thumb.svelte";
import { AudioViewer } from "./viewer";

export default {
  name: "audio",
  order: 3,
  words: { where: "In recordings" },
  keys: [
    [
      { shown: "Space", keys: [" "], title: "Play or pause; with a segment selected, play that" },
      {
        shown: "← →",
        keys: ["ArrowLeft", "ArrowRight", "Shift+ArrowLeft", "Shift+ArrowRight"],
        title: "Move the playhead (Shift: finely)",
      },
    ],
    [
      { shown: "+ −", keys: ["+", "=", "-"], title: "Zoom" },
      { shown: "W", keys: ["W"], title: "Show the whole clip" },
    ],
  ],
  terms: {
    duration: (field) => (field?.modality === "audio" ? field.duration : null),
    rate: (field) => (field?.modality === "audio" ? field.rate : null),
  },
  closer: true,
  plays: true,
  wide: false,
  open: (host, edits) => new AudioViewer(host, edits),
  prefetch(field, address) {
    if (field.modality !== "audio") return;
    void fetch(address(field.blob)).catch(() => undefined);
    if (field.peaks) void fetch(address(field.peaks)).catch(() => undefined);
  },
  Shown: Shown as Component<Showing>,
  Thumb: Thumb as Component<Small>,
} satisfies ViewerKind;
