// Stands for a kind of answer that the page has no folder and no module of: it is shown as plain values and cannot be given here.

import { compareWhole } from "./compare";
import { component } from "../extensions/foreign";
import { NotKnown } from "../expressions";
import type { Answering, Kind, Viewing } from "./kind";

const form = component<Answering>((host, { question }) => {
  host.textContent = `The page cannot answer ${question.kind}: the package that adds it brings no module for the page. Pass the task on.`;
  return undefined;
});

const view = component<Viewing>((host, { answer }) => {
  const { kind: _, ...values } = answer as unknown as Record<string, unknown>;
  host.textContent = JSON.stringify(values);
  return undefined;
});

/** A kind of that name, of which no more is known. */
export function unknownKind(name: string): Kind {
  return {
    name: name as Kind["name"],
    words: { one: "answer", many: "answers", made: "given" },
    keys: [],
    Form: form,
    View: view,
    empty: () => null,
    terms: () => ({
      get() {
        throw new NotKnown(name);
      },
      parts: null,
    }),
    parts: (answer) => [{ id: "1", label: JSON.stringify(answer), shape: [] }],
    withParts: () => null,
    describe: () => "",
    similarity: () => 0,
    within: () => 0,
    differences: (answers) => compareWhole(answers, JSON.stringify),
  };
}
