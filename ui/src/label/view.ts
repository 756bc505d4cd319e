// What the pane shows of the work in hand: the marks of the question that is answered by marking, and what is suggested for it.

import type { Unit } from "../kinds/answers";
import { colorOf, titleOf } from "../core/labels";
import type { Mark, View } from "../viewers/viewer";
import type { Work } from "./work.svelte";

export function viewOf(work: Work): View {
  const { drawn } = work;
  if (drawn === null) return { marks: [], selected: null, editable: false, color: "#777" };
  const question = work.project.schema.questions[drawn]!;
  const mark = (unit: Unit): Mark => ({ label: unit.label, title: titleOf(question, unit.label), color: colorOf(question, unit.label), geometry: unit.geometry });
  const offered = work.offer(drawn)?.units ?? [];
  return {
    marks: [...work.units(drawn).map(mark), ...offered.map((unit, i) => ({ ...mark(unit), suggested: true, next: i === 0 }))],
    selected: drawn === work.question ? work.selected : null,
    editable: true,
    color: colorOf(question, work.labels[drawn] ?? ""),
  };
}
