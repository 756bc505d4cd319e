// What stands side by side in a review: the consensus, every answer, and a machine's suggestion where there is one answer alone. In an
// audit these are the label and the auditor's own blind answer.

import { seconds } from "../../core/numbers";
import type { Answer, AuditView, Schema, Task, Values } from "../../core/types";
import { kindOf } from "../../kinds";
import { JOINED } from "../../kinds/compare";
import { differences, type Difference } from "../../kinds/differences";
import { asked } from "../../label/asked";

export interface Column {
  id: string;
  from: "consensus" | "answer" | "suggestion" | "label" | "own";
  /** The annotation that a verdict on this column is about; null for the consensus. */
  annotation: number | null;
  title: string;
  note: string;
  values: Values;
}

export interface Board {
  columns: Column[];
  differences: Difference[];
  /** The column of each member of a difference. */
  compared: number[];
}

export function board(task: Task, schema: Schema): Board {
  /** The questions that each of these answers was asked: what follows from another answer is no difference of its own. */
  const common = (questions: string[], answers: Values[]): string[] =>
    answers
      .map((values) => asked(schema, values, task.item).names)
      .reduce((left, names) => left.filter((name) => names.includes(name)), questions);
  if (task.audit) return auditBoard(task.audit, schema, common);
  const review = task.review;
  const names = Object.keys({ ...review?.consensus });
  const answers: Column[] = (review?.annotations ?? []).map((one, i) => ({
    id: `answer ${one.id}`,
    from: "answer",
    annotation: one.id,
    title: one.annotator ?? `Annotator ${String.fromCharCode(65 + (i % 26))}`,
    note: one.seconds_active ? seconds(one.seconds_active) : "",
    values: one.values,
  }));
  const columns = [...answers];
  if (answers.length > 1 && names.length) {
    const confidence = Math.min(...names.map((name) => review!.consensus[name]!.confidence));
    columns.unshift({
      id: "consensus",
      from: "consensus",
      annotation: null,
      title: "Consensus",
      note: `${Math.floor(confidence * 100)}% sure`,
      values: Object.fromEntries(names.map((name) => [name, review!.consensus[name]!.answer])),
    });
  }
  if (answers.length === 1 && task.suggestions.length) {
    columns.push({
      id: "suggestion",
      from: "suggestion",
      annotation: null,
      title: "Suggestion",
      note: [...new Set(task.suggestions.map((one) => one.labeler))].join(", "),
      values: Object.fromEntries(task.suggestions.map((one) => [one.question, one.answer])),
    });
  }
  const compared = columns.flatMap((column, i) => (column.from === "consensus" ? [] : [i]));
  const questions = [...new Set(columns.flatMap((column) => Object.keys(column.values)))];
  // A suggestion leaves questions out that its labeler knows nothing about: that is no difference.
  const answered = columns.some((column) => column.from === "suggestion")
    ? questions.filter((name) => compared.every((i) => columns[i]!.values[name]))
    : common(
        questions,
        compared.map((i) => columns[i]!.values),
      );
  return {
    columns,
    differences: differences(
      compared.map((i) => columns[i]!.values),
      answered,
      schema,
    ),
    compared,
  };
}

function auditBoard(audit: AuditView, schema: Schema, common: (questions: string[], answers: Values[]) => string[]): Board {
  const columns: Column[] = [
    { id: "label", from: "label", annotation: null, title: "The label", note: "", values: audit.label },
    { id: "own", from: "own", annotation: null, title: "Your answer", note: "given blind", values: audit.own },
  ];
  const answers = [audit.label, audit.own];
  const questions = [...new Set(columns.flatMap((column) => Object.keys(column.values)))];
  return { columns, differences: differences(answers, common(questions, answers), schema), compared: [0, 1] };
}

/** Which places of a column's answer are part of a difference: by membership, or for the consensus by lying on it. */
export function differing(board: Board, column: number, question: string): { strong: number[]; of: Map<Difference, number> } {
  const at = board.compared.indexOf(column);
  const answer = board.columns[column]!.values[question];
  const of = new Map<Difference, number>();
  for (const difference of board.differences) {
    if (difference.question !== question) continue;
    const member = at >= 0 ? difference.members[at] : lying(answer, difference);
    if (member !== null && member !== undefined) of.set(difference, member);
  }
  return { strong: [...new Set(of.values())], of };
}

function lying(answer: Answer | undefined, difference: Difference): number | null {
  if (!answer || !difference.bounds.length) return null;
  const kind = kindOf(answer);
  const scores = kind.parts(answer).map((part) => kind.within(part, difference.bounds));
  const best = Math.max(0, ...scores);
  return best >= JOINED ? scores.indexOf(best) : null;
}

/** A difference in a few words. */
export function describe(difference: Difference, title: (question: string, label: string) => string): string {
  const labels = difference.labels.filter((label) => label !== null).map((label) => title(difference.question, label));
  if (!labels.length) return "marked nothing, or not answered";
  if (difference.labels.includes(null)) labels.push("nothing");
  if (difference.reason === "place") return `${labels[0]}: other bounds`;
  return [...new Set(labels)].join(" or ");
}
