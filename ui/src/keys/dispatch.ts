// The one way from a key that is pressed to what is done: every desk hands its keys here.

import { rowOf, type ActionAt, type Where } from "./actions";
import { keymap } from "./keymap.svelte";

export interface Desk<W extends Where> {
  where: W;
  /** What each action does; `false` leaves the key to the browser. */
  actions: Record<ActionAt<W>, (event: KeyboardEvent) => unknown>;
  /** Whether there is something to work on at this moment; for an action, whether it is possible. */
  able?(action: ActionAt<W> | null): boolean;
  /** Takes a key before the actions do, and tells whether it did: labels, and what is marked. */
  before?(event: KeyboardEvent): boolean;
  /** Takes a key that is no action's. */
  behind?(event: KeyboardEvent): boolean;
}

/** Do what a key means at a desk. */
export function dispatch<W extends Where>(event: KeyboardEvent, desk: Desk<W>): void {
  if (event.isComposing || typing(event) || document.querySelector("dialog[open]") || desk.able?.(null) === false) return;
  const action = meant(event, desk.where);
  if (event.repeat && !repeats(event, action) && (action || event.key.length === 1 || event.key === "Enter")) return event.preventDefault();
  if (keeps(event.target as HTMLElement, event, desk.where)) return;
  if (desk.before?.(event)) return event.preventDefault();
  const done = action ? desk.able?.(action) !== false && desk.actions[action](event) !== false : (desk.behind?.(event) ?? false);
  if (done) event.preventDefault();
}

/** Whether a key stands for itself. */
export function plain(event: KeyboardEvent): boolean {
  return !(event.ctrlKey || event.metaKey || event.altKey);
}

/** The name of a key press, such as `Ctrl+Shift+Z`. */
export function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  // Shift is part of the character where it makes one, as in `?`.
  const shifted = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key));
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${shifted ? "Shift+" : ""}${key}`;
}

/** The action of a key press. Reviewers may hold Shift with a letter or an arrow, which is nothing of its own there. */
function meant<W extends Where>(event: KeyboardEvent, where: W): ActionAt<W> | null {
  if (event.altKey && where !== "label" && where !== "fix") return null;
  const name = nameOf(event);
  return keymap.action(name, where) ?? (where === "review" ? keymap.action(name.replace(/^Shift\+/, ""), where) : null);
}

const MOVING = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "+", "=", "-", "[", "]", "PageDown", "PageUp", "Tab"]);

/** Whether a key that is held means more of the same: what moves and what undoes does, what makes, answers and submits does not. */
function repeats(event: KeyboardEvent, action: ActionAt<Where> | null): boolean {
  return MOVING.has(event.key) || (action !== null && rowOf(action).repeats === true);
}

/** Whether somebody is typing, so that letters are letters. An answer that is typed lets the keys go that end it: in one line Enter too. */
function typing(event: KeyboardEvent): boolean {
  const field = (event.target as HTMLElement | null)?.closest("input, textarea, select, [contenteditable]");
  if (!field) return false;
  const ends = nameOf(event) === "Ctrl+Enter" || (event.key === "Enter" && field.matches("input"));
  return !(field.matches("[data-answer]") && ends);
}

/** Whether what has the focus keeps a key for itself: a button those that press it, a player those that play it. In a review, where many
 * players stand side by side, the keys are those of the board. */
function keeps(target: HTMLElement, event: KeyboardEvent, where: Where): boolean {
  if (event.ctrlKey) return false;
  if (where !== "review" && target.closest("audio")) return [" ", "Tab"].includes(event.key) || event.key.startsWith("Arrow");
  return target.closest("button, a, summary") !== null && ["Enter", " ", "Tab"].includes(event.key);
}
