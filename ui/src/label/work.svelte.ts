// The answers that are being given: one history of changes for every modality. It is undo and redo, and what the draft is made of.

import { units, type Unit } from "../kinds/answers";
import type { Answer, KindName, Project, Question, Suggestion, Task, Values } from "../core/types";
import type { Deeds } from "../viewers/viewer";

/** One step: at one place in the answer to a question, some units went and others came. */
export interface Change {
  question: string;
  at: number;
  removed: Unit[];
  added: Unit[];
  /** What needs no asking any more, by name: suggestions that this step took up or turned down, and that there is nothing to mark. */
  settled: string[];
}

/** What a draft keeps: enough to go on as if nothing had happened, undo included. */
export interface DraftBody {
  values: Values;
  settled: string[];
  changes: Change[];
  done: number;
}

/** What is suggested for a question and still open: some labeled places, a choice, or that there is nothing to mark. */
export interface Offer {
  suggestion: Suggestion;
  units: Unit[];
}

/** A draft keeps so many steps that can be undone, and as many that can be redone: a long day's history would outgrow the answers. */
const KEPT = 500;

export class Work implements Deeds {
  values = $state.raw<Values>({});
  selected = $state<number | null>(null);
  /** The label that the next place gets, by question. */
  labels = $state<Record<string, string>>({});
  /** Counts the changes, so that whoever saves knows that there is something new. */
  version = $state(0);
  #question = $state("");
  /** The question about places that was last in hand. */
  #drawn = $state("");
  #settled = $state.raw<ReadonlySet<string>>(new Set());
  #changes: Change[] = [];
  #done = 0;

