// The keys of labels.

import { optionsOf } from "../core/labels";
import type { Project } from "../core/types";
import { kindOf } from "../kinds";

/** The key of each label: the one that the schema gives, its own digit, or of 1 to 9 the next that is nobody's. */
export function labelKeys(project: Project, question: string): Map<string, string> {
  const options = optionsOf(project.schema.questions[question]);
  const given = new Set(options.map((option) => option.key?.toLowerCase()).filter(Boolean));
  const digits = marked(project, question) ? /^[1-9]$/ : /^[0-9]$/;
  const own = options.map(({ key, label }) => key?.toLowerCase() ?? (digits.test(label) && !given.has(label) ? label : undefined));
  const free = "123456789".split("").filter((key) => !given.has(key) && !own.includes(key));
  const keys = new Map<string, string>();
  options.forEach(({ label }, place) => {
    const key = own[place] ?? free.shift();
    if (key) keys.set(key, label);
  });
  return keys;
}

/** Whether there are marks on what a question is about, so that 0 says that there is nothing to mark. */
function marked({ schema }: Project, question: string): boolean {
  const of = schema.questions[question]?.of;
  return Object.values(schema.questions).some((one) => one.of === of && kindOf(one).tool);
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
