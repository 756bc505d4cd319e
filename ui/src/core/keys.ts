// One table of actions and their keys. The help lists it, the page obeys it, and the server refuses labels with a key of it.

import { optionsOf } from "./labels";
import type { Project } from "./types";

export const ACTIONS = {
  submit: { keys: ["Ctrl+Enter"], what: "Submit and go on" },
  accept: { keys: ["Enter"], what: "Accept the next suggestion; without one, submit" },
  acceptAll: { keys: ["Shift+Enter"], what: "Accept all suggestions" },
  reject: { keys: ["Backspace"], what: "Delete the selected mark; without one, reject the suggestion" },
  nothing: { keys: ["0"], what: "Say that there is nothing to mark" },
  remove: { keys: ["Delete"], what: "Delete the selected mark" },
  undo: { keys: ["Ctrl+Z"], what: "Undo" },
  redo: { keys: ["Ctrl+Shift+Z", "Ctrl+Y"], what: "Redo" },
  nextMark: { keys: ["Tab"], what: "Select the next mark" },
  previousMark: { keys: ["Shift+Tab"], what: "Select the mark before" },
  unselect: { keys: ["Escape"], what: "Select nothing" },
  nextQuestion: { keys: ["Q", "PageDown"], what: "Next question" },
  previousQuestion: { keys: ["Shift+Q", "PageUp"], what: "Question before" },
  pick: { keys: ["/"], what: "Find a label by typing" },
  skip: { keys: ["Ctrl+K"], what: "Pass on to somebody else" },
  back: { keys: ["Ctrl+B"], what: "Back to the last answer" },
  comment: { keys: ["Ctrl+/"], what: "Comment" },
  guidelines: { keys: ["G"], what: "Show or hide the guidelines" },
  help: { keys: ["?"], what: "Show the keys" },
} as const;

export type Action = keyof typeof ACTIONS;

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

/** The characters that the panes use; labels cannot have them, see `schema/keys.py`. */
export const PANE_CHARACTERS: Record<string, string> = { text: "n[]", image: "nw+=-", audio: "iow+=-" };

/** Everything that a pane of any modality understands. */
export const PANE_KEYS: ReadonlySet<string> = new Set([...Object.values(PANE_CHARACTERS).join(""), " ", "arrowleft", "arrowright", "arrowup", "arrowdown", "shift+arrowleft", "shift+arrowright", "shift+arrowup", "shift+arrowdown"]);

/** The name of a key press, such as `Ctrl+Shift+Z`. */
export function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  // Shift is part of the character where it makes one, as in `?`.
  const shifted = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key));
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${shifted ? "Shift+" : ""}${key}`;
}

const REPEATING = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "+", "=", "-", "[", "]", "Tab", "PageDown", "PageUp"]);

/** Whether a key that is held means more of the same: what moves and what undoes does, what makes, answers and submits does not. */
export function repeats(event: KeyboardEvent, action: Action | null): boolean {
  return REPEATING.has(event.key) || ["undo", "redo"].includes(action ?? "");
}

/** Whether somebody is typing, so that letters are letters. */
export function typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return Boolean(target?.closest("input, textarea, select, [contenteditable]"));
}

/** Whether what has the focus keeps a key for itself: a button those that press it, a player those that play it. */
export function keeps(target: HTMLElement, event: KeyboardEvent): boolean {
  if (event.ctrlKey) return false;
  if (target.closest("audio")) return [" ", "Tab"].includes(event.key) || event.key.startsWith("Arrow");
  return target.closest("button, a, summary") !== null && ["Enter", " ", "Tab"].includes(event.key);
}
