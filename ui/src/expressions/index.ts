// The language of checks and conditions, worked out on the page as on the server: the same vectors (tests/expressions/vectors.json) hold
// both to it. What is wrong with an expression only the server says.

import { matches, OVER_PARTS, PLAIN } from "./functions";
import { NotKnown, parse, type Node } from "./syntax";
import { calculate, CannotTell, column, compare, exact, Parts, size, truth, type Value } from "./values";

export { CannotTell, NotKnown, Parts, type Value };

/** What can be said of the answers to a question: a value, or a list whose parts have values by name. */
export interface Terms {
  get(answer: unknown, fields: Record<string, unknown>): Value;
  parts: Record<string, (part: never) => Value> | null;
}

/** The names that an expression may use. A field alone means its `text`. Of a field that is null no more is known here. */
export interface Names {
  answers: Record<string, Terms>;
  fields: Record<string, Record<string, (field: never) => Value> | null>;
}

/** What an expression looks at. */
export interface Subject {
  answers: Record<string, unknown>;
  fields: Record<string, unknown>;
  meta: Record<string, unknown>;
  key: string;
}

/**
 * So many steps may all conditions take on one item, as on the server. What takes longer only the server can tell: it counts a little
 * otherwise, and less.
 */
const MOST_STEPS = 100_000;

/** Counts the steps of expressions that share them. */
export class Steps {
  #left = MOST_STEPS;

  spend(many: number): void {
    this.#left -= many;
    if (this.#left < 0) throw new NotKnown("it takes too many steps");
  }
}

/** What is looked at, the steps that are left, and the parts that each enclosing function is at, the outermost first. */
interface Scope {
  subject: Subject;
  steps: Steps;
  parts: unknown[];
}

type Get = (scope: Scope) => Value;

interface Loop {
  parts: NonNullable<Terms["parts"]>;
  alias: string | null;
}

interface Term {
  get: Get;
  listed?: Terms;
}

const CONSTANTS: Record<string, boolean | null> = { true: true, false: false, none: null, null: null };

const ROOTS = ["answers", "data", "meta", "item"];

const has = (all: object, name: string): boolean => Object.hasOwn(all, name);

/**
 * Compile an expression to what gives its value; throws NotKnown where the page does not understand it. What is compiled throws
 * CannotTell where the server cannot tell either, and NotKnown where only the server can.
 */
export function compile(text: string, names: Names): (subject: Subject, steps?: Steps) => Value {
  const { get } = new Compiler(names).term(parse(text.split(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/u).join(" ")), []);
  return (subject, steps = new Steps()) => get({ subject, steps, parts: [] });
}

/** Whether the value of an expression counts as true. */
export const holds = truth;

class Compiler {
  constructor(readonly names: Names) {}

  term(node: Node, loops: Loop[]): Term {
    const found = this.#term(node, loops);
    if (node.is === "constant") return found;
    const counted: Get = (scope) => {
      const value = found.get(scope);
      scope.steps.spend(size(value));
      return value;
    };
    return { ...found, get: counted };
  }

  #get(node: Node, loops: Loop[]): Get {
    return this.term(node, loops).get;
  }

  #term(node: Node, loops: Loop[]): Term {
    switch (node.is) {
      case "constant": {
        const { value } = node;
        if (typeof value === "number") exact(value);
        return { get: () => value };
      }
      case "implies": {
        const [condition, consequence] = [this.#get(node.condition, loops), this.#get(node.consequence, loops)];
        return { get: (scope) => !truth(condition(scope)) || truth(consequence(scope)) };
      }
      case "and":
      case "or": {
        const parts = node.parts.map((part) => this.#get(part, loops));
        if (node.is === "and") return { get: (scope) => parts.every((part) => truth(part(scope))) };
        return { get: (scope) => parts.some((part) => truth(part(scope))) };
      }
      case "not": {
        const inner = this.#get(node.of, loops);
        return { get: (scope) => !truth(inner(scope)) };
      }
      case "minus": {
        const inner = this.#get(node.of, loops);
        return { get: (scope) => calculate("-", 0, inner(scope)) };
      }
      case "compare": {
        const parts = node.parts.map((part) => this.#get(part, loops));
        return {
          get: (scope) => {
            const found = parts.map((part) => part(scope));
            return node.signs.every((sign, index) => compare(sign, found[index]!, found[index + 1]!));
          },
        };
      }
      case "calculate": {
        const [left, right] = [this.#get(node.left, loops), this.#get(node.right, loops)];
        return { get: (scope) => calculate(node.sign, left(scope), right(scope)) };
      }
      case "list": {
        const parts = node.parts.map((part) => this.#get(part, loops));
        return { get: (scope) => parts.map((part) => part(scope)) };
      }
      case "name":
        return this.#name(node.name, loops);
      case "attribute":
        return this.#attribute(node.of, node.name, loops);
      case "item":
        if (node.of.is === "name" && node.key.is === "constant" && typeof node.key.value === "string")
          return this.#root(node.of.name, node.key.value);
        throw new NotKnown("[");
      case "call":
        return this.#call(node.name, node.given, loops);
    }
  }

  #name(name: string, loops: Loop[]): Term {
    if (loops.some((loop) => loop.alias === name)) throw new NotKnown(name);
    const last = loops.at(-1);
    if (last && has(last.parts, name)) return this.#part(last, loops.length - 1, name);
    if (has(this.names.answers, name)) return this.#answer(name);
    if (has(this.names.fields, name)) return this.#field(name);
    if (!has(CONSTANTS, name)) throw new NotKnown(name);
    const value = CONSTANTS[name]!;
    return { get: () => value };
  }

  #attribute(of: Node, name: string, loops: Loop[]): Term {
    const { answers, fields } = this.names;
    if (of.is === "attribute" && of.of.is === "name" && of.of.name === "data") return this.#fieldValue(of.name, name);
    if (of.is !== "name") throw new NotKnown(name);
    const depth = loops.findLastIndex((loop) => loop.alias === of.name);
    if (depth >= 0) return this.#part(loops[depth]!, depth, name);
    if (has(answers, of.name)) throw new NotKnown(name);
    return has(fields, of.name) ? this.#fieldValue(of.name, name) : this.#root(of.name, name);
  }

  #root(root: string, name: string): Term {
    if (!ROOTS.includes(root)) throw new NotKnown(root);
    if (root === "meta")
      return { get: ({ subject, steps }) => column(has(subject.meta, name) ? subject.meta[name] : null, (many) => steps.spend(many)) };
    if (root === "item" && name === "key") return { get: ({ subject }) => subject.key };
    if (root === "answers" && has(this.names.answers, name)) return this.#answer(name);
    if (root === "data" && has(this.names.fields, name)) return this.#field(name);
    throw new NotKnown(name);
  }

  #answer(name: string): Term {
    const terms = this.names.answers[name]!;
    const get: Get = ({ subject }) => terms.get(subject.answers[name] ?? null, subject.fields);
    return terms.parts ? { get, listed: terms } : { get };
  }

