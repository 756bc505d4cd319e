import { describe as suite, expect, it } from "vitest";
import type { Schema, Task, Values } from "../../core/types";
import { board, describe, differing } from "./columns";

const choice = (label: string): Values => ({ intent: { kind: "choice", label } });
const boxes = (...list: [number, number, number, number][]): Values => ({
  cells: { kind: "boxes", boxes: list.map(([x, y, width, height]) => ({ x, y, width, height, label: "cell" })) },
});
const task = (answers: Values[], extra: Partial<Task> = {}, consensus: Values = {}): Task =>
  ({
    suggestions: [],
    review: {
      annotations: answers.map((values, i) => ({ id: i + 1, annotator: null, values, seconds_active: 3, created_at: 0 })),
      consensus: Object.fromEntries(
        Object.entries(consensus).map(([name, answer]) => [name, { answer, confidence: 0.8, agreement: null }]),
      ),
      findings: [],
      reasons: [],
    },
    ...extra,
  }) as unknown as Task;

const schema = {
  data: { body: "text" },
  questions: {
    intent: { kind: "choice", of: "body", options: ["a", "b"] },
    amount: { kind: "choice", of: "body", options: ["small"], when: "intent == 'a'" },
    cells: { kind: "boxes", of: "body", options: ["cell"] },
  },
} as unknown as Schema;
const boardOf = (task: Task) => board({ ...task, item: { id: 1, key: "k", data: {}, meta: {} } }, schema);

suite("the board", () => {
  it("puts the consensus first, and the answers behind it without names where the project is blind", () => {
    const found = boardOf(task([choice("a"), choice("b")], {}, choice("a")));
    expect(found.columns.map((column) => column.title)).toEqual(["Consensus", "Annotator A", "Annotator B"]);
    expect(found.compared).toEqual([1, 2]);
    expect(found.differences).toHaveLength(1);
  });

  it("compares a lone answer with the suggestion, in the questions that both answer", () => {
    const suggestions = [{ question: "intent", labeler: "rules", version: "1", answer: choice("b").intent!, score: 0.9 }];
    const found = boardOf(task([{ ...choice("a"), ...boxes([0, 0, 5, 5]) }], { suggestions }));
    expect(found.columns.map((column) => column.from)).toEqual(["answer", "suggestion"]);
    expect(found.differences.map((difference) => difference.question)).toEqual(["intent"]);
  });

  it("emphasises in the consensus what lies on a difference", () => {
    const found = boardOf(
      task([boxes([0, 0, 10, 10], [50, 50, 10, 10]), boxes([0, 0, 10, 10])], {}, boxes([0, 0, 10, 10], [50, 50, 11, 10])),
    );
    expect(differing(found, 0, "cells").strong).toEqual([1]);
    expect(differing(found, 1, "cells").strong).toEqual([1]);
    expect(differing(found, 2, "cells").strong).toEqual([]);
  });

  it("takes for no difference what was asked of one of them alone", () => {
    const amount: Values = { amount: { kind: "choice", label: "small" } };
    const found = boardOf(task([{ ...choice("a"), ...amount }, choice("b")]));
    expect(found.differences.map((difference) => difference.question)).toEqual(["intent"]);
  });

  it("says a difference in words", () => {
    const title = (_: string, label: string): string => label.toUpperCase();
    expect(describe(boardOf(task([choice("a"), choice("b")])).differences[0]!, title)).toBe("A or B");
    expect(describe(boardOf(task([boxes([0, 0, 9, 9]), boxes()])).differences[0]!, title)).toBe("CELL or nothing");
  });
});
