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
  suggestions: [
    { question: "parts", labeler: "m", version: "1", answer: { kind: "spans", spans: [{ start: 4, end: 6, label: "Y" }] }, score: 0.9 },
  ],
  values: null,
  annotation_id: null,
  redo: null,
} as unknown as Task;

const boxes = {
  name: "b",
  schema: { data: { picture: "image" }, questions: { things: { kind: "boxes", of: "picture", options: ["ball", "cube"] } } },
} as unknown as Project;

test("every edit is one step of undo and redo", () => {
  const work = new Work(project, task, null);
  expect(work.missing).toBe("intent");
  work.choose("b");
  work.add([0, 2]);
  work.choose("Y");
  work.change(0, [0, 3]);
  expect(work.values).toEqual({
    intent: { kind: "choice", label: "b" },
    parts: { kind: "spans", spans: [{ start: 0, end: 3, label: "Y" }] },
  });
  for (let i = 0; i < 4; i++) expect(work.undo()).toBe(true);
  expect(work.undo()).toBe(false);
  expect(work.values).toEqual({ parts: { kind: "spans", spans: [] } });
  for (let i = 0; i < 4; i++) expect(work.redo()).toBe(true);
  expect(work.values["parts"]).toEqual({ kind: "spans", spans: [{ start: 0, end: 3, label: "Y" }] });
});

test("a mark keeps its id, and no other mark gets it", () => {
  const work = new Work(project, task, null);
  work.turn(1);
  work.add([0, 2]);
  work.add([3, 5]);
  work.select(0);
  work.remove();
  work.add([6, 7]);
  expect(work.parts("parts").map(({ id }) => id)).toEqual(["2", "3"]);
  work.undo();
  work.undo();
  expect(work.parts("parts").map(({ id }) => id)).toEqual(["1", "2"]);
  const again = new Work(project, task, structuredClone(work.body));
  again.turn(1);
  again.add([6, 7]);
  expect(again.parts("parts").map(({ id }) => id)).toEqual(["1", "2", "4"]);
});

test("a draft goes on where it was, undo included", () => {
  const work = new Work(project, task, null);
  work.choose("a");
  work.turn(-1);
  work.choose("b");
  work.accept("parts");
  const again = new Work(project, task, structuredClone(work.body));
  expect(again.values).toEqual(work.values);
  expect(again.offer("parts")).toBe(null);
  again.undo();
  expect(again.offer("parts")?.parts).toMatchObject([{ label: "Y", shape: [4, 6] }]);
  again.undo();
  expect(again.values["intent"]).toEqual({ kind: "choice", label: "a" });
});

test("a draft of two thousand boxes stays small, and its last hundred steps can be undone after a reload", () => {
  const none = { ...task, suggestions: [] } as unknown as Task;
  const work = new Work(boxes, none, null);
  for (let i = 0; i < 2000; i++) work.add([i, i + 0.25, 33.33, 44.44]);
  for (let i = 0; i < 100; i++) work.change(i, [i, i, 50, 50]);
  expect(JSON.stringify(work.body).length).toBeLessThan(400_000);
  const again = new Work(boxes, none, structuredClone(work.body));
  for (let i = 0; i < 100; i++) expect(again.undo()).toBe(true);
  expect(again.parts()[0]).toMatchObject({ label: "ball", shape: [0, 0.25, 33.33, 44.44] });
  expect(again.parts().length).toBe(2000);
});

test("a draft of version 0.1.0 goes on where it was, undo included", () => {
  const spans = (...all: [number, number, string][]) => ({
    kind: "spans",
    spans: all.map(([start, end, label]) => ({ start, end, label })),
  });
  const old = {
    values: { intent: { kind: "choice", label: "b" }, parts: spans([0, 1, "X"], [4, 6, "Y"]) },
    settled: ["parts\nY\n4\n6"],
    changes: [
      { question: "parts", at: 0, removed: [], added: [{ label: "X", geometry: [0, 1] }], settled: [] },
      { question: "parts", at: 1, removed: [], added: [{ label: "Y", geometry: [4, 6] }], settled: ["parts\nY\n4\n6"] },
      {
        question: "intent",
        at: 0,
        removed: [{ label: "a", geometry: [] }],
        added: [{ label: "b", geometry: [] }],
        settled: [],
      },
    ],
    done: 3,
  };
  const work = new Work(project, task, old);
  expect(work.values).toEqual(old.values);
  expect(work.offer("parts")).toBe(null);
  for (const _ of old.changes) work.undo();
  expect(work.values).toEqual({ intent: { kind: "choice", label: "a" }, parts: spans() });
  expect(work.offer("parts")).not.toBe(null);
});

