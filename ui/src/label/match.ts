// Finds labels by what is typed: the beginning of a label counts more than that of a word in it, that more than a place within, and letters
// in order with others between count last.

/** How well `typed` fits `text`, the higher the better; 0 where it does not. */
export function fit(typed: string, text: string): number {
  const [wanted, whole] = [fold(typed), fold(text)];
  if (!wanted) return 1;
  if (whole === wanted) return 6;
  if (whole.startsWith(wanted)) return 5;
  const words = whole.split(/[^\p{L}\p{N}]+/u);
  if (words.some((word) => word.startsWith(wanted))) return 4;
  if (whole.includes(wanted)) return 3;
  if (
    words
      .map((word) => word[0] ?? "")
      .join("")
      .startsWith(wanted)
  )
    return 2;
  let at = 0;
  for (const letter of wanted) {
    at = whole.indexOf(letter, at) + 1;
    if (!at) return 0;
  }
  return 1;
}

/** Those of `all` that fit, the best first, otherwise in their order; each is known under several names. */
export function matching<T>(typed: string, all: readonly T[], namesOf: (one: T) => string[]): T[] {
  const scored = all.map((one) => ({ one, score: Math.max(...namesOf(one).map((name) => fit(typed, name))) }));
  // Scattered letters fit by chance: they count where nothing else does.
  const least = scored.some(({ score }) => score > 1) ? 2 : 1;
  return scored
    .filter(({ score }) => score >= least)
    .sort((a, b) => b.score - a.score)
    .map(({ one }) => one);
}

/** Capitals and accents make no difference to whoever types. */
function fold(text: string): string {
  return text.trim().normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
