// The answers that are being given: one history of changes for every modality. It is undo and redo, and what the draft is made of.

import type { Answer, Project, Question, Suggestion, Task, Values } from "../core/types";
import { asked, type Asked } from "./asked";
import { readDraft, type Change, type WorkDraft } from "./draft";
import { optionsOf } from "../core/labels";
import { kindOf, partsOf } from "../kinds";
import type { Kind, Part, Place } from "../kinds/kind";
import type { Edits } from "../viewers/viewer";

/** What is suggested for a question and still open: some labeled parts, or that there is nothing to mark. */
export interface Offer {
  suggestion: Suggestion;
  parts: Part[];
}

/** A draft keeps so many steps that can be undone, and as many that can be redone: a long day's history would outgrow the answers. */
const KEPT = 500;

export class Work implements Edits {
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
  /** The greatest number that is the id of a part, by question, once one was needed. */
  readonly #ids = new Map<string, number>();
  #done = 0;
  /** The change that is still being typed. */
  #typed: Change | null = null;
  readonly #asked: Asked = $derived.by(() => asked(this.project.schema, this.values, this.task.item));

  constructor(
    readonly project: Project,
    readonly task: Task,
    kept: unknown,
  ) {
    const draft = readDraft(project, kept);
    const start: Values = {};
    for (const name of Object.keys(project.schema.questions)) {
      const question = project.schema.questions[name]!;
      this.labels[name] = labelsOf(question)[0] ?? "";
      const empty = kindOf(question).empty(question);
      if (empty) start[name] = empty;
    }
    const given = task.values ?? task.redo?.values ?? {};
    this.values = { ...start, ...given, ...(draft?.values ?? {}) };
    this.question = this.names[0] ?? "";
    // Whoever comes back to an own answer has said already where nothing is marked.
    this.#settled = new Set(draft?.settled ?? Object.keys(task.values ?? {}).map(nothing));
    if (draft) [this.#changes, this.#done] = [draft.changes, draft.done];
  }

  /** The questions that are asked, as the answers so far have it. What is answered to another one is kept, and is not sent. */
  get names(): string[] {
    return this.#asked.names;
  }

  /** What is sent: the answers to what is asked. Where only the server can tell whether it is, what nobody answered is left out. */
  get sent(): Values {
    const { names, unsure } = this.#asked;
    const answered = names.filter((name) => this.values[name] && !(unsure.has(name) && this.#untouched(name)));
    return Object.fromEntries(answered.map((name) => [name, this.values[name]!]));
  }

  get question(): string {
    return this.#question;
  }

  set question(name: string) {
    if (name === this.#question) return;
    this.#question = name;
    this.selected = null;
    if (this.kind.tool) this.#drawn = name;
  }

  get asked(): Question {
    return this.project.schema.questions[this.question]!;
  }

  get kind(): Kind {
    return kindOf(this.asked);
  }

  /** The question that is answered by marking what is in view: the one in hand, or that of the same field which was so last, or needs it. */
  get drawn(): string | null {
    if (this.kind.tool) return this.question;
    const here = this.#marked.filter((name) => this.project.schema.questions[name]!.of === this.asked.of);
    return here.find((name) => name === this.#drawn) ?? here.find((name) => !this.parts(name).length) ?? here[0] ?? null;
  }

  /** The questions that are answered by marking places. */
  get #marked(): string[] {
    return this.names.filter((name) => kindOf(this.project.schema.questions[name]!).tool);
  }

  /** The label that is in hand: of the answer, of the selected place, or of the next one. */
  get current(): string {
    const at = this.kind.tool ? (this.selected ?? -1) : 0;
    return this.parts()[at]?.label ?? this.labels[this.question] ?? "";
  }

  get canUndo(): boolean {
    void this.version;
    return this.#done > 0;
  }

  get canRedo(): boolean {
    void this.version;
    return this.#done < this.#changes.length;
  }

  get body(): WorkDraft {
    const from = Math.max(0, this.#done - KEPT);
    return {
      values: this.values,
      settled: [...this.#settled],
      changes: this.#changes.slice(from, this.#done + KEPT),
      done: this.#done - from,
    };
  }

  parts(question = this.question): Part[] {
    return partsOf(this.values[question]);
  }

  /** What is suggested for a question and neither answered, taken up nor turned down. */
  offer(question: string): Offer | null {
    const kind = kindOf(this.project.schema.questions[question]!);
    const suggestion = this.task.suggestions.find((one) => one.question === question && kindOf(one.answer) === kind);
    if (!suggestion) return null;
    const [own, suggested] = [this.parts(question), partsOf(suggestion.answer)];
    if (own.length && (!kind.tool || !suggested.length)) return null;
    if (!suggested.length)
      return this.#settled.has(nothing(question)) || this.#settled.has(nameOf(question, null)) ? null : { suggestion, parts: [] };
    const said = new Set(own.map((part) => nameOf(question, part)));
    const left = suggested.filter((part) => !said.has(nameOf(question, part)) && !this.#settled.has(nameOf(question, part)));
    return left.length ? { suggestion, parts: left } : null;
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

  /** Give an answer to a question, after which the next one comes. */
  give(question: string, answer: Answer): void {
    const parts = partsOf(answer);
    this.question = question;
    this.labels[question] = parts[0]?.label ?? this.labels[question] ?? "";
    this.#change(question, 0, this.parts(), parts);
    this.next();
  }

  /** Put another answer, or none, in place of the one to a question, which stays in hand. */
  put(question: string, answer: Answer | undefined): void {
    this.question = question;
    this.#change(question, 0, this.parts(), partsOf(answer));
  }

  /** Keep an answer that is being typed; what is typed in one go is one step to undo. */
  write(question: string, answer: Answer | undefined): void {
    if (this.#typed && this.#typed === this.#changes[this.#done - 1] && this.#typed.question === question) this.undo();
    this.question = question;
    this.#typed = this.#change(question, 0, this.parts(), partsOf(answer));
  }

  /** Take the next question into hand; whether there is one. */
  next(): boolean {
    const following = this.names[this.names.indexOf(this.question) + 1];
    if (following !== undefined) this.question = following;
    return following !== undefined;
  }

  /** Choose a label: as the answer, of the selected place, or for the next place. */
  choose(label: string): void {
    this.labels[this.question] = label;
    const part = this.parts()[this.selected ?? -1];
    if (this.kind.several) this.put(this.question, this.kind.choose!(label, this.values[this.question], this.asked) ?? undefined);
    else if (this.kind.choose) this.give(this.question, this.kind.choose(label, this.values[this.question], this.asked)!);
    else if (part && this.selected !== null) this.#change(this.question, this.selected, [part], [{ ...part, label }]);
  }

  add(shape: number[]): void {
    if (!this.#draw()) return;
    const count = this.parts().length;
    this.#change(this.question, count, [], [{ id: this.#fresh(this.question), label: this.labels[this.question] ?? "", shape }]);
    this.selected = count;
  }

  change(index: number, shape: number[]): void {
    if (!this.#draw()) return;
    const part = this.parts()[index];
    if (part) this.#change(this.question, index, [part], [{ ...part, shape }]);
  }

  select(index: number | null): void {
    if (index !== null) this.#draw();
    this.selected = index;
  }

  remove(): boolean {
    if (this.selected === null || !this.kind.tool) return false;
    const index = this.selected;
    this.#change(this.question, index, this.parts().slice(index, index + 1), []);
    const left = this.parts().length;
    this.selected = left ? Math.min(index, left - 1) : null;
    return true;
  }

  /** Walk from one place to the next. */
  walk(by: number): boolean {
    const count = this.kind.tool ? this.parts().length : 0;
    if (!count) return false;
    this.selected = this.selected === null ? (by > 0 ? 0 : count - 1) : (this.selected + by + count) % count;
    return true;
  }

  turn(by: number): void {
    const { names } = this;
    this.question = names[(names.indexOf(this.question) + by + names.length) % names.length]!;
  }

  /** Take up what is suggested: a whole answer as if it had been given; of several places the next one, or all. */
  accept(question = this.question, all = false): boolean {
    const offer = this.offer(question);
    if (!offer) return false;
    this.question = question;
    this.selected = null;
    const taken = all ? offer.parts : offer.parts.slice(0, 1);
    if (!this.kind.tool) this.give(question, offer.suggestion.answer);
    else
      this.#change(
        question,
        this.parts().length,
        [],
        // The ids that they had are those of another answer.
        taken.map((part) => ({ ...part, id: this.#fresh(question) })),
        taken.length ? taken.map((part) => nameOf(question, part)) : [nothing(question)],
      );
    return true;
  }

  /** Take up everything that is suggested for any question. */
  acceptAll(): boolean {
    const at = this.question;
    let taken = false;
    // What is taken up may lead to a further question, or away from one.
    for (const name of Object.keys(this.project.schema.questions)) taken = (this.names.includes(name) && this.accept(name, true)) || taken;
    this.question = at;
    return taken;
  }

  /** Turn the next suggestion for a question down. */
  reject(question = this.question): boolean {
    const offer = this.offer(question);
    if (!offer) return false;
    this.question = question;
    this.#change(question, 0, [], [], [nameOf(question, offer.parts[0] ?? null)]);
    return true;
  }

  /** Say of the question in hand that there is nothing: that no label applies, or nothing is to be marked. */
  nothing(): void {
    const none = this.kind.none?.(this.asked);
    if (none) this.put(this.question, none);
    else if (this.drawn) this.sayNothing([this.drawn]);
  }

  /** Say of questions that there is nothing to mark. */
  sayNothing(questions: string[]): void {
    for (const question of questions) if (this.unmarked.includes(question)) this.#change(question, 0, [], [], [nothing(question)]);
  }

  /** Whether somebody said that there is nothing to mark. */
  saidNothing(question: string): boolean {
    return !this.parts(question).length && this.#settled.has(nothing(question));
  }

  /** The questions about places for which nothing is marked, though nobody said that there is nothing. */
  get unmarked(): string[] {
    return this.#marked.filter((name) => !this.#asked.unsure.has(name) && this.#untouched(name));
  }

  /** The first required question without an answer. */
  get missing(): string | null {
    const { names, unsure } = this.#asked;
    const needed = (name: string) => this.project.schema.questions[name]!.required !== false && !unsure.has(name);
    return names.find((name) => needed(name) && !this.values[name]) ?? null;
  }

  /** Whether nothing is marked for a question about places, though nobody said that there is nothing. */
  #untouched(question: string): boolean {
    const { tool } = kindOf(this.project.schema.questions[question]!);
    return tool !== undefined && !this.parts(question).length && !this.saidNothing(question);
  }

  /** An id that no part of the answer has, nor any that was removed: the number behind the greatest. */
  #fresh(question: string): string {
    const history = () => this.#changes.filter((one) => one.question === question).flatMap(({ removed, added }) => [...removed, ...added]);
    const numbers = () => [...this.parts(question), ...history()].map(({ id }) => (/^\d{1,9}$/u.test(id ?? "") ? Number(id) : 0));
    const last = this.#ids.get(question) ?? numbers().reduce((most, one) => Math.max(most, one), 0);
    this.#ids.set(question, last + 1);
    return String(last + 1);
  }

  /** Take the question that is answered by marking into hand. */
  #draw(): boolean {
    if (this.drawn === null) return false;
    this.question = this.drawn;
    return true;
  }

  #change(question: string, at: number, removed: Place[], added: Place[], settled: string[] = []): Change | null {
    if (!settled.length && JSON.stringify(removed) === JSON.stringify(added)) return null;
    const change = { question, at, removed, added, settled };
    this.#changes = [...this.#changes.slice(0, this.#done), change];
    this.#done = this.#changes.length;
    this.#apply(change, true);
    return change;
  }

  #apply({ question, at, removed, added, settled }: Change, forward: boolean): void {
    const [went, came] = forward ? [removed, added] : [added, removed];
    const all = this.parts(question);
    this.#put(question, [...all.slice(0, at), ...came, ...all.slice(at + went.length)]);
    if (settled.length)
      this.#settled = forward
        ? new Set([...this.#settled, ...settled])
        : new Set([...this.#settled].filter((name) => !settled.includes(name)));
    this.version++;
    this.#stay();
  }

  /** Where the question in hand is not asked any more, take the one before it. */
  #stay(): void {
    if (this.names.includes(this.question)) return;
    const every = Object.keys(this.project.schema.questions);
    const before = every.slice(0, every.indexOf(this.question)).reverse();
    this.question = before.find((name) => this.names.includes(name)) ?? this.names[0] ?? this.question;
  }

  #put(question: string, all: Place[]): void {
    const { [question]: _, ...others } = this.values;
    const answer = kindOf(this.project.schema.questions[question]!).withParts(all);
    this.values = answer ? { ...others, [question]: answer } : others;
  }

  #follow(question: string): void {
    this.question = question;
    this.#stay();
    if (this.selected !== null && this.selected >= this.parts().length) this.selected = null;
  }
}

export function labelsOf(question: Question): string[] {
  return optionsOf(question).map(({ label }) => label);
}

/** A suggested place by what it says, which stays the same when it is suggested anew; null is the suggestion to mark nothing. */
function nameOf(question: string, part: Place | null): string {
  return [question, ...(part ? [part.label, ...part.shape.map((side) => Math.round(side * 1000) / 1000)] : [])].join("\n");
}

/** That there is nothing to mark for a question, as somebody said. */
function nothing(question: string): string {
  return `nothing ${question}`;
}
