// Where several answers to one question differ: the reviewer walks these and sees nothing else emphasised.
//
// Two answers are the same where the server says so: every part of one is a part of the other, with its label and overlapping by at least
// `same`. What is left over is brought together where it lies on one another, the best overlap first, at most one part of each answer; each
// such group is a difference.

import type { Apart, Place, Reason } from "./kind";
import { assign } from "./matching";
import type { Shape } from "./shapes/shape";

/** The overlap from which two places are about the same thing. */
export const JOINED = 0.3;

/** What sums of floats may be off, as on the server. */
const SLACK = 1e-12;

interface Group {
  members: (number | null)[];
}

/** Two answers side by side: how far their parts overlap, and which of them are the same. */
interface Pair {
  first: number;
  second: number;
  overlaps: number[][];
  same: Map<number, number>;
}

function pairsOf(shape: Shape, same: number, places: readonly Place[][]): Pair[] {
  return places.flatMap((mine, first) =>
    places.slice(first + 1).map((others, rest): Pair => {
      const overlaps = mine.map((one) => others.map((other) => shape.overlap(one.shape, other.shape)));
      const allowed = overlaps.map((row, m) =>
        row.map((overlap, n) => (overlap >= same - SLACK && mine[m]!.label === others[n]!.label ? overlap : 0)),
      );
      return { first, second: first + 1 + rest, overlaps, same: new Map(assign(allowed)) };
    }),
  );
}

/** Bring the places of the answers together: first those that are the same, then those that overlap by `joined`. */
function group(places: readonly Place[][], pairs: Pair[], joined: number): Group[] {
  const edges = pairs.flatMap(({ first, second, overlaps, same }) =>
    overlaps.flatMap((row, m) =>
      row.flatMap((overlap, n) => {
        if (overlap < joined && same.get(m) !== n) return [];
        // Of places equally far over one another, those with the same label belong together.
        const label = places[first]![m]!.label === places[second]![n]!.label ? 0.1 : 0;
        return [{ score: overlap + label + (same.get(m) === n ? 2 : 0), a: [first, m] as const, b: [second, n] as const }];
      }),
    ),
  );
  edges.sort((a, b) => b.score - a.score);

  const groupOf = places.map((mine, i) => mine.map((_, m): Group => ({ members: places.map((_p, j) => (j === i ? m : null)) })));
  for (const { a, b } of edges) {
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

function judge(members: (number | null)[], places: (Place | null)[], pairs: Pair[]): Reason | null {
  if (members.includes(null)) return "missing";
  if (new Set(places.map((place) => place!.label)).size > 1) return "label";
  return pairs.every(({ first, second, same }) => same.get(members[first]!) === members[second]) ? null : "place";
}

/** Where the answers with these places differ; `same` is the overlap from which two places with one label are the same. */
export function compare(shape: Shape, same: number, places: readonly Place[][]): Apart[] {
  const pairs = pairsOf(shape, same, places);
  const alike = pairs.every((pair) => pair.same.size === places[pair.first]!.length && pair.same.size === places[pair.second]!.length);
  if (alike) return [];
  const found = group(places, pairs, Math.min(JOINED, same)).flatMap(({ members }): Apart[] => {
    const here = members.map((member, i) => (member === null ? null : places[i]![member]!));
    const reason = judge(members, here, pairs);
    if (!reason) return [];
    const bounds = shape.extent.around(here.flatMap((place) => (place ? [shape.bounds(place.shape)] : [])));
    return [{ reason, members, labels: here.map((place) => place?.label ?? null), bounds }];
  });
  return found.sort((a, b) => shape.extent.order(a.bounds, b.bounds));
}

/** Where answers that are about the whole field differ: nowhere, or in one place. `alike` says which two count as the same. */
export function compareWhole<A>(
  answers: readonly (A | undefined)[],
  labelOf: (answer: A) => string,
  alike: (a: A, b: A) => boolean = (a, b) => labelOf(a) === labelOf(b),
): Apart[] {
  const given = answers.filter((answer) => answer !== undefined);
  const missing = given.length < answers.length;
  if (!given.length || (!missing && given.every((one, i) => given.slice(i + 1).every((other) => alike(one, other))))) return [];
  const labels = answers.map((answer) => (answer === undefined ? null : labelOf(answer)));
  return [{ reason: missing ? "missing" : "label", members: labels.map((label) => (label === null ? null : 0)), labels, bounds: [] }];
}
