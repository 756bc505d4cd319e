// Stands for a modality that the page has no folder and no module of: its plain values are shown, and nothing can be marked.

import { component } from "../extensions/foreign";
import type { Field } from "../core/types";
import type { Showing, Small, Viewer, ViewerKind } from "./viewer";

const written = (field: Field): string => JSON.stringify(field, null, 1);

function open(host: HTMLElement): Viewer {
  return {
    hold: () => undefined,
    async show(field) {
      host.textContent = `The page has no viewer for ${field.modality}. ${written(field)}`;
    },
    draw: () => undefined,
    key: () => false,
    destroy: () => host.replaceChildren(),
  };
}

const shown = component<Showing>((host, { field }) => void (host.textContent = written(field)));
const thumb = component<Small>((host, { preview }) => void (host.textContent = preview.modality));

/** A viewer of that modality, of which no more is known. */
export function unknownViewer(name: string): ViewerKind {
  return {
    name: name as ViewerKind["name"],
    order: 99,
    words: { where: `In ${name}` },
    keys: [[], []],
    terms: null,
    closer: false,
    plays: false,
    wide: true,
    open,
    prefetch: () => undefined,
    Shown: shown,
    Thumb: thumb,
  };
}
