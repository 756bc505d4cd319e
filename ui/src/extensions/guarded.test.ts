import { expect, test } from "vitest";
import type { Project, Task } from "../core/types";
import { NotKnown, Parts } from "../expressions";
import { addKind } from "../kinds";
import { unknownKind } from "../kinds/unknown";
import { Work } from "../label/work.svelte";
import { guarded, guardedTerms } from "./guarded";

const unknown = unknownKind("stars").terms;
const question = { kind: "stars", of: "body" } as never;

test("terms that throw, or say what is no value, leave it to the server", () => {
  const throwing = guardedTerms(() => {
    throw new TypeError("broken");
  }, unknown);
  expect(() => throwing(question, "text").get(null, {})).toThrow(NotKnown);
  const odd = guardedTerms(() => ({ get: () => undefined as never, parts: { label: () => (undefined as never)["label"] } }), unknown)(
    question,
    "text",
  );
  expect(() => odd.get(null, {})).toThrow(NotKnown);
  expect(() => odd.parts!["label"]!({} as never)).toThrow(NotKnown);
  expect(() => guarded({ size: (): unknown => ({}) })["size"]!()).toThrow(NotKnown);
});

test("terms that say a value say it", () => {
  const fine = guardedTerms(() => ({ get: () => new Parts([1]), parts: { label: () => "x" } }), unknown)(question, "text");
  expect(fine.get(null, {})).toEqual(new Parts([1]));
  expect(fine.parts!["label"]!({} as never)).toBe("x");
});

test("a question that depends on such a kind, or on a modality of which the page knows nothing, is shown and not demanded", () => {
  const kind = unknownKind("stars");
  const terms = guardedTerms(() => ({ get: () => JSON.parse("{") as never, parts: null }), kind.terms);
  addKind({ ...kind, terms });
  const project = {
    name: "p",
    schema: {
      data: { body: "palette" },
      questions: {
        rating: { kind: "stars", of: "body", required: false },
        why: { kind: "choice", of: "body", options: ["a"], when: "rating == 3" },
        much: { kind: "choice", of: "body", options: ["a"], when: "len(body) > 3" },
      },
    },
  } as unknown as Project;
  const item = { key: "k", data: { body: { modality: "palette" } }, meta: {} };
  const task = { id: 1, suggestions: [], values: null, redo: null, item } as unknown as Task;
  const work = new Work(project, task, null);
  expect(work.names).toEqual(["rating", "why", "much"]);
  expect(work.missing).toBe(null);
});
