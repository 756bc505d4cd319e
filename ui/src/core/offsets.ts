// JavaScript counts UTF-16 units, Python code points; this is the only place that converts.

export class Offsets {
  /** The UTF-16 place of each character that takes two units. */
  readonly #pairs: number[] = [];

  constructor(readonly text: string) {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0xd800 && unit < 0xdc00 && i + 1 < text.length) this.#pairs.push(i++);
    }
  }

  /** The code point at a UTF-16 place. */
  toPoint(unit: number): number {
    return unit - before(this.#pairs, unit);
  }

  /** The UTF-16 place of a code point. */
  toUnit(point: number): number {
    // Each pair in front of the place moves it by one more.
    let low = 0;
    let high = this.#pairs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#pairs[middle]! - middle < point) low = middle + 1;
      else high = middle;
    }
    return point + low;
  }
}

function before(sorted: number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
