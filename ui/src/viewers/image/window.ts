// Which part of a picture is shown when one place in it matters.

import type { Box } from "../../core/server";

export type Part = Omit<Box, "label">;

/** The whole picture, or the part around `focus` ([x, y, width, height]) with room around it, within the picture and of its proportions. */
export function window(width: number, height: number, focus: number[] | null): Part {
  if (!focus || focus.length < 4) return { x: 0, y: 0, width, height };
  const [x, y, w, h] = focus as [number, number, number, number];
  const share = Math.min(1, Math.max((w * 2) / width, (h * 2) / height, 0.2));
  const shown = { width: width * share, height: height * share };
  return {
    x: Math.min(width - shown.width, Math.max(0, x + w / 2 - shown.width / 2)),
    y: Math.min(height - shown.height, Math.max(0, y + h / 2 - shown.height / 2)),
    ...shown,
  };
}
