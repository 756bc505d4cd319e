// The keys of the actions as somebody wants them, kept in this browser. A key that is a label's in the project at hand gives way to the
// action's own, which no label can have.

import type { Project } from "./types";
import { ACTIONS, labelKeys, PANE_KEYS, type Action } from "./keys";

const NAME = "labelwright keys";

class KeyMap {
  #own = $state.raw<Partial<Record<Action, string>>>(kept());
  #labels = $state.raw<ReadonlySet<string>>(new Set());

  /** Know the labels' keys of the project that is worked on. */
  use(project: Project): void {
    this.#labels = new Set(Object.keys(project.schema.questions).flatMap((question) => [...labelKeys(project, question).keys()]));
  }

  /** The keys of an action; the first one is the one that is shown. */
  of(action: Action): readonly string[] {
    const own = this.#own[action];
    return own !== undefined && !this.#labels.has(own.toLowerCase()) ? [own] : ACTIONS[action].keys;
  }

  get changed(): boolean {
    return Object.keys(this.#own).length > 0;
  }

  /** The action of a key press by its name. */
  action(name: string): Action | null {
    return (Object.keys(ACTIONS) as Action[]).find((action) => this.of(action).includes(name)) ?? null;
  }

  /** What a key means already other than `action`, in words. */
  meaning(name: string, action: Action): string | null {
    const other = this.action(name);
    if (other && other !== action) return ACTIONS[other].what;
    if (/^[1-9]$/.test(name) || this.#labels.has(name.toLowerCase())) return "a label";
    return PANE_KEYS.has(name.toLowerCase()) ? "what is marked" : null;
  }

  /** Give an action another key; `null` gives all their own again. */
  set(action: Action | null, name = ""): void {
    if (action === null) this.#own = {};
    else if ((ACTIONS[action].keys as readonly string[]).includes(name)) this.#own = Object.fromEntries(Object.entries(this.#own).filter(([one]) => one !== action));
    else this.#own = { ...this.#own, [action]: name };
    try {
      localStorage.setItem(NAME, JSON.stringify(this.#own));
    } catch {
      // Then it lasts as long as the page does.
    }
  }
}

function kept(): Partial<Record<Action, string>> {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(NAME) ?? "{}");
    return Object.fromEntries(Object.entries(found as object).filter(([action, key]) => action in ACTIONS && typeof key === "string"));
  } catch {
    return {};
  }
}

export const keymap = new KeyMap();

const SIGNS: Record<string, string> = { "Ctrl+": "Ctrl ", "Shift+": "⇧", Enter: "⏎", Backspace: "⌫", Delete: "Del", Escape: "Esc" };

/** The key of an action as it is printed on its button. */
export function printed(action: Action): string {
  return Object.entries(SIGNS).reduce((name, [word, sign]) => name.replace(word, sign), keymap.of(action)[0] ?? "");
}

/** All keys of the workbench and what they do, for the help. */
export function actionKeys(): [keys: readonly string[], what: string][] {
  return [
    ...(Object.keys(ACTIONS) as Action[]).map((action): [readonly string[], string] => [keymap.of(action), ACTIONS[action].what]),
    [["1 … 9"], "Choose a label: of the question, of the selected mark, or for the next one"],
  ];
}
