// From a start to an end: characters of a text, seconds of a recording.

import { ratio, type Extent, type Shape } from "./shape";

export type Interval = [start: number, end: number];

/** Around whatever lies in a text or a recording. */
export const stretch: Extent = {
  overlap(a, b) {
    const [start, end] = a as Interval;
    const [from, to] = b as Interval;
    const shared = Math.max(0, Math.min(end, to) - Math.max(start, from));
    return ratio(shared, end - start + (to - from) - shared, a, b);
  },
  around: (all) => [Math.min(...all.map(([start]) => start!)), Math.max(...all.map(([, end]) => end!))],
  order: (a, b) => a[0]! - b[0]! || a[1]! - b[1]!,
};

export const interval: Shape = {
  overlap: stretch.overlap,
  bounds: (shape) => shape,
  extent: stretch,
  values: { start: ([start = 0]) => start, end: ([, end = 0]) => end, length: ([start = 0, end = 0]) => end - start },
};
