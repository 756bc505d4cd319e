import { describe, expect, it } from "vitest";
import type { Schema, Values } from "../core/types";
import { compareWhole } from "./compare";
import { differences as differencesOf } from "./differences";
import { box } from "./shapes/box";
import { interval } from "./shapes/interval";

const spans = (...list: [number, number, string][]): Values => ({
  entities: { kind: "spans", spans: list.map(([start, end, label]) => ({ start, end, label })) },
});
const boxes = (...list: [number, number, number, number, string][]): Values => ({
  cells: { kind: "boxes", boxes: list.map(([x, y, width, height, label]) => ({ x, y, width, height, label })) },
});
const choice = (label: string): Values => ({ intent: { kind: "choice", label } });

const options = ["DATE", "PRODUCT", "A", "a", "cell", "dust", "refund", "bug"];
const schema = {
  data: { body: "text", picture: "image" },
  questions: {
    entities: { kind: "spans", of: "body", options, same: 1 },
    loose: { kind: "spans", of: "body", options, same: 0.5 },
    cells: { kind: "boxes", of: "picture", options, same: 0.5 },
    intent: { kind: "choice", of: "body", options },
  },
} as unknown as Schema;
const differences = (answers: Values[], questions: string[]) => differencesOf(answers, questions, schema);

describe("differences", () => {
  it("finds none between equal answers, or with one answer alone", () => {
    expect(differences([spans([0, 5, "DATE"]), spans([0, 5, "DATE"])], ["entities"])).toEqual([]);
    expect(differences([choice("refund")], ["intent"])).toEqual([]);
    expect(differences([choice("refund"), choice("refund"), choice("refund")], ["intent"])).toEqual([]);
  });

  it("tells other labels of a choice apart, in the order of the answers", () => {
    const [only] = differences([choice("refund"), choice("bug"), choice("refund")], ["intent"]);
    expect(only).toMatchObject({ reason: "label", labels: ["refund", "bug", "refund"] });
  });

  it("says which answer has nothing in a place", () => {
    const found = differences([spans([0, 5, "DATE"], [10, 20, "PRODUCT"]), spans([0, 5, "DATE"])], ["entities"]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ reason: "missing", members: [1, null], labels: ["PRODUCT", null], bounds: [10, 20] });
  });

  it("counts a missing answer as a difference", () => {
    const [only] = differences([choice("refund"), {}], ["intent"]);
    expect(only).toMatchObject({ reason: "missing", labels: ["refund", null] });
  });

  it("brings the best overlapping boxes together and lets a pixel or two pass", () => {
    const found = differences(
      [boxes([0, 0, 100, 100, "cell"], [200, 0, 50, 50, "cell"]), boxes([201, 1, 50, 50, "dust"], [1, 1, 100, 100, "cell"])],
      ["cells"],
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ reason: "label", members: [1, 0], labels: ["cell", "dust"], bounds: [200, 0, 51, 51] });
  });

  it("sees bounds that differ: for spans any, for boxes those that share less than half", () => {
    expect(differences([spans([0, 10, "DATE"]), spans([0, 9, "DATE"])], ["entities"])[0]?.reason).toBe("place");
    expect(differences([boxes([0, 0, 100, 100, "a"]), boxes([0, 0, 100, 49, "a"])], ["cells"])[0]?.reason).toBe("place");
    expect(differences([boxes([0, 0, 100, 100, "a"]), boxes([0, 0, 100, 70, "a"])], ["cells"])).toEqual([]);
  });

  it("takes the tolerance of the question, where it has one", () => {
    const [first, second] = [spans([0, 10, "DATE"]), spans([0, 9, "DATE"])];
    expect(differences([{ loose: first.entities! }, { loose: second.entities! }], ["loose"])).toEqual([]);
  });

  it("shows what three people marked of one thing together, where one of them says otherwise", () => {
    const found = differences([spans([0, 9, "A"]), spans([0, 9, "A"]), spans([0, 9, "DATE"])], ["entities"]);
    expect(found).toMatchObject([{ reason: "label", labels: ["A", "A", "DATE"], members: [0, 0, 0] }]);
  });

  it("tells no answer from the answer that there is nothing to mark", () => {
    expect(differences([spans(), {}, spans()], ["entities"])).toMatchObject([
      { reason: "missing", labels: [null, null, null], bounds: [] },
    ]);
    expect(differences([spans(), spans()], ["entities"])).toEqual([]);
  });

  it("puts two spans of one answer over the same words into two groups", () => {
    const found = differences([spans([0, 10, "PRODUCT"], [0, 10, "DATE"]), spans([0, 10, "DATE"])], ["entities"]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ reason: "missing", labels: ["PRODUCT", null] });
  });

  it("walks from left to right", () => {
    const found = differences([spans([30, 40, "A"], [0, 5, "A"]), spans([10, 15, "A"])], ["entities"]);
    expect(found.map((difference) => difference.bounds[0])).toEqual([0, 10, 30]);
  });
});

describe("answers about the whole field", () => {
  const near = (a: number, b: number) => Math.abs(a - b) <= 1;

  it("are the same where every two of them are alike enough", () => {
    expect(compareWhole([2, 3], String, near)).toEqual([]);
    expect(compareWhole([2, 3, 4], String, near)).toMatchObject([{ reason: "label", labels: ["2", "3", "4"], members: [0, 0, 0] }]);
    expect(compareWhole([2, undefined], String, near)).toMatchObject([{ reason: "missing", members: [0, null] }]);
    expect(compareWhole([undefined, undefined], String)).toEqual([]);
  });
});

describe("overlap", () => {
  it("is the part in common of what both cover", () => {
    expect(interval.overlap([0, 10], [5, 15])).toBeCloseTo(1 / 3);
    expect(box.overlap([0, 0, 10, 10], [0, 5, 10, 10])).toBeCloseTo(1 / 3);
    expect(interval.overlap([0, 1], [1, 2])).toBe(0);
  });
});
