// Pictures: zoomed, panned and pinched on two layers of canvas.

import type { Component } from "svelte";
import type { Showing, Small, ViewerKind } from "../viewer";
import Shown from "./Shown.svelte";
import Thumb from "./Thumb.svelte";
import { ImageViewer } from "./viewer";

export default {
  name: "image",
  order: 2,
  words: { where: "In pictures" },
  keys: [
    [],
    [
      { shown: "+ −", keys: ["+", "=", "-"], title: "Zoom" },
      { shown: "W", keys: ["W"], title: "Show the whole picture" },
      { shown: "Ctrl+drag", keys: [], title: "Move the picture" },
    ],
  ],
  terms: {
    width: (field) => (field?.modality === "image" ? field.width : null),
    height: (field) => (field?.modality === "image" ? field.height : null),
  },
  closer: true,
  plays: false,
  wide: false,
  open: (host, edits) => new ImageViewer(host, edits),
  prefetch(field, address) {
    if (field.modality !== "image") return;
    const picture = new Image();
    picture.src = address(field.blob);
    void picture.decode().catch(() => undefined);
  },
  Shown: Shown as Component<Showing>,
  Thumb: Thumb as Component<Small>,
} satisfies ViewerKind;
