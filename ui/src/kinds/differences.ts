// Where several people's answers to the questions of one item differ: exactly where the server would not call them the same.

import type { Answer, KindName, Question, Schema, Values } from "../core/types";
import { compareWhole } from "./compare";
import { isAnsweredBy, kindOf } from "./index";
import type { Apart } from "./kind";

export interface Difference extends Apart {
  question: string;
  kind: KindName;
}

/** Return where the answers differ, question by question, in the order in which one looks at an item. */
export function differences(answers: Values[], questions: string[], schema: Schema): Difference[] {
  if (answers.length < 2) return [];
  return questions.flatMap((question) => {
    const given = answers.map((values) => values[question]);
    const kind = given.find((answer) => answer)?.kind;
    return kind ? apart(given, schema.questions[question]).map((one) => ({ question, kind, ...one })) : [];
  });
}

/** Where answers to one question differ. No answer is another one than that there is nothing to mark. */
function apart(given: (Answer | undefined)[], question: Question | undefined): Apart[] {
  // Answers to a question that is not asked any more, or was another one, are the same where they are equal.
  const asked = question && given.every((answer) => !answer || isAnsweredBy(question, answer));
  const found = asked ? kindOf(question).differences(given, question) : compareWhole(given, JSON.stringify);
  if (found.length || !given.includes(undefined)) return found;
  return [{ reason: "missing", members: given.map(() => null), labels: given.map(() => null), bounds: [] }];
}
