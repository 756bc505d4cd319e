// An upright rectangle: x and y of its upper left corner, width and height.

import { ratio, type Extent, type Shape } from "./shape";

export type Box = [x: number, y: number, width: number, height: number];

/** Around whatever lies in a picture. */
export const rectangle: Extent = {
  overlap(a, b) {
    const [x, y, w, h] = a as Box;
    const [u, v, p, q] = b as Box;
    const shared = Math.max(0, Math.min(x + w, u + p) - Math.max(x, u)) * Math.max(0, Math.min(y + h, v + q) - Math.max(y, v));
    return ratio(shared, w * h + p * q - shared, a, b);
  },
  around(all) {
    const boxes = all as Box[];
    const [x, y] = [Math.min(...boxes.map((one) => one[0])), Math.min(...boxes.map((one) => one[1]))];
    const right = Math.max(...boxes.map((one) => one[0] + one[2]));
    const bottom = Math.max(...boxes.map((one) => one[1] + one[3]));
    return [x, y, right - x, bottom - y];
  },
  order: (a, b) => a[1]! - b[1]! || a[0]! - b[0]!,
};

export const box: Shape = {
  overlap: rectangle.overlap,
  bounds: (shape) => shape,
  extent: rectangle,
  values: {
    x: ([x = 0]) => x,
    y: ([, y = 0]) => y,
    width: ([, , width = 0]) => width,
    height: ([, , , height = 0]) => height,
    area: ([, , width = 0, height = 0]) => width * height,
  },
};
