// How values compare and what they come to, as on the server: texts by code points, numbers as Python counts them.

import { NotKnown } from "./syntax";

/** Values do not go together: the server cannot tell either. */
export class CannotTell extends Error {}

/** The parts of an answer, which only functions over lists look into. */
export class Parts {
  constructor(readonly all: readonly unknown[]) {}
}

export type Value = null | boolean | number | string | readonly Value[] | Parts;

const isTuple = (value: Value): value is readonly Value[] => Array.isArray(value);

/** A boolean counts as 0 or 1, as in Python. */
export function numeric(value: Value): number | null {
  if (typeof value === "boolean") return Number(value);
  return typeof value === "number" ? value : null;
}

export function truth(value: Value): boolean {
  if (value instanceof Parts) return value.all.length > 0;
  if (isTuple(value)) return value.length > 0;
  // Not a number is true in Python.
  return typeof value === "number" ? value !== 0 : Boolean(value);
}

/** How many steps a value costs: a text by its length, a list by its parts. */
export function size(value: Value): number {
  if (typeof value === "string") return 1 + Math.floor(points(value) / 16);
  if (value instanceof Parts) return 1 + Math.floor(value.all.length / 16);
  return isTuple(value) ? 1 + Math.floor(value.length / 16) : 1;
}

/** The length of a text in code points. */
export function points(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** A number that JavaScript still counts exactly; others are whole numbers of any length in Python. */
export function exact(value: number): number {
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new NotKnown(`${value}`);
  return value;
}

/** So deep may the lists in a column be, as on the server. */
const MOST_NESTED = 20;

/** A value of a column. */
export function column(value: unknown, spend: (steps: number) => void, depth = MOST_NESTED): Value {
  if (typeof value === "number") return exact(value);
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (!Array.isArray(value)) throw new NotKnown("a column of another type");
  if (!depth) throw new CannotTell("a column is nested too deeply");
  spend(value.length);
  return value.map((one) => column(one, spend, depth - 1));
}

export function compare(sign: string, a: Value, b: Value): boolean {
  if (a === null || b === null) {
    if (sign === "==" || sign === "!=") return (a === b) === (sign === "==");
    if ((sign === "in" || sign === "not in") && b !== null && typeof b !== "string") return contains(b, a) === (sign === "in");
    return sign === "not in";
  }
  if (sign === "==") return equal(a, b);
  if (sign === "!=") return !equal(a, b);
  if (sign === "in") return contains(b, a);
  if (sign === "not in") return !contains(b, a);
  const order = ordered(a, b);
  if (Number.isNaN(order)) return false;
  return sign === "<" ? order < 0 : sign === "<=" ? order <= 0 : sign === ">" ? order > 0 : order >= 0;
}

function equal(a: Value, b: Value): boolean {
  if (a instanceof Parts || b instanceof Parts) throw new NotKnown("lists of parts are not compared here");
  if (isTuple(a) && isTuple(b)) return a.length === b.length && a.every((one, index) => equal(one, b[index]!));
  const [first, second] = [numeric(a), numeric(b)];
  return first !== null && second !== null ? first === second : a === b;
}

function contains(all: Value, one: Value): boolean {
  if (typeof all === "string" && typeof one === "string") return all.includes(one);
  if (isTuple(all)) return all.some((other) => (one === null ? other === null : other !== null && equal(other, one)));
  if (all instanceof Parts) throw new NotKnown("lists of parts are not searched here");
  throw new CannotTell("only texts and lists hold anything");
}

/** Below 0, 0 or above as `a` is less, equal or more; not a number where neither is so. */
export function ordered(a: Value, b: Value): number {
  const [first, second] = [numeric(a), numeric(b)];
  if (first !== null && second !== null) return first < second ? -1 : first > second ? 1 : first === second ? 0 : Number.NaN;
  if (typeof a === "string" && typeof b === "string") return byPoints(a, b);
  if (typeof a === "object" && typeof b === "object") throw new NotKnown("lists are not ordered here");
  throw new CannotTell("a text and a number have no order");
}

function byPoints(a: string, b: string): number {
  const [first, second] = [[...a], [...b]];
  for (let at = 0; at < Math.min(first.length, second.length); at++) {
    const apart = first[at]!.codePointAt(0)! - second[at]!.codePointAt(0)!;
    if (apart) return apart;
  }
  return first.length - second.length;
}

export function calculate(sign: string, a: Value, b: Value): Value {
  if (a === null || b === null) return null;
  if (sign === "+" && typeof a === "string" && typeof b === "string") return a + b;
  const [first, second] = [numeric(a), numeric(b)];
  if (first === null || second === null) throw new CannotTell("only numbers are calculated with");
  if ((sign === "/" || sign === "%") && second === 0) throw new CannotTell("a division by zero");
  if (sign === "%") {
    const rest = first % second;
    return exact(rest !== 0 && rest < 0 !== second < 0 ? rest + second : rest);
  }
  return exact(sign === "+" ? first + second : sign === "-" ? first - second : sign === "*" ? first * second : first / second);
}
