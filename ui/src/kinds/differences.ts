// Where several people's answers to the questions of one item differ.

import type { KindName, Values } from "../core/types";
import { kindOf } from "./index";
import type { Apart } from "./kind";

export interface Difference extends Apart {
  question: string;
  kind: KindName;
}

/** Return where the answers differ, question by question, in the order in which one looks at an item. */
export function differences(answers: Values[], questions: string[]): Difference[] {
  if (answers.length < 2) return [];
  return questions.flatMap((question) => {
    const given = answers.map((values) => values[question]);
    const kind = given.find((answer) => answer)?.kind;
    return kind
      ? kindOf({ kind })
          .differences(given)
          .map((apart) => ({ question, kind, ...apart }))
      : [];
  });
}
