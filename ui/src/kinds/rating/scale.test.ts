import { expect, it } from "vitest";
import type { Question } from "../../core/types";
import { similarity, valueOf } from "./scale";

const scale = (...options: string[]): Question => ({ kind: "rating", of: "it", options }) as unknown as Question;

it("counts points from 1, unless all are called by numbers", () => {
  expect(["poor", "fair", "good", "gone"].map((point) => valueOf(scale("poor", "fair", "good"), point))).toEqual([1, 2, 3, null]);
  expect(["-1", "0", "1"].map((point) => valueOf(scale("-1", "0", "1"), point))).toEqual([-1, 0, 1]);
  expect(valueOf(scale("0", "1", "none"), "0")).toBe(1);
});

it("finds points the less alike, the more lie between, and one that is gone like nothing else", () => {
  const five = scale("a", "b", "c", "d", "e");
  expect(["a", "b", "c", "e", "gone"].map((point) => similarity(five, "a", point))).toEqual([1, 0.75, 0.5, 0, 0]);
  expect(similarity(five, "gone", "gone")).toBe(1);
});
