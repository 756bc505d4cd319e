// The answers that are being given: one history of changes for every modality. It is undo and redo, and what the draft is made of.

import { units, type Unit } from "../components/answers";
import type { Answer, KindName, Project, Question, Suggestion, Task, Values } from "../core/types";

/** One step: what an answer was, and what it became. */
export interface Change {
  question: string;
  before: Answer | null;
  after: Answer | null;
}

/** What a draft keeps: enough to go on as if nothing had happened, undo included. */
export interface DraftBody {
  values: Values;
  changes: Change[];
  done: number;
}

export class Work {
  values = $state.raw<Values>({});
  question = $state("");
  selected = $state<number | null>(null);
  /** The label that the next place gets, by question. */
  labels = $state<Record<string, string>>({});
  rejected = $state.raw<ReadonlySet<string>>(new Set());
  #changes: Change[] = [];
  #done = 0;
  /** Counts the changes, so that whoever saves knows that there is something new. */
  version = $state(0);

  constructor(
    readonly project: Project,
    readonly task: Task,
    draft: DraftBody | null,
  ) {
    const names = Object.keys(project.schema.questions);
    this.question = names[0] ?? "";
    for (const name of names) this.labels[name] = labelsOf(project.schema.questions[name]!)[0] ?? "";
    const start: Values = {};
    for (const name of names) {
      const kind = project.schema.questions[name]!.kind;
      // Marking nothing is an answer to a question about places, and none to a choice.
      if (kind !== "choice") start[name] = empty(kind);
    }
    this.values = { ...start, ...(task.values ?? task.redo?.values ?? {}), ...(draft?.values ?? {}) };
    this.#changes = draft?.changes ?? [];
    this.#done = draft?.done ?? 0;
  }

  get asked(): Question {
    return this.project.schema.questions[this.question]!;
  }

  /** The label that is in hand: of the choice, of the selected place, or of the next one. */
  get current(): string {
    const value = this.values[this.question];
    if (value?.kind === "choice") return value.label;
    return this.units()[this.selected ?? -1]?.label ?? this.labels[this.question] ?? "";
  }

  get canUndo(): boolean {
    void this.version;
    return this.#done > 0;
  }

  get canRedo(): boolean {
    void this.version;
    return this.#done < this.#changes.length;
  }

  get body(): DraftBody {
    return { values: this.values, changes: this.#changes, done: this.#done };
  }

  /** The suggestion for a question, unless it was turned down. */
  suggestion(question: string): Suggestion | null {
    if (this.rejected.has(question)) return null;
    const found = this.task.suggestions.find((one) => one.question === question && one.answer.kind === this.project.schema.questions[question]?.kind);
    // What is said already need not be suggested.
    const said = this.values[question];
    return !found || (found.answer.kind === "choice" && said?.kind === "choice" && said.label === found.answer.label) ? null : found;
  }

  units(question = this.question): Unit[] {
    return units(this.values[question]);
  }

  set(question: string, after: Answer | null): void {
    const before = this.values[question] ?? null;
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    this.#changes = [...this.#changes.slice(0, this.#done), { question, before, after }];
    this.#done = this.#changes.length;
    this.#put(question, after);
  }

  undo(): boolean {
    const change = this.#changes[this.#done - 1];
    if (!change) return false;
    this.#done--;
    this.#put(change.question, change.before);
    this.#follow(change.question);
    return true;
  }

  redo(): boolean {
    const change = this.#changes[this.#done];
    if (!change) return false;
    this.#done++;
    this.#put(change.question, change.after);
    this.#follow(change.question);
    return true;
  }

  /** Choose a label: of the choice, of the selected place, or for the next place. */
  choose(label: string): void {
    this.labels[this.question] = label;
    if (this.asked.kind === "choice") return this.set(this.question, { kind: "choice", label });
    const all = this.units();
    const chosen = this.selected === null ? undefined : all[this.selected];
    if (chosen) this.#setUnits(all.map((unit, i) => (i === this.selected ? { ...unit, label } : unit)));
  }

  add(geometry: number[]): void {
    const all = this.units();
    this.#setUnits([...all, { label: this.labels[this.question] ?? "", geometry }]);
    this.selected = all.length;
  }

  change(index: number, geometry: number[]): void {
    this.#setUnits(this.units().map((unit, i) => (i === index ? { ...unit, geometry } : unit)));
  }

  remove(): boolean {
    if (this.selected === null || this.asked.kind === "choice") return false;
    const index = this.selected;
    const left = this.units().filter((_, i) => i !== index);
    this.#setUnits(left);
    this.selected = left.length ? Math.min(index, left.length - 1) : null;
    return true;
  }

  /** Walk from one place to the next. */
  walk(by: number): boolean {
    const count = this.asked.kind === "choice" ? 0 : this.units().length;
    if (!count) return false;
    this.selected = this.selected === null ? (by > 0 ? 0 : count - 1) : (this.selected + by + count) % count;
    return true;
  }

  turn(by: number): void {
    const names = Object.keys(this.project.schema.questions);
    this.question = names[(names.indexOf(this.question) + by + names.length) % names.length]!;
    this.selected = null;
  }

  accept(question = this.question): boolean {
    const found = this.suggestion(question);
    if (!found) return false;
    const own = units(this.values[question]);
    const kind = this.project.schema.questions[question]!.kind;
    // Places that were marked already stay; what is suggested comes beside them.
    const added = units(found.answer).filter((unit) => !own.some((one) => same(one, unit)));
    this.set(question, kind === "choice" ? found.answer : fromUnits(kind, [...own, ...added]));
    this.rejected = new Set([...this.rejected, question]);
    return true;
  }

  acceptAll(): boolean {
    return Object.keys(this.project.schema.questions).filter((name) => this.accept(name)).length > 0;
  }

  reject(): boolean {
    if (!this.suggestion(this.question)) return false;
    this.rejected = new Set([...this.rejected, this.question]);
    this.version++;
    return true;
  }

  /** The first required question without an answer. */
  get missing(): string | null {
    return Object.entries(this.project.schema.questions).find(([name, one]) => one.required !== false && !this.values[name])?.[0] ?? null;
  }

  #setUnits(all: Unit[]): void {
    this.set(this.question, fromUnits(this.asked.kind, all));
  }

  #put(question: string, answer: Answer | null): void {
    const { [question]: _, ...others } = this.values;
    this.values = answer ? { ...others, [question]: answer } : others;
    this.version++;
  }

  #follow(question: string): void {
    if (this.question !== question) this.question = question;
    if (this.selected !== null && this.selected >= this.units().length) this.selected = null;
  }
}

export function labelsOf(question: Question): string[] {
  return question.options.map((option) => (typeof option === "string" ? option : option.label));
}

export function empty(kind: KindName): Answer {
  return fromUnits(kind, []);
}

export function fromUnits(kind: KindName, all: Unit[]): Answer {
  switch (kind) {
    case "choice":
      return { kind, label: all[0]?.label ?? "" };
    case "spans":
      return { kind, spans: all.map(({ label, geometry: [start = 0, end = 0] }) => ({ start, end, label })) };
    case "segments":
      return { kind, segments: all.map(({ label, geometry: [start = 0, end = 0] }) => ({ start, end, label })) };
    case "boxes":
      return { kind, boxes: all.map(({ label, geometry: [x = 0, y = 0, width = 0, height = 0] }) => ({ x, y, width, height, label })) };
  }
}

function same(a: Unit, b: Unit): boolean {
  return a.label === b.label && a.geometry.every((side, i) => Math.abs(side - (b.geometry[i] ?? NaN)) < 1e-6);
}
