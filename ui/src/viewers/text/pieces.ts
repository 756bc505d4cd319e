// Texts cut at the edges of their marks, so that marks may overlap and nest: every piece knows which ones lie on it.

export interface Piece {
  text: string;
  /** Numbers of the marks over this piece, those that began first in front. */
  on: number[];
  /** Numbers of the marks that end with this piece: their labels are written behind it. */
  ends: number[];
}

/** Cut `text` for the marks; offsets count code points. With `around`, only that much is kept before the first and behind the last mark. */
export function pieces(
  text: string,
  marks: readonly (readonly [start: number, end: number])[],
  around?: number,
): { pieces: Piece[]; cutBefore: boolean; cutBehind: boolean } {
  const points = Array.from(text);
  const inside = marks.map(([start, end], index) => ({ index, start: Math.max(0, start), end: Math.min(points.length, end) }));
  const valid = inside.filter((mark) => mark.start < mark.end);
  let from = 0;
  let to = points.length;
  if (around !== undefined && valid.length) {
    from = Math.max(0, Math.min(...valid.map((mark) => mark.start)) - around);
    to = Math.min(points.length, Math.max(...valid.map((mark) => mark.end)) + around);
  }
  const edges = [...new Set([from, to, ...valid.flatMap((mark) => [mark.start, mark.end])])]
    .filter((edge) => edge >= from && edge <= to)
    .sort((a, b) => a - b);
  const cut: Piece[] = [];
  for (let i = 0; i + 1 < edges.length; i++) {
    const start = edges[i]!;
    const end = edges[i + 1]!;
    const over = valid.filter((mark) => mark.start <= start && mark.end >= end).sort((a, b) => a.start - b.start || b.end - a.end);
    cut.push({
      text: points.slice(start, end).join(""),
      on: over.map((mark) => mark.index),
      ends: over.filter((mark) => mark.end === end).map((mark) => mark.index),
    });
  }
  return { pieces: cut, cutBefore: from > 0, cutBehind: to < points.length };
}
