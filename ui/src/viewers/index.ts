// The viewers, one folder a modality: this is the only place that lists them.

import type { ViewerKind } from "./viewer";

const found = import.meta.glob<ViewerKind>("./*/index.ts", { eager: true, import: "default" });

export const VIEWERS: readonly ViewerKind[] = Object.values(found).sort((a, b) => a.order - b.order);

const byName = new Map<string, ViewerKind>(VIEWERS.map((one) => [one.name, one]));

/** The viewer of a field, of a preview, or of whatever names its modality. */
export function viewerOf({ modality }: { modality: string }): ViewerKind {
  const viewer = byName.get(modality);
  if (!viewer) throw new Error(`There is no viewer for '${modality}'.`);
  return viewer;
}
