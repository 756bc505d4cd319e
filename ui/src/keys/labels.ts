// The keys of labels.

import { optionsOf } from "../core/labels";
import type { Project } from "../core/types";

/** The key of each label: the one that the schema gives, or 1 to 9 in order. */
export function labelKeys(project: Project, question: string): Map<string, string> {
  const options = optionsOf(project.schema.questions[question]);
  const given = new Set(options.map((option) => option.key?.toLowerCase()).filter(Boolean));
  const free = "123456789".split("").filter((key) => !given.has(key));
  const keys = new Map<string, string>();
  for (const option of options) {
    const key = option.key?.toLowerCase() ?? free.shift();
    if (key) keys.set(key, option.label);
  }
  return keys;
}

/** The label of a question to which the schema gives a key; unlike a number, such a key is known while another question is in hand. */
export function labelOfKey(project: Project, question: string, key: string): string | undefined {
  return optionsOf(project.schema.questions[question]).find((option) => option.key?.toLowerCase() === key)?.label;
}

/** The key of one label as it is printed, or nothing. */
export function keyOf(project: Project, question: string, label: string): string {
  for (const [key, one] of labelKeys(project, question)) if (one === label) return key.toUpperCase();
  return "";
}
