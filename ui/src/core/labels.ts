// Labels of a question with their titles and colors, the same on every page.

import type { Option, Question, Schema } from "./types";

/** Colors that stay apart from one another on white, on black and over pictures, and for most people who see few colors. */
export const PALETTE = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#7b61d1", "#56a3d9", "#c0392b", "#5f8a3a", "#8c6d5a"];

/** The labels of a question; one that is no more than a name has only that. */
export function optionsOf(question: Question | undefined): (Pick<Option, "label"> & Partial<Option>)[] {
  const options: readonly (string | Option)[] = question && "options" in question ? question.options : [];
  return options.map((option) => (typeof option === "string" ? { label: option } : option));
}

export function colorOf(question: Question | undefined, label: string): string {
  const options = optionsOf(question);
  const index = options.findIndex((option) => option.label === label);
  return options[index]?.color ?? (index < 0 ? "#777777" : (PALETTE[index] ?? further(index)));
}

/** Colors beyond the palette, each far from the one before on the wheel. */
function further(index: number): string {
  return `hsl(${Math.round(index * 137.508) % 360} ${index % 2 ? "55% 45%" : "45% 55%"})`;
}

export function titleOf(question: Question | undefined, label: string): string {
  return optionsOf(question).find((option) => option.label === label)?.title ?? label;
}

export function questionTitle(schema: Schema | null | undefined, name: string): string {
  return schema?.questions[name]?.title ?? name;
}

/** What a finding or a comment is about: a question, by its name or title, or one part of an answer to it, by its id. */
export function aboutPart(question: string, part: string | null): string {
  return part === null ? question : `${question} ${part}`;
}
