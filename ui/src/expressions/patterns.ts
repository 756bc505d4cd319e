// Regular expressions that the page may run. The server's engine takes time by the length of the text, whatever the expression; JavaScript's
// does not, and knows another dialect. So only simple expressions are run here, in which both agree; what others find is not known here.

import { NotKnown } from "./syntax";

const CLASSES: Record<string, string> = { d: "0-9", w: "0-9A-Za-z_", s: "\\t\\n\\f\\r " };

/** So many repetitions of bounded length, and so many brackets, may there be; of repetitions without an end there may be one. */
const MOST = 3;
const MOST_TIMES = 20;

interface Found {
  test(text: string): boolean;
}

/** Longer texts are not searched with a repetition that has no end: it may take the square of their length. */
const LONGEST = 4000;

/** Compile an expression that both engines understand alike; throws NotKnown for others. */
export function pattern(text: string): Found {
  const letters = [...text];
  let [at, endless, bounded, brackets, open] = [0, 0, 0, 0, 0];
  let made = "";
  while (at < letters.length) {
    const letter = letters[at++]!;
    if (letter === "|") made += letter;
    else if (letter === "(" && letters[at] !== "?") {
      [brackets, open, made] = [brackets + 1, open + 1, `${made}(?:`];
    } else if (letter === ")" && open && !/[*+?{]/u.test(letters[at] ?? "")) {
      [open, made] = [open - 1, `${made})`];
    } else if (letter === "^" || letter === "$") {
      if (/[*+?{]/u.test(letters[at] ?? "")) throw new NotKnown(text);
      made += letter;
    } else {
      made += atom(letter);
      const times = /^(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})/u.exec(letters.slice(at).join(""))?.[0];
      if (!times) continue;
      at += times.length;
      if (/^[?*+{]/u.test(letters[at] ?? "")) throw new NotKnown(text);
      if (/^(?:[*+]|\{[0-9]+,\})$/u.test(times)) endless++;
      else bounded++;
      if ((times.match(/[0-9]+/gu) ?? []).some((one) => Number(one) > MOST_TIMES)) throw new NotKnown(text);
      made += times;
    }
  }
  if (open || endless > 1 || bounded > MOST || brackets > MOST) throw new NotKnown(text);
  const compiled = new RegExp(made, "u");
  return {
    test(searched) {
      if (endless && searched.length > LONGEST) throw new NotKnown("a long text");
      return compiled.test(searched);
    },
  };

  /** One letter, or a set of them. */
  function atom(letter: string): string {
    if (letter === ".") return "[^\\n]";
    if (letter === "[") return set();
    if (letter === "\\") return escaped(false);
    if (/[*+?{})\]]/u.test(letter)) throw new NotKnown(text);
    return literal(letter);
  }

  function set(): string {
    let inside = "";
    const not = letters[at] === "^" ? (at++, "^") : "";
    for (let first = true; letters[at] !== "]" || first; first = false) {
      const letter = letters[at++];
      if (letter === undefined || letter === "[" || letter === "]") throw new NotKnown(text);
      const dash = letter === "-" && !first && letters[at] !== "]";
      inside += letter === "\\" ? escaped(true) : dash ? "-" : literal(letter);
    }
    at++;
    return `[${not}${inside}]`;
  }

  function escaped(inside: boolean): string {
    const letter = letters[at++] ?? "";
    const known = CLASSES[letter.toLowerCase()];
    if (known && letter === letter.toLowerCase()) return inside ? known : `[${known}]`;
    if (known && !inside) return `[^${known}]`;
    if (/^[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]$/u.test(letter) && letter !== "_") return literal(letter);
    throw new NotKnown(text);
  }
}

function literal(letter: string): string {
  return `\\u{${letter.codePointAt(0)!.toString(16)}}`;
}
