// The functions of the language, as on the server.

import { pattern } from "./patterns";
import { NotKnown } from "./syntax";
import { CannotTell, exact, numeric, ordered, Parts, points, truth, type Value } from "./values";

/** Functions that look at each part of a list. */
export const OVER_PARTS: Record<string, (found: Iterable<Value>) => Value> = {
  any: (found) => {
    for (const one of found) if (truth(one)) return true;
    return false;
  },
  all: (found) => {
    for (const one of found) if (!truth(one)) return false;
    return true;
  },
  count: (found) => [...found].filter(truth).length,
  sum: (found) => present(found).reduce<number>((total, one) => exact(total + number(one)), 0),
  min: (found) => extreme(found, -1),
  max: (found) => extreme(found, 1),
};

function present(found: Iterable<Value>): Value[] {
  return [...found].filter((one) => one !== null);
}

function extreme(found: Iterable<Value>, side: number): Value {
  return present(found).reduce<Value>((best, one) => (best === null || ordered(one, best) * side > 0 ? one : best), null);
}

function number(value: Value): number {
  const found = numeric(value);
  if (found === null) throw new CannotTell("this is no number");
  return found;
}

function text(value: Value): string {
  if (typeof value !== "string") throw new CannotTell("this is no text");
  return value;
}

/** What Python takes for white space. */
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const WORDS = new RegExp(`[^${SPACE}]+`, "gu");
const ENDS = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "gu");
const NUMBER = /^[+-]?(?:[0-9]+(?:_[0-9]+)*\.?(?:[0-9]+(?:_[0-9]+)*)?|\.[0-9]+(?:_[0-9]+)*)(?:[eE][+-]?[0-9]+)?$/u;

function numberOf(value: Value): Value {
  if (value === null || numeric(value) !== null) return value;
  const written = text(value).replace(ENDS, "");
  if (NUMBER.test(written)) return exact(Number(written.replaceAll("_", "")));
  // Digits of other scripts, the infinite, and what is no number in words.
  if (/\p{Nd}/u.test(written.replace(/[0-9]/gu, "")) || /^[+-]?(?:inf(?:inity)?|nan)$/iu.test(written)) throw new NotKnown(written);
  return null;
}

/** To the nearest whole number, and of two as near to the even one. */
function rounded(value: number): number {
  if (!Number.isFinite(value)) throw new CannotTell("this cannot be rounded");
  const below = Math.floor(value);
  const over = value - below;
  return exact(over > 0.5 || (over === 0.5 && below % 2 !== 0) ? below + 1 : below);
}

function length(value: Value): number {
  if (value === null) return 0;
  if (typeof value === "string") return points(value);
  if (value instanceof Parts) return value.all.length;
  if (typeof value === "object") return value.length;
  throw new CannotTell("this has no length");
}

const ofText = (make: (value: string) => Value) => (value: Value) => (value === null ? null : make(text(value)));

/** Functions of values; what is missing comes out as missing, as 0, or as false. */
export const PLAIN: Record<string, (...given: Value[]) => Value> = {
  len: (value = null) => length(value),
  words: (value = null) => (value === null ? 0 : (text(value).match(WORDS) ?? []).length),
  lower: (value = null) => ofText((one) => one.toLowerCase())(value),
  upper: (value = null) => ofText((one) => one.toUpperCase())(value),
  strip: (value = null) => ofText((one) => one.replace(ENDS, ""))(value),
  starts_with: (value = null, beginning = null) => value !== null && text(value).startsWith(text(beginning)),
  ends_with: (value = null, end = null) => value !== null && text(value).endsWith(text(end)),
  number: (value = null) => numberOf(value),
  abs: (value = null) => (value === null ? null : Math.abs(number(value))),
  round: (value = null) => (value === null ? null : rounded(number(value))),
};

/** Look for a regular expression in a text. It costs no less than on the server, where the size of what is compiled counts. */
export function matches(searched: string): (value: Value, spend: (steps: number) => void) => boolean {
  const found = pattern(searched);
  return (value, spend) => {
    if (value === null) return false;
    const within = text(value);
    spend(1 + Math.ceil((points(within) * searched.length) / 4));
    return found.test(within);
  };
}