test.each([[null], ["half"], [3], [[]], [{}], [{ values: [] }], [{ values: {}, settled: 1, changes: "no" }]])(
  "%j as a draft begins anew",
  (body) => {
    const work = new Work(project, task, body);
    expect(work.values).toEqual(new Work(project, task, null).values);
    expect(work.canUndo).toBe(false);
  },
);

test("a draft with an answer to what is no question any more, or was another, leaves it out", () => {
  const values = { gone: { kind: "choice", label: "a" }, parts: { kind: "choice", label: "a" }, intent: { kind: "choice", label: "b" } };
  const work = new Work(project, task, { values, settled: [], changes: [], done: 0 });
  expect(work.values).toEqual({ ...new Work(project, task, null).values, intent: values.intent });
});

test("a draft of an older page gives its answers, and no history", () => {
  const old = { values: { intent: { kind: "choice", label: "a" } }, changes: [{ question: "intent", before: null, after: {} }], done: 1 };
  const work = new Work(project, task, old);
  expect(work.values["intent"]).toEqual({ kind: "choice", label: "a" });
  expect(work.canUndo).toBe(false);
});

const three = [
  { start: 0, end: 1, label: "X" },
  { start: 2, end: 3, label: "Y" },
  { start: 4, end: 6, label: "Y" },
];
const suggested = {
  ...task,
  suggestions: [
    { question: "intent", labeler: "m", version: "1", answer: { kind: "choice", label: "b" }, score: 0.9 },
    { question: "parts", labeler: "m", version: "1", answer: { kind: "spans", spans: three }, score: 0.9 },
  ],
} as unknown as Task;

test("a suggested choice is taken up as if its label had been chosen, and undo brings the suggestion back", () => {
  const [accepted, chosen] = [new Work(project, suggested, null), new Work(project, suggested, null)];
  accepted.accept();
  chosen.choose("b");
  expect([accepted.values, accepted.question]).toEqual([chosen.values, chosen.question]);
  expect(accepted.question).toBe("parts");
  expect(accepted.offer("intent")).toBe(null);
  accepted.undo();
  expect(accepted.values["intent"]).toBe(undefined);
  expect(accepted.offer("intent")?.suggestion.score).toBe(0.9);
});

test("suggested places are taken up and turned down one by one, or all at once, and every step can be undone", () => {
  const work = new Work(project, suggested, null);
  work.add([8, 9]);
  const offered = (): number => work.offer("parts")?.parts.length ?? 0;
  expect([work.parts("parts").length, offered()]).toEqual([1, 3]);
  work.accept("parts");
  expect([work.parts("parts").length, offered()]).toEqual([2, 2]);
  // Moving what was taken up does not bring its suggestion back.
  work.change(1, [0, 3]);
  expect(offered()).toBe(2);
  work.reject("parts");
  expect([work.parts("parts").length, offered()]).toEqual([2, 1]);
  work.accept("parts", true);
  expect([work.parts("parts").length, offered()]).toEqual([3, 0]);
  for (const left of [
    [2, 1],
    [2, 2],
    [2, 2],
    [1, 3],
  ]) {
    work.undo();
    expect([work.parts("parts").length, offered()]).toEqual(left);
  }
  for (let i = 0; i < 4; i++) work.redo();
  expect([work.parts("parts").length, offered()]).toEqual([3, 0]);
});

test("accepting everything overrules no answer that was given", () => {
  const work = new Work(project, suggested, null);
  work.choose("a");
  work.acceptAll();
  expect(work.values["intent"]).toEqual({ kind: "choice", label: "a" });
  expect(work.parts("parts").length).toBe(3);
});

test("what is drawn answers the one question that is answered by drawing", () => {
  const work = new Work(project, suggested, null);
  expect([work.question, work.drawn]).toEqual(["intent", "parts"]);
  work.add([0, 2]);
  expect([work.question, work.selected]).toEqual(["parts", 0]);
  work.choose("Y");
  expect(work.parts()).toMatchObject([{ label: "Y", shape: [0, 2] }]);
});

