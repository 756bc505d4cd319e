// What is known of a shape, whatever kind of answer has it.

/** Bounds as the viewers take them: from a start to an end, or an upright rectangle. */
export interface Extent {
  /** How far two of them share their place, 0 to 1: the part in common of what both cover. */
  overlap(a: number[], b: number[]): number;
  /** The bounds around several. */
  around(bounds: number[][]): number[];
  /** Which are looked at first. */
  order(a: number[], b: number[]): number;
}

export interface Shape {
  /** How far two of them share their place, 0 to 1: the part in common of what both cover. */
  overlap(a: number[], b: number[]): number;
  /** What a condition can say of one, by name. */
  readonly values: Record<string, (shape: readonly number[]) => number>;
  /** The bounds of one, and what these are. */
  bounds(shape: number[]): number[];
  readonly extent: Extent;
}

/** What two shapes share of what both cover; of two without extent 1 where they are equal, and else 0. */
export function ratio(shared: number, union: number, a: readonly number[], b: readonly number[]): number {
  return union > 0 ? shared / union : Number(a.every((side, i) => side === b[i]));
}

const nowhere: Extent = { overlap: () => 1, around: () => [], order: () => 0 };

/** The shape of what has no place: an answer about all of an item. */
export const whole: Shape = { overlap: () => 1, values: {}, bounds: () => [], extent: nowhere };
