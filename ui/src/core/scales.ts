// What the charts share: round numbers for axes, gaps filled, positions on a scale.

import type { Bucket } from "./server";

/** The next number above that reads well on an axis: 1, 2, 4, 6, 8 or 10 times a power of ten. */
export function ceiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].find((factor) => factor * power >= value)! * power;
}

/** The newest `most` buckets without gaps: hours in which nothing happened are there with zeros. */
export function filled(buckets: Bucket[], seconds: number, most: number): Bucket[] {
  if (!buckets.length) return [];
  const known = new Map(buckets.map((bucket) => [bucket.start, bucket]));
  const newest = Math.max(...known.keys());
  const oldest = Math.max(Math.min(...known.keys()), newest - (most - 1) * seconds);
  const result: Bucket[] = [];
  // At least a dozen, so that a first bar does not fill the whole width.
  for (let start = Math.min(oldest, newest - 11 * seconds); start <= newest; start += seconds) {
    result.push(known.get(start) ?? { start, answers: 0, reviews: 0 });
  }
  return result;
}

/** How strongly a cell of a heat map is colored, 0 to 1: the root, so that small counts beside a large one are still seen. */
export function heat(value: number, highest: number): number {
  return value <= 0 || highest <= 0 ? 0 : Math.sqrt(value / highest);
}
