// What kinds of answers share that are typed into a field.

import type { Attachment } from "svelte/attachments";

/** Whether texts are the same but for white space and how their characters are composed; the server's `normalized`. */
export function normalized(text: string): string {
  return words(text).join(" ");
}

/** The words of a text, as the server splits it. */
export function words(text: string): string[] {
  return text
    .normalize("NFC")
    .split(/[^\S\ufeff]+/u)
    .filter(Boolean);
}

/** The edits that turn one sequence into another, over the length of the longer one; see `stats/texts`. */
export function editDistance(a: readonly string[], b: readonly string[]): number {
  if (!a.length || !b.length) return a.length === b.length ? 0 : 1;
  const row = Array.from(b, (_, place) => place + 1);
  a.forEach((one, done) => {
    let [diagonal, left] = [done, done + 1];
    b.forEach((other, place) => {
      const above = row[place]!;
      left = Math.min(above + 1, left + 1, diagonal + (one === other ? 0 : 1));
      diagonal = above;
      row[place] = left;
    });
  });
  return row.at(-1)! / Math.max(a.length, b.length);
}

/** Give a field the focus while its question is in hand, and let Escape leave it, so that keys are keys again. */
export function typedInto(active: boolean): Attachment<HTMLInputElement | HTMLTextAreaElement> {
  return (field) => {
    if (active && document.activeElement !== field) field.focus({ preventScroll: true });
    const leave = (event: Event) => {
      if ((event as KeyboardEvent).key !== "Escape") return;
      event.stopPropagation();
      document.getElementById("main")?.focus();
    };
    field.addEventListener("keydown", leave);
    return () => field.removeEventListener("keydown", leave);
  };
}
