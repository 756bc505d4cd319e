// Answers of any kind as labeled places, so that lists, pictures and comparisons need to know one form only.

import type { Answer } from "../core/types";

/** One labeled place: [start, end] of a span or segment, [x, y, width, height] of a box, [] of a choice. */
export interface Unit {
  label: string;
  geometry: number[];
}

export function units(answer: Answer | null | undefined): Unit[] {
  switch (answer?.kind) {
    case "choice":
      return [{ label: answer.label, geometry: [] }];
    case "spans":
      return answer.spans.map((span) => ({ label: span.label, geometry: [span.start, span.end] }));
    case "boxes":
      return answer.boxes.map((box) => ({ label: box.label, geometry: [box.x, box.y, box.width, box.height] }));
    case "segments":
      return answer.segments.map((segment) => ({ label: segment.label, geometry: [segment.start, segment.end] }));
    default:
      return [];
  }
}

/** How many places have each label, the most frequent first. */
export function tally(answer: Answer): { label: string; times: number }[] {
  const times = new Map<string, number>();
  for (const unit of units(answer)) times.set(unit.label, (times.get(unit.label) ?? 0) + 1);
  return [...times].map(([label, n]) => ({ label, times: n })).sort((a, b) => b.times - a.times || a.label.localeCompare(b.label));
}

/** The part of the text that a span covers; offsets count code points, JavaScript's strings count UTF-16 units. */
export function excerpt(points: string[], start: number, end: number): string {
  return points.slice(start, end).join("");
}
