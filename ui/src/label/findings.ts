// What the checks found about answers, for as long as these answers stand.

import type { Finding, Values } from "../core/types";

export interface Judged {
  findings: Finding[];
  /** The answers that were looked at. */
  values: Values;
}

/** The findings that still speak of what is answered: one about a question goes when its answer changes, any other when one of them does. */
export function standing(judged: Judged | null, values: Values): Finding[] {
  if (!judged) return [];
  return judged.findings.filter(({ question }) => (question ? judged.values[question] === values[question] : judged.values === values));
}
