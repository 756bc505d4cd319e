import { expect, it } from "vitest";
import type { Project, Question } from "../core/types";
import { keyOf, labelKeys } from "./labels";

const asking = (options: unknown[]): Project =>
  ({ schema: { data: {}, questions: { asked: { kind: "rating", of: "it", options } } } }) as unknown as Project;

it("gives labels the keys 1 to 9 in order, around those that the schema gives", () => {
  const keys = labelKeys(asking(["a", { label: "b", key: "1" }, { label: "c", key: "X" }, "d"]), "asked");
  expect([...keys]).toEqual([
    ["2", "a"],
    ["1", "b"],
    ["x", "c"],
    ["3", "d"],
  ]);
});

it("gives a label that is a digit this digit", () => {
  const points = ["0", "1", "2", "3", "10"];
  expect(points.map((label) => keyOf(asking(points), "asked", label))).toEqual(["0", "1", "2", "3", "4"]);
  expect(keyOf(asking(["3", { label: "other", key: "3" }]), "asked", "3")).toBe("1");
});

it("leaves 0 to what says that there is nothing, where there is something to mark", () => {
  const project = asking(["0", "1"]);
  project.schema.questions.parts = { kind: "spans", of: "it", options: ["A"] } as unknown as Question;
  expect([...labelKeys(project, "asked")]).toEqual([
    ["2", "0"],
    ["1", "1"],
  ]);
});
