import { expect, it } from "vitest";
import { pieces } from "./pieces";

const mark = (start: number, end: number): [number, number] => [start, end];

it("cuts at every edge, so that marks may overlap", () => {
  const cut = pieces("abcdef", [mark(0, 4), mark(2, 6)]).pieces;
  expect(cut.map((piece) => piece.text)).toEqual(["ab", "cd", "ef"]);
  expect(cut.map((piece) => piece.on)).toEqual([[0], [0, 1], [1]]);
  expect(cut.map((piece) => piece.ends)).toEqual([[], [0], [1]]);
});

it("counts code points as Python does", () => {
  const cut = pieces("a😀b", [mark(1, 2)]).pieces;
  expect(cut.map((piece) => piece.text)).toEqual(["a", "😀", "b"]);
});

it("keeps only what lies around the marks where that is asked for", () => {
  const cut = pieces("0123456789", [mark(4, 6)], 2);
  expect(cut.pieces.map((piece) => piece.text)).toEqual(["23", "45", "67"]);
  expect([cut.cutBefore, cut.cutBehind]).toEqual([true, true]);
});

it("gives back the whole text where nothing is marked, and leaves out marks beyond it", () => {
  expect(pieces("abc", []).pieces.map((piece) => piece.text)).toEqual(["abc"]);
  expect(pieces("abc", [mark(5, 9)]).pieces.map((piece) => piece.text)).toEqual(["abc"]);
});
