// The kinds of answers, one folder each: this is the only place that lists them.

import type { Answer } from "../core/types";
import type { Kind, Part } from "./kind";

const found = import.meta.glob<Kind>("./*/index.ts", { eager: true, import: "default" });

export const KINDS: readonly Kind[] = Object.values(found);

const byName = new Map<string, Kind>(KINDS.map((one) => [one.name, one]));

/** The kind of a question, of an answer, or of whatever names its kind. */
export function kindOf({ kind }: { kind: string }): Kind {
  const own = byName.get(kind);
  if (!own) throw new Error(`The page knows no answers of the kind '${kind}'.`);
  return own;
}

/** The labeled parts of an answer, in its order; none where there is no answer. */
export function partsOf(answer: Answer | null | undefined): Part[] {
  return answer ? kindOf(answer).parts(answer) : [];
}