  constructor(
    readonly project: Project,
    readonly task: Task,
    draft: DraftBody | null,
  ) {
    const names = Object.keys(project.schema.questions);
    this.question = names[0] ?? "";
    const start: Values = {};
    for (const name of names) {
      const { kind } = project.schema.questions[name]!;
      this.labels[name] = labelsOf(project.schema.questions[name]!)[0] ?? "";
      // Marking nothing is an answer to a question about places, and none to a choice.
      if (kind !== "choice") start[name] = fromUnits(kind, []);
    }
    const given = task.values ?? task.redo?.values ?? {};
    this.values = { ...start, ...given, ...(draft?.values ?? {}) };
    // Whoever comes back to an own answer has said already where nothing is marked.
    this.#settled = new Set(draft?.settled ?? Object.keys(task.values ?? {}).map(nothing));
    // A draft of an older page has another history; its answers count all the same.
    if (draft?.settled) [this.#changes, this.#done] = [draft.changes, draft.done];
  }

  get question(): string {
    return this.#question;
  }

  set question(name: string) {
    if (name === this.#question) return;
    this.#question = name;
    this.selected = null;
    if (this.asked.kind !== "choice") this.#drawn = name;
  }

  get asked(): Question {
    return this.project.schema.questions[this.question]!;
  }

  /** The question that is answered by marking what is in view: the one in hand, or that of the same field which was so last, or needs it. */
  get drawn(): string | null {
    if (this.asked.kind !== "choice") return this.question;
    const here = Object.entries(this.project.schema.questions).flatMap(([name, one]) => (one.kind !== "choice" && one.of === this.asked.of ? [name] : []));
    return here.find((name) => name === this.#drawn) ?? here.find((name) => !this.units(name).length) ?? here[0] ?? null;
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
    const from = Math.max(0, this.#done - KEPT);
    return { values: this.values, settled: [...this.#settled], changes: this.#changes.slice(from, this.#done + KEPT), done: this.#done - from };
  }

  units(question = this.question): Unit[] {
    return units(this.values[question]);
  }

  /** What is suggested for a question and neither answered, taken up nor turned down. */
  offer(question: string): Offer | null {
    const { kind } = this.project.schema.questions[question]!;
    const suggestion = this.task.suggestions.find((one) => one.question === question && one.answer.kind === kind);
    if (!suggestion) return null;
    const [own, suggested] = [this.units(question), units(suggestion.answer)];
    if (own.length && (kind === "choice" || !suggested.length)) return null;
    if (!suggested.length) return this.#settled.has(nothing(question)) || this.#settled.has(nameOf(question, null)) ? null : { suggestion, units: [] };
    const said = new Set(own.map((unit) => nameOf(question, unit)));
    const left = suggested.filter((unit) => !said.has(nameOf(question, unit)) && !this.#settled.has(nameOf(question, unit)));
    return left.length ? { suggestion, units: left } : null;
  }

  undo(): boolean {
    const change = this.#changes[this.#done - 1];
    if (!change) return false;
    this.#done--;
    this.#apply(change, false);
    this.#follow(change.question);
    return true;
  }

  redo(): boolean {
    const change = this.#changes[this.#done];
    if (!change) return false;
    this.#done++;
    this.#apply(change, true);
    this.#follow(change.question);
    return true;
  }

  /** Choose a label: of the choice, after which the next question comes, of the selected place, or for the next place. */
  choose(label: string): void {
    this.labels[this.question] = label;
    const all = this.units();
    if (this.asked.kind === "choice") {
      this.#change(this.question, 0, all, [{ label, geometry: [] }]);
      const names = Object.keys(this.project.schema.questions);
      this.question = names[names.indexOf(this.question) + 1] ?? this.question;
    } else if (this.selected !== null && all[this.selected]) {
      this.#change(this.question, this.selected, [all[this.selected]!], [{ ...all[this.selected]!, label }]);
    }
  }

  add(geometry: number[]): void {
    if (!this.#draw()) return;
    const count = this.units().length;
    this.#change(this.question, count, [], [{ label: this.labels[this.question] ?? "", geometry }]);
    this.selected = count;
  }

  change(index: number, geometry: number[]): void {
    if (!this.#draw()) return;
    const unit = this.units()[index];
    if (unit) this.#change(this.question, index, [unit], [{ ...unit, geometry }]);
  }

  select(index: number | null): void {
    if (index !== null) this.#draw();
    this.selected = index;
  }

  remove(): boolean {
    if (this.selected === null || this.asked.kind === "choice") return false;
    const index = this.selected;
    this.#change(this.question, index, this.units().slice(index, index + 1), []);
    const left = this.units().length;
    this.selected = left ? Math.min(index, left - 1) : null;
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
  }

  /** Take up what is suggested: a choice as if its label had been chosen; of several places the next one, or all. */
  accept(question = this.question, all = false): boolean {
    const offer = this.offer(question);
    if (!offer) return false;
    this.question = question;
    this.selected = null;
    const taken = all ? offer.units : offer.units.slice(0, 1);
    if (this.asked.kind === "choice") this.choose(taken[0]!.label);
    else this.#change(question, this.units().length, [], taken, taken.length ? taken.map((unit) => nameOf(question, unit)) : [nothing(question)]);
    return true;
  }

  /** Take up everything that is suggested for any question. */
  acceptAll(): boolean {
    const at = this.question;
    const taken = Object.keys(this.project.schema.questions).filter((name) => this.accept(name, true));
    this.question = at;
    return taken.length > 0;
  }

  /** Turn the next suggestion for a question down. */
  reject(question = this.question): boolean {
    const offer = this.offer(question);
    if (!offer) return false;
    this.question = question;
    this.#change(question, 0, [], [], [nameOf(question, offer.units[0] ?? null)]);
    return true;
  }

  /** Say of questions that there is nothing to mark. */
  sayNothing(questions: string[]): void {
    for (const question of questions) if (this.unmarked.includes(question)) this.#change(question, 0, [], [], [nothing(question)]);
  }

  /** Whether somebody said that there is nothing to mark. */
  saidNothing(question: string): boolean {
    return !this.units(question).length && this.#settled.has(nothing(question));
  }

  /** The questions about places for which nothing is marked, though nobody said that there is nothing. */
  get unmarked(): string[] {
    return Object.entries(this.project.schema.questions).flatMap(([name, one]) => (one.kind !== "choice" && !this.units(name).length && !this.saidNothing(name) ? [name] : []));
  }

  /** The first required question without an answer. */
  get missing(): string | null {
    return Object.entries(this.project.schema.questions).find(([name, one]) => one.required !== false && !this.values[name])?.[0] ?? null;
  }

  /** Take the question that is answered by marking into hand. */
  #draw(): boolean {
    if (this.drawn === null) return false;
    this.question = this.drawn;
    return true;
  }

  #change(question: string, at: number, removed: Unit[], added: Unit[], settled: string[] = []): void {
    if (!settled.length && JSON.stringify(removed) === JSON.stringify(added)) return;
    const change = { question, at, removed, added, settled };
    this.#changes = [...this.#changes.slice(0, this.#done), change];
    this.#done = this.#changes.length;
    this.#apply(change, true);
  }

  #apply({ question, at, removed, added, settled }: Change, forward: boolean): void {
    const [went, came] = forward ? [removed, added] : [added, removed];
    const all = this.units(question);
    this.#put(question, [...all.slice(0, at), ...came, ...all.slice(at + went.length)]);
    if (settled.length) this.#settled = forward ? new Set([...this.#settled, ...settled]) : new Set([...this.#settled].filter((name) => !settled.includes(name)));
    this.version++;
  }

  #put(question: string, all: Unit[]): void {
    const { kind } = this.project.schema.questions[question]!;
    const { [question]: _, ...others } = this.values;
    this.values = kind === "choice" && !all.length ? others : { ...others, [question]: fromUnits(kind, all) };
  }

  #follow(question: string): void {
    this.question = question;
    if (this.selected !== null && this.selected >= this.units().length) this.selected = null;
  }
}

export function labelsOf(question: Question): string[] {
  return question.options.map((option) => (typeof option === "string" ? option : option.label));
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

/** A suggested place by what it says, which stays the same when it is suggested anew; null is the suggestion to mark nothing. */
function nameOf(question: string, unit: Unit | null): string {
  return [question, ...(unit ? [unit.label, ...unit.geometry.map((side) => Math.round(side * 1000) / 1000)] : [])].join("\n");
}

/** That there is nothing to mark for a question, as somebody said. */
function nothing(question: string): string {
  return `nothing ${question}`;
}