test("that there is nothing to mark is said once, and an answer one comes back to has said it", () => {
  const work = new Work(project, task, null);
  expect(work.unmarked).toEqual(["parts"]);
  work.sayNothing(["parts"]);
  expect(work.unmarked).toEqual([]);
  expect(new Work(project, task, structuredClone(work.body)).unmarked).toEqual([]);
  work.undo();
  expect(work.unmarked).toEqual(["parts"]);
  const given = { ...task, values: { intent: { kind: "choice", label: "a" }, parts: { kind: "spans", spans: [] } } } as unknown as Task;
  expect(new Work(project, given, null).unmarked).toEqual([]);
});

test("deleting selects a neighbor", () => {
  const work = new Work(project, task, null);
  work.add([0, 1]);
  work.add([2, 3]);
  work.remove();
  expect(work.selected).toBe(0);
  work.remove();
  expect(work.selected).toBe(null);
  expect(work.remove()).toBe(false);
});

const follow = {
  name: "f",
  schema: {
    data: { body: "text" },
    questions: {
      intent: { kind: "choice", of: "body", options: ["refund", "bug"] },
      amount: { kind: "choice", of: "body", options: ["small", "large"], when: "intent == 'refund'" },
      parts: { kind: "spans", of: "body", options: ["X"], when: "amount == 'large' and len(body) > 3" },
      last: { kind: "choice", of: "body", options: ["yes", "no"], required: false },
    },
  },
} as unknown as Project;
const asking = {
  ...task,
  suggestions: [],
  item: { id: 1, key: "k", data: { body: { modality: "text", text: "Pay me" } }, meta: { price: 3 } },
} as unknown as Task;

test("a question comes and goes with the answers before it, and what was answered to it is kept and not sent", () => {
  const work = new Work(follow, asking, null);
  expect(work.names).toEqual(["intent", "last"]);
  expect(work.unmarked).toEqual([]);
  work.choose("refund");
  // The question that has come is next, though it was not there before.
  expect(work.question).toBe("amount");
  expect(work.missing).toBe("amount");
  work.choose("large");
  expect(work.names).toEqual(["intent", "amount", "parts", "last"]);
  expect(work.unmarked).toEqual(["parts"]);
  work.question = "parts";
  work.add([0, 3]);
  work.question = "intent";
  work.choose("bug");
  expect(work.names).toEqual(["intent", "last"]);
  expect(work.question).toBe("last");
  expect(work.sent).toEqual({ intent: { kind: "choice", label: "bug" } });
  expect(work.body.values["amount"]).toEqual({ kind: "choice", label: "large" });
  const again = new Work(follow, asking, structuredClone(work.body));
  again.question = "intent";
  again.choose("refund");
  expect(again.sent).toEqual({
    intent: { kind: "choice", label: "refund" },
    amount: { kind: "choice", label: "large" },
    parts: { kind: "spans", spans: [{ start: 0, end: 3, label: "X" }] },
  });
  again.undo();
  expect(again.names).toEqual(["intent", "last"]);
});

test("undo takes a question away and leaves the one before it in hand", () => {
  const work = new Work(follow, asking, null);
  work.choose("refund");
  work.choose("small");
  work.undo();
  expect(work.question).toBe("amount");
  work.undo();
  expect(work.names).toContain(work.question);
  expect(work.names).toEqual(["intent", "last"]);
});

test("walking from question to question passes over what is not asked", () => {
  const work = new Work(follow, asking, null);
  work.turn(1);
  expect(work.question).toBe("last");
  work.turn(1);
  expect(work.question).toBe("intent");
});

test("where only the server can tell whether a question is asked, it is shown and not required", () => {
  const questions = { ...follow.schema.questions };
  for (const name of ["amount", "parts"]) questions[name] = { ...questions[name]!, when: "matches(body, '(?i)pay')" };
  const work = new Work({ ...follow, schema: { ...follow.schema, questions } }, asking, null);
  work.choose("bug");
  expect(work.names).toEqual(["intent", "amount", "parts", "last"]);
  expect(work.missing).toBe(null);
  expect(work.unmarked).toEqual([]);
  expect(Object.keys(work.sent)).toEqual(["intent"]);
  work.question = "amount";
  work.choose("small");
  expect(Object.keys(work.sent)).toEqual(["intent", "amount"]);
});
