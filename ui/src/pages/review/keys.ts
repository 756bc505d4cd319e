// The keys of the reviewer's desk, for its help and for the account page.

export const REVIEW_KEYS: [key: string, what: string][] = [
  ["A", "accept the selected column; in an audit, the label or your answer"],
  ["X", "send an answer back, with a reason"],
  ["E", "fix: correct the answer oneself"],
  ["J / K", "next and previous difference"],
  ["1–9, ← →", "select a column"],
  ["V", "closer view of the difference"],
  ["Space", "play the recording from the difference"],
  ["C", "comment"],
  ["S", "skip"],
  ["G", "guidelines"],
  ["Z", "take the last verdict back"],
];
