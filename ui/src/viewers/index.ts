// The viewers, one folder a modality: this is the only place that lists them. Installed packages add theirs before the page starts.

import { unknownViewer } from "./unknown";
import type { ViewerKind } from "./viewer";

const found = import.meta.glob<ViewerKind>("./*/index.ts", { eager: true, import: "default" });

const byName = new Map<string, ViewerKind>(Object.values(found).map((one) => [one.name, one]));

/** All viewers in their order, those of installed packages among them. */
export function viewers(): ViewerKind[] {
  return [...byName.values()].sort((a, b) => a.order - b.order);
}

export function addViewer(viewer: ViewerKind): void {
  byName.set(viewer.name, viewer);
}

/** The viewer of a field, of a preview, or of whatever names its modality. */
export function viewerOf({ modality }: { modality: string }): ViewerKind {
  if (!byName.has(modality)) addViewer(unknownViewer(modality));
  return byName.get(modality)!;
}
