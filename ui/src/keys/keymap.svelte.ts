// The keys of the actions as somebody wants them, kept in this browser: those of the workbench can be changed. A key that is a label's in the
// project at hand gives way to the action's own, which no label can have.

import type { Project } from "../core/types";
import { actionsAt, rowOf, type Action, type ActionAt, type Where } from "./actions";
import { isClaimed } from "./claims";
import { labelKeys } from "./labels";

const NAME = "labelwright keys";

/** The actions whose keys can be changed. */
export const CHANGEABLE = actionsAt("label");
export type Changeable = ActionAt<"label">;

class KeyMap {
  #own = $state.raw<Partial<Record<Changeable, string>>>(kept());
  #labels = $state.raw<ReadonlySet<string>>(new Set());

  /** Know the labels' keys of the project that is worked on. */
  use(project: Project): void {
    this.#labels = new Set(Object.keys(project.schema.questions).flatMap((question) => [...labelKeys(project, question).keys()]));
  }

  /** The keys of an action; the first one is the one that is shown. */
  of(action: Action): readonly string[] {
    const own = this.#own[action as Changeable];
    return own !== undefined && !this.#labels.has(own.toLowerCase()) ? [own] : rowOf(action).keys;
  }

  get changed(): boolean {
    return Object.keys(this.#own).length > 0;
  }

  /** What a key press means there, by its name. */
  action<W extends Where>(name: string, where: W): ActionAt<W> | null {
    return actionsAt(where).find((action) => this.of(action).includes(name)) ?? null;
  }

  /** What a key means already other than `action`, in words. */
  meaning(name: string, action: Changeable): string | null {
    const other = this.action(name, "label");
    if (other && other !== action) return rowOf(other).title;
    if (/^[1-9]$/.test(name) || this.#labels.has(name.toLowerCase())) return "a label";
    return isClaimed(name) ? "what is marked" : null;
  }

  /** Give an action another key; `null` gives all their own again. */
  set(action: Changeable | null, name = ""): void {
    if (action === null) this.#own = {};
    else if (rowOf(action).keys.includes(name)) this.#own = Object.fromEntries(Object.entries(this.#own).filter(([one]) => one !== action));
    else this.#own = { ...this.#own, [action]: name };
    try {
      localStorage.setItem(NAME, JSON.stringify(this.#own));
    } catch {
      // Then it lasts as long as the page does.
    }
  }
}

function kept(): Partial<Record<Changeable, string>> {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(NAME) ?? "{}");
    return Object.fromEntries(
      Object.entries(found as object).filter(([action, key]) => (CHANGEABLE as string[]).includes(action) && typeof key === "string"),
    );
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

/** The keys that are available there and what they do, for the help; what has one title stands in one row. */
export function keyRows(where: Where): [keys: string | readonly string[], title: string][] {
  const rows = new Map<string, string | readonly string[]>();
  for (const action of actionsAt(where)) {
    const { title, shown } = rowOf(action);
    if (shown !== "" && !rows.has(title)) rows.set(title, shown ?? keymap.of(action));
  }
  return [...rows].map(([title, keys]) => [keys, title]);
}

/** The keys of labels, for the help. */
export const LABEL_ROW: [keys: string, title: string] = [
  "1 … 9",
  "Choose a label: of the question, of the selected mark, or for the next one",
];
