// The keys that answer: those of labels come first, then what is marked.

import { plain } from "../keys/dispatch";
import { labelKeys, labelOfKey } from "../keys/labels";
import type { Work } from "./work.svelte";

/** Choose a label of the question in hand by its key, or let the viewer have the key; whether one of them did. */
export function answerBy(event: KeyboardEvent, work: Work, viewer: { key: (event: KeyboardEvent) => boolean } | undefined): boolean {
  const label = plain(event) ? labelKeys(work.project, work.question).get(event.key.toLowerCase()) : undefined;
  if (label === undefined) return viewer?.key(event) ?? false;
  work.choose(label);
  return true;
}

/** Choose a label by the key that the schema gives it, though another question is in hand: it takes its own into hand. */
export function answerElsewhere(event: KeyboardEvent, work: Work): boolean {
  const label = plain(event) && work.drawn ? labelOfKey(work.project, work.drawn, event.key.toLowerCase()) : undefined;
  if (!work.drawn || label === undefined) return false;
  work.question = work.drawn;
  work.choose(label);
  return true;
}
