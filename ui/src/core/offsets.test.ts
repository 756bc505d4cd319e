import { expect, test } from "vitest";
import { Offsets } from "./offsets";

test("offsets equal Python's for emoji, combining marks and line ends", () => {
  const text = "a🙂b\r\né👩‍🚀z";
  const points = Array.from(text);
  const offsets = new Offsets(text);
  let unit = 0;
  for (let point = 0; point <= points.length; point++) {
    expect(offsets.toPoint(unit)).toBe(point);
    expect(offsets.toUnit(point)).toBe(unit);
    unit += points[point]?.length ?? 0;
  }
});
