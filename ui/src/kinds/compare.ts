// Where several answers to one question differ: the reviewer walks these and sees nothing else emphasised.
//
// Places of different answers that lie on one another are brought together, the best overlap first, at most one of each answer. A group
// in which every answer has a place with the same label and nearly the same bounds is agreed on; every other group is a difference.

import type { Apart, Place, Reason } from "./kind";
import type { Shape } from "./shapes/shape";

/** The overlap from which two places are about the same thing. */
export const JOINED = 0.3;

interface Group {
  members: (number | null)[];
}

/** Bring the places of the answers together; `places[i]` are those of the answer i. */
function group(shape: Shape, places: readonly Place[][]): Group[] {
  const pairs: { score: number; a: [number, number]; b: [number, number] }[] = [];
  places.forEach((mine, i) => {
    for (let j = i + 1; j < places.length; j++) {
      mine.forEach((unit, m) => {
        places[j]!.forEach((other, n) => {
          const score = shape.overlap(unit.shape, other.shape);
          // Of places equally far over one another, those with the same label belong together.
          if (score >= JOINED) pairs.push({ score: score + (unit.label === other.label ? 0.1 : 0), a: [i, m], b: [j, n] });
        });
      });
    }
  });
  pairs.sort((a, b) => b.score - a.score);

  const groupOf = places.map((mine, i) => mine.map((_, m): Group => ({ members: places.map((_p, j) => (j === i ? m : null)) })));
  for (const { a, b } of pairs) {
    const first = groupOf[a[0]]![a[1]]!;
    const second = groupOf[b[0]]![b[1]]!;
    if (first === second || first.members.some((member, i) => member !== null && second.members[i] !== null)) continue;
    second.members.forEach((member, i) => {
      if (member === null) return;
      first.members[i] = member;
      groupOf[i]![member] = first;
    });
  }
  return [...new Set(groupOf.flat())];
}

function judge(shape: Shape, same: number, found: (Place | null)[]): Reason | null {
  const places = found.filter((place) => place !== null);
  if (places.length < found.length) return "missing";
  if (new Set(places.map((place) => place.label)).size > 1) return "label";
  const apart = places.some((one, i) => places.slice(i + 1).some((other) => shape.overlap(one.shape, other.shape) < same));
  return apart ? "place" : null;
}

/** Where the answers with these places differ; `same` is the overlap from which two of them are in the same place. */
export function compare(shape: Shape, same: number, places: readonly Place[][]): Apart[] {
  const found = group(shape, places).flatMap(({ members }): Apart[] => {
    const here = members.map((member, i) => (member === null ? null : places[i]![member]!));
    const reason = judge(shape, same, here);
    if (!reason) return [];
    const bounds = shape.around(here.flatMap((place) => (place ? [place.shape] : [])));
    return [{ reason, members, labels: here.map((place) => place?.label ?? null), bounds }];
  });
  return found.sort((a, b) => shape.order(a.bounds, b.bounds));
}
