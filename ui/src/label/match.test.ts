import { expect, test } from "vitest";
import { matching } from "./match";

const BIRDS = ["Great tit", "Blue tit", "Titlark", "Éider", "Common tern", "Black-headed gull", "constitution"];
const find = (typed: string): string[] => matching(typed, BIRDS, (one) => [one]);

test("beginnings come before beginnings of words, and these before places within", () => {
  expect(find("tit")).toEqual(["Titlark", "Great tit", "Blue tit", "constitution"]);
});

test("capitals and accents make no difference", () => {
  expect(find("eid")).toEqual(["Éider"]);
  expect(find("ÉID")).toEqual(["Éider"]);
});

test("first letters of words, and letters in order, find a label too", () => {
  expect(find("bhg")[0]).toBe("Black-headed gull");
  expect(find("cmtrn")).toEqual(["Common tern"]);
});

test("scattered letters count only where nothing else fits", () => {
  expect(matching("eid", ["species d0", "Éider"], (one) => [one])).toEqual(["Éider"]);
  expect(matching("eid", ["species d0", "tern"], (one) => [one])).toEqual(["species d0"]);
});

test("nothing typed leaves all in their order, and nonsense leaves none", () => {
  expect(find("")).toEqual(BIRDS);
  expect(find("  ")).toEqual(BIRDS);
  expect(find("xyz")).toEqual([]);
});

test("a label is found by its name and by its title", () => {
  const labels = [
    { label: "B-PER", title: "Person" },
    { label: "B-LOC", title: "Place" },
  ];
  expect(matching("place", labels, (one) => [one.label, one.title])).toEqual([labels[1]]);
  expect(matching("b-per", labels, (one) => [one.label, one.title])).toEqual([labels[0]]);
});
