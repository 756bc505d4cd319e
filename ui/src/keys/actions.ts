// One table of actions and their keys, for all desks. The help lists it, the page obeys it, and the server refuses labels with a key of the
// workbench, see `schema/keys.py`. What viewers and kinds of answers claim stands in their folders.

/** Where somebody works: labeling, correcting (or answering blind), reviewing, looking through items. */
export type Where = "label" | "fix" | "review" | "items";

interface Row {
  /** The first one is printed on buttons. */
  keys: readonly string[];
  title: string;
  /** Where it is available. */
  when: readonly Where[];
  /** Whether a key that is held does it again and again. */
  repeats?: true;
  /** How the help prints the keys of all actions with this title; with "" it does not list them. */
  shown?: string;
}

export const ACTIONS = {
  submit: { keys: ["Ctrl+Enter"], title: "Submit and go on", when: ["label", "fix"] },
  accept: { keys: ["Enter"], title: "Accept the next suggestion; without one, submit", when: ["label"] },
  acceptAll: { keys: ["Shift+Enter"], title: "Accept all suggestions", when: ["label"] },
  reject: { keys: ["Backspace"], title: "Delete the selected mark; without one, reject the suggestion", when: ["label", "fix"] },
  nothing: { keys: ["0"], title: "Say that there is nothing to mark", when: ["label"] },
  remove: { keys: ["Delete"], title: "Delete the selected mark", when: ["label", "fix"] },
  undo: { keys: ["Ctrl+Z"], title: "Undo", when: ["label", "fix"], repeats: true },
  redo: { keys: ["Ctrl+Shift+Z", "Ctrl+Y"], title: "Redo", when: ["label", "fix"], repeats: true },
  nextMark: { keys: ["Tab"], title: "Select the next mark", when: ["label", "fix"], repeats: true },
  previousMark: { keys: ["Shift+Tab"], title: "Select the mark before", when: ["label", "fix"], repeats: true },
  unselect: { keys: ["Escape"], title: "Select nothing", when: ["label", "fix"] },
  nextQuestion: { keys: ["Q", "PageDown"], title: "Next question", when: ["label", "fix"] },
  previousQuestion: { keys: ["Shift+Q", "PageUp"], title: "Question before", when: ["label", "fix"] },
  pick: { keys: ["/"], title: "Find a label by typing", when: ["label", "fix"] },
  skip: { keys: ["Ctrl+K"], title: "Pass on to somebody else", when: ["label"] },
  back: { keys: ["Ctrl+B"], title: "Back to the last answer", when: ["label"] },
  comment: { keys: ["Ctrl+/"], title: "Comment", when: ["label"] },
  guidelines: { keys: ["G"], title: "Show or hide the guidelines", when: ["label", "fix"] },
  help: { keys: ["?"], title: "Show the keys", when: ["label", "fix"] },

  acceptColumn: { keys: ["A"], title: "accept the selected column; in an audit, the label or your answer", when: ["review"] },
  sendBack: { keys: ["X"], title: "send an answer back, with a reason", when: ["review"] },
  fixColumn: { keys: ["E"], title: "fix: correct the answer oneself", when: ["review"] },
  nextDifference: { keys: ["J"], title: "next and previous difference", when: ["review"], repeats: true, shown: "J / K" },
  previousDifference: { keys: ["K"], title: "next and previous difference", when: ["review"], repeats: true },
  selectColumn: { keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], title: "select a column", when: ["review"], shown: "1–9, ← →" },
  nextColumn: { keys: ["ArrowRight"], title: "select a column", when: ["review"], repeats: true },
  previousColumn: { keys: ["ArrowLeft"], title: "select a column", when: ["review"], repeats: true },
  closer: { keys: ["V"], title: "closer view of the difference", when: ["review"] },
  listen: { keys: [" "], title: "play the recording from the difference", when: ["review"], shown: "Space" },
  commentHere: { keys: ["C"], title: "comment", when: ["review"] },
  skipAudit: { keys: ["S"], title: "Skip the audit", when: ["fix"] },
  skipReview: { keys: ["S"], title: "skip", when: ["review"] },
  reviewGuidelines: { keys: ["G"], title: "guidelines", when: ["review"] },
  takeBack: { keys: ["Z", "Ctrl+Z"], title: "take the last verdict back", when: ["review"], shown: "Z" },
  reviewHelp: { keys: ["?"], title: "show the keys", when: ["review"], shown: "" },
  closeHelp: { keys: ["Escape"], title: "close what was opened", when: ["review"], shown: "" },

  nextItem: { keys: ["J", "ArrowDown"], title: "next item", when: ["items"], repeats: true },
  previousItem: { keys: ["K", "ArrowUp"], title: "previous item", when: ["items"], repeats: true },
  search: { keys: ["/"], title: "search", when: ["items"] },
} as const satisfies Record<string, Row>;

export type Action = keyof typeof ACTIONS;

/** The actions that are available there. */
export type ActionAt<W extends Where> = { [A in Action]: W extends (typeof ACTIONS)[A]["when"][number] ? A : never }[Action];

/** The row of an action, whichever it is. */
export const rowOf = (action: Action): Row => ACTIONS[action];

export function actionsAt<W extends Where>(where: W): ActionAt<W>[] {
  return (Object.keys(ACTIONS) as Action[]).filter((action) => rowOf(action).when.includes(where)) as ActionAt<W>[];
}

/** A key that a viewer or a kind of answer claims; `keys` are named like those of actions, `shown` is what the help prints. */
export interface Claim {
  shown: string;
  keys: readonly string[];
  title: string;
}
