import { expect, test } from "vitest";
import type { Project, Task } from "../core/types";
import { Work } from "./work.svelte";

const project = {
  name: "p",
  schema: {
    data: { body: "text" },
    questions: { intent: { kind: "choice", of: "body", options: ["a", "b"] }, parts: { kind: "spans", of: "body", options: ["X", "Y"] } },
  },
} as unknown as Project;
const task = {
  id: 1,
  suggestions: [{ question: "parts", labeler: "m", version: "1", answer: { kind: "spans", spans: [{ start: 4, end: 6, label: "Y" }] }, score: 0.9 }],
  values: null,
  redo: null,
} as unknown as Task;

test("every edit is one step of undo and redo", () => {
  const work = new Work(project, task, null);
  expect(work.missing).toBe("intent");
  work.choose("b");
  work.turn(1);
  work.add([0, 2]);
  work.choose("Y");
  work.change(0, [0, 3]);
  expect(work.values).toEqual({ intent: { kind: "choice", label: "b" }, parts: { kind: "spans", spans: [{ start: 0, end: 3, label: "Y" }] } });
  for (let i = 0; i < 4; i++) expect(work.undo()).toBe(true);
  expect(work.undo()).toBe(false);
  expect(work.values).toEqual({ parts: { kind: "spans", spans: [] } });
  for (let i = 0; i < 4; i++) expect(work.redo()).toBe(true);
  expect(work.values["parts"]).toEqual({ kind: "spans", spans: [{ start: 0, end: 3, label: "Y" }] });
});

test("a draft goes on where it was, undo included", () => {
  const work = new Work(project, task, null);
  work.choose("a");
  work.choose("b");
  const again = new Work(project, task, structuredClone(work.body));
  expect(again.values).toEqual(work.values);
  again.undo();
  expect(again.values["intent"]).toEqual({ kind: "choice", label: "a" });
});

test("an accepted suggestion joins what is there, and a rejected one is gone", () => {
  const work = new Work(project, task, null);
  work.turn(1);
  work.add([0, 2]);
  expect(work.accept()).toBe(true);
  expect(work.units().length).toBe(2);
  expect(work.accept()).toBe(false);
  const other = new Work(project, task, null);
  other.turn(1);
  other.reject();
  expect(other.suggestion("parts")).toBe(null);
});

test("deleting selects a neighbour", () => {
  const work = new Work(project, task, null);
  work.turn(1);
  work.add([0, 1]);
  work.add([2, 3]);
  work.remove();
  expect(work.selected).toBe(0);
  work.remove();
  expect(work.selected).toBe(null);
  expect(work.remove()).toBe(false);
});
