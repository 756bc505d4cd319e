// What the viewer shows of the work in hand: the marks of the question that is answered by marking, and what is suggested for it.

import { colorOf, titleOf } from "../core/labels";
import { kindOf } from "../kinds";
import type { Place } from "../kinds/kind";
import type { Mark, Tool, View } from "../viewers/viewer";
import type { Work } from "./work.svelte";

/** What draws the answer to the question that is answered by marking. */
export function toolOf(work: Work): Tool | null {
  return work.drawn === null ? null : (kindOf(work.project.schema.questions[work.drawn]!).tool ?? null);
}

export function viewOf(work: Work): View {
  const { drawn } = work;
  if (drawn === null) return { marks: [], selected: null, color: "#777" };
  const question = work.project.schema.questions[drawn]!;
  const mark = ({ label, shape }: Place): Mark => ({ label, title: titleOf(question, label), color: colorOf(question, label), shape });
  const offered = work.offer(drawn)?.parts ?? [];
  return {
    marks: [...work.parts(drawn).map(mark), ...offered.map((part, i) => ({ ...mark(part), suggested: true, next: i === 0 }))],
    selected: drawn === work.question ? work.selected : null,
    color: colorOf(question, work.labels[drawn] ?? ""),
  };
}