  #field(name: string): Term {
    const known = this.names.fields[name];
    if (!known) throw new NotKnown(name);
    return has(known, "text") ? this.#fieldValue(name, "text") : { get: () => null };
  }

  #fieldValue(field: string, name: string): Term {
    const get = this.names.fields[field]?.[name];
    if (!get) throw new NotKnown(name);
    return { get: ({ subject }) => get(subject.fields[field] as never) };
  }

  #part(loop: Loop, depth: number, name: string): Term {
    if (!has(loop.parts, name)) throw new NotKnown(name);
    const get = loop.parts[name]!;
    return { get: ({ parts }) => get(parts[depth] as never) };
  }

  #call(name: string, given: Node[], loops: Loop[]): Term {
    const [first, second] = given;
    if (!first || given.length > 2) throw new NotKnown(name);
    if (has(OVER_PARTS, name)) return this.#overParts(name, first, second, loops);
    if (name === "labels" && !second) {
      const { get, terms } = this.#listed(first, loops);
      const label = terms["label"];
      if (!label) throw new NotKnown(name);
      return { get: (scope) => get(scope).all.map((part) => label(part as never)) };
    }
    if (name === "matches" && second) {
      if (second.is !== "constant" || typeof second.value !== "string") throw new NotKnown(name);
      const [search, text] = [matches(second.value), this.#get(first, loops)];
      return { get: (scope) => search(text(scope), (many) => scope.steps.spend(many)) };
    }
    if (!has(PLAIN, name) || given.length !== (name.endsWith("_with") ? 2 : 1)) throw new NotKnown(name);
    const [make, parts] = [PLAIN[name]!, given.map((one) => this.#get(one, loops))];
    return { get: (scope) => make(...parts.map((part) => part(scope))) };
  }

  #overParts(name: string, first: Node, second: Node | undefined, loops: Loop[]): Term {
    let [listed, alias]: [Node, string | null] = [first, null];
    if (first.is === "compare" && first.signs.length === 1 && first.signs[0] === "in" && first.parts[0]!.is === "name")
      [listed, alias] = [first.parts[1]!, first.parts[0]!.name];
    if (alias !== null && (has(this.names.answers, alias) || has(this.names.fields, alias))) throw new NotKnown(alias);
    const { get, terms } = this.#listed(listed, loops);
    const combine = OVER_PARTS[name]!;
    if (!second) {
      if (name !== "any" && name !== "count") throw new NotKnown(name);
      return { get: (scope) => combine(get(scope).all.map(() => true)) };
    }
    const inner = this.#get(second, [...loops, { parts: terms, alias }]);
    return { get: (scope) => combine(each(get(scope), (part) => inner({ ...scope, parts: [...scope.parts, part] }))) };
  }

  #listed(node: Node, loops: Loop[]): { get: (scope: Scope) => Parts; terms: NonNullable<Terms["parts"]> } {
    const { get, listed } = this.term(node, loops);
    if (!listed?.parts) throw new NotKnown("no list");
    return { get: (scope) => get(scope) as Parts, terms: listed.parts };
  }
}

/** The values of all parts, each only when it is asked for. */
function* each(parts: Parts, value: (part: unknown) => Value): Generator<Value> {
  for (const part of parts.all) yield value(part);
}
