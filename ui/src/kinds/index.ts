// The kinds of answers, one folder each: this is the only place that lists them. Installed packages add theirs before the page starts.

import type { Answer } from "../core/types";
import type { Kind, Part } from "./kind";
import { unknownKind } from "./unknown";

const found = import.meta.glob<Kind>("./*/index.ts", { eager: true, import: "default" });

const byName = new Map<string, Kind>(Object.values(found).map((one) => [one.name, one]));

/** All kinds, those of installed packages among them. */
export function kinds(): Kind[] {
  return [...byName.values()];
}

export function addKind(kind: Kind): void {
  byName.set(kind.name, kind);
}

/** The kind of a question, of an answer, or of whatever names its kind. */
export function kindOf({ kind }: { kind: string }): Kind {
  if (!byName.has(kind)) addKind(unknownKind(kind));
  return byName.get(kind)!;
}

/** Whether an answer is of the kind that is asked for: it is not where the question was another one when it was given. */
export function isAnsweredBy(question: { kind: string }, answer: { kind: string }): boolean {
  return question.kind === answer.kind;
}

/** The labeled parts of an answer, in its order; none where there is no answer. */
export function partsOf(answer: Answer | null | undefined): Part[] {
  return answer ? kindOf(answer).parts(answer) : [];
}
