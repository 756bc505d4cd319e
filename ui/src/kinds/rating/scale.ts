// The points of a scale in their order, as `schema/kinds/rating.py` counts them.

import { optionsOf } from "../../core/labels";
import type { Question } from "../../core/types";

/** The points by what they are called, the lowest first. */
export function pointsOf(question: Question | undefined): string[] {
  return optionsOf(question).map(({ label }) => label);
}

/** What a point is as a number: what it is called where all are called by whole numbers, otherwise its place from 1; null if there is none. */
export function valueOf(question: Question | undefined, point: string): number | null {
  const points = pointsOf(question);
  const place = points.indexOf(point);
  if (place < 0) return null;
  return points.every((one) => /^-?\d+$/.test(one)) ? Number(point) : place + 1;
}

/** How alike two points are: the fewer lie between, the more. */
export function similarity(question: Question | undefined, one: string, other: string): number {
  const points = pointsOf(question);
  const [a, b] = [points.indexOf(one), points.indexOf(other)];
  if (one === other) return 1;
  return a < 0 || b < 0 ? 0 : 1 - Math.abs(a - b) / Math.max(points.length - 1, 1);
}
