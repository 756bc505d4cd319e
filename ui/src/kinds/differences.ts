// Where several answers to one question differ: the reviewer walks these and sees nothing else emphasised.
//
// Places of different answers that lie on one another are brought together, the best overlap first, at most one of each answer. A group
// in which every answer has a place with the same label and nearly the same bounds is agreed on; every other group is a difference.

import type { Answer, Values } from "../core/types";
import { units, type Unit } from "./answers";

/** `missing`: some answer has nothing here; `label`: the labels differ; `place`: only the bounds differ. */
export type Reason = "missing" | "label" | "place";

export interface Difference {
  question: string;
  kind: Answer["kind"];
  reason: Reason;
  /** For each answer the number of its place in this group, or null where it has none. */
  members: (number | null)[];
  /** The labels in the order of the answers, null where there is none. */
  labels: (string | null)[];
  /** Bounds around all places of the group, for showing it. Empty for a choice. */
  bounds: number[];
}

const JOINED = 0.3;
const SAME_PLACE = 0.8;

export function overlap(kind: Answer["kind"], a: number[], b: number[]): number {
  if (kind === "choice") return 1;
  if (kind === "boxes") {
    const [x, y, w, h] = a as [number, number, number, number];
    const [u, v, p, q] = b as [number, number, number, number];
    const shared = Math.max(0, Math.min(x + w, u + p) - Math.max(x, u)) * Math.max(0, Math.min(y + h, v + q) - Math.max(y, v));
    return shared ? shared / (w * h + p * q - shared) : 0;
  }
  const [start, end] = a as [number, number];
  const [from, to] = b as [number, number];
  const shared = Math.max(0, Math.min(end, to) - Math.max(start, from));
  return shared ? shared / (end - start + to - from - shared) : 0;
}

interface Group {
  members: (number | null)[];
}

/** Bring the places of the answers together; `places[i]` are those of the answer i. */
function group(kind: Answer["kind"], places: Unit[][]): Group[] {
  const pairs: { score: number; a: [number, number]; b: [number, number] }[] = [];
  places.forEach((mine, i) => {
    for (let j = i + 1; j < places.length; j++) {
      mine.forEach((unit, m) => {
        places[j]!.forEach((other, n) => {
          const score = overlap(kind, unit.geometry, other.geometry);
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

function judge(kind: Answer["kind"], places: Unit[][], members: (number | null)[]): Reason | null {
  if (members.includes(null)) return "missing";
  const found = members.map((member, i) => places[i]![member!]!);
  if (new Set(found.map((unit) => unit.label)).size > 1) return "label";
  if (kind === "choice") return null;
  const least = kind === "spans" ? 1 : SAME_PLACE;
  const apart = found.some((unit, i) => found.slice(i + 1).some((other) => overlap(kind, unit.geometry, other.geometry) < least));
  return apart ? "place" : null;
}

function around(kind: Answer["kind"], found: Unit[]): number[] {
  if (kind === "choice" || !found.length) return [];
  const lows = (axis: number) => Math.min(...found.map((unit) => unit.geometry[axis]!));
  if (kind === "boxes") {
    const x = lows(0);
    const y = lows(1);
    const right = Math.max(...found.map((unit) => unit.geometry[0]! + unit.geometry[2]!));
    const bottom = Math.max(...found.map((unit) => unit.geometry[1]! + unit.geometry[3]!));
    return [x, y, right - x, bottom - y];
  }
  return [lows(0), Math.max(...found.map((unit) => unit.geometry[1]!))];
}

/** Return where the answers differ, question by question, within one from left to right (boxes: from the top). */
export function differences(answers: Values[], questions: string[]): Difference[] {
  if (answers.length < 2) return [];
  return questions.flatMap((question) => {
    const given = answers.map((values) => values[question]);
    const kind = given.find((answer) => answer)?.kind;
    if (!kind) return [];
    const places = given.map((answer) => units(answer));
    const found: Difference[] = [];
    for (const { members } of group(kind, places)) {
      const reason = judge(kind, places, members);
      if (!reason) continue;
      const here = members.flatMap((member, i) => (member === null ? [] : [places[i]![member]!]));
      const labels = members.map((member, i) => (member === null ? null : places[i]![member]!.label));
      found.push({ question, kind, reason, members, labels, bounds: around(kind, here) });
    }
    const order = kind === "boxes" ? [1, 0] : [0, 1];
    return found.sort((a, b) => (a.bounds[order[0]!] ?? 0) - (b.bounds[order[0]!] ?? 0) || (a.bounds[order[1]!] ?? 0) - (b.bounds[order[1]!] ?? 0));
  });
}
