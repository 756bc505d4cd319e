// From the text of an expression to a tree. The server has read the text before with Python's own parser, so that nothing is explained
// here: what is not understood is not known on the page, and the server decides.

/** The page cannot tell what an expression says, though the server may. */
export class NotKnown extends Error {}

export type Node =
  | { is: "constant"; value: null | boolean | number | string }
  | { is: "name"; name: string }
  | { is: "attribute"; of: Node; name: string }
  | { is: "item"; of: Node; key: Node }
  | { is: "call"; name: string; given: Node[] }
  | { is: "list"; parts: Node[] }
  | { is: "not"; of: Node }
  | { is: "minus"; of: Node }
  | { is: "and" | "or"; parts: Node[] }
  | { is: "implies"; condition: Node; consequence: Node }
  | { is: "compare"; signs: string[]; parts: Node[] }
  | { is: "calculate"; sign: string; left: Node; right: Node };

interface Token {
  type: "name" | "number" | "text" | "sign";
  text: string;
}

const MOST_DEPTH = 200;

const TOKEN =
  /\s*(?:(?<name>[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*)|(?<number>(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)|(?<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?<sign>[=!<>]=|[-+*/%<>()[\],.]))/uy;

const ESCAPES: Record<string, string> = { "\\": "\\", "'": "'", '"': '"', n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v" };

const CONSTANTS: Record<string, boolean | null> = { True: true, False: false, None: null };

const WORDS = new Set(["and", "or", "not", "in", "implies", "if", "else", "is", "for", "lambda", "await", "yield", "async"]);

/** Read an expression; throws NotKnown where the page does not understand it. */
export function parse(text: string): Node {
  return new Parser(tokens(text)).whole();
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex;
    const groups = TOKEN.exec(text)?.groups;
    if (!groups) throw new NotKnown(`at ${from}`);
    const [type, shown] = Object.entries(groups).find(([, one]) => one !== undefined) as [Token["type"], string];
    const before = found.at(-1);
    const touches = !/^\s/u.test(text.slice(from));
    // A text with a prefix, or with three quotes, and a number with letters at its end are other things in Python.
    if (before && touches && type !== "sign" && before.type !== "sign") throw new NotKnown(shown);
    if (type === "text" && before?.type === "text") throw new NotKnown(shown);
    found.push({ type, text: type === "text" ? unquoted(shown) : shown });
  }
  return found;
}

function unquoted(shown: string): string {
  return shown.slice(1, -1).replace(/\\(.)/gsu, (whole, letter: string) => {
    if (/[0-7xuUN\n]/u.test(letter)) throw new NotKnown(whole);
    return ESCAPES[letter] ?? whole;
  });
}

class Parser {
  #at = 0;
  #depth = 0;

  constructor(readonly tokens: Token[]) {}

  whole(): Node {
    const found = this.#expression();
    if (this.#at < this.tokens.length) throw new NotKnown(this.tokens[this.#at]!.text);
    return found;
  }

  #expression(): Node {
    if (++this.#depth > MOST_DEPTH) throw new NotKnown("nested too deeply");
    const condition = this.#chain("or", () => this.#chain("and", () => this.#not()));
    const found: Node = this.#word("implies") ? { is: "implies", condition, consequence: this.#expression() } : condition;
    this.#depth--;
    return found;
  }

  #chain(word: "and" | "or", inner: () => Node): Node {
    const parts = [inner()];
    while (this.#word(word)) parts.push(inner());
    return parts.length > 1 ? { is: word, parts } : parts[0]!;
  }

  #not(): Node {
    return this.#word("not") ? { is: "not", of: this.#not() } : this.#compare();
  }

  #compare(): Node {
    const parts = [this.#sum()];
    const signs: string[] = [];
    for (let sign = this.#comparison(); sign; sign = this.#comparison()) {
      signs.push(sign);
      parts.push(this.#sum());
    }
    return signs.length ? { is: "compare", signs, parts } : parts[0]!;
  }

  #comparison(): string | null {
    for (const sign of ["==", "!=", "<=", ">=", "<", ">"]) if (this.#sign(sign)) return sign;
    if (this.#word("in")) return "in";
    if (!this.#word("not")) return null;
    if (!this.#word("in")) throw new NotKnown("not");
    return "not in";
  }

  #sum(): Node {
    return this.#calculation(["+", "-"], () => this.#calculation(["*", "/", "%"], () => this.#minus()));
  }

  #calculation(signs: string[], inner: () => Node): Node {
    let left = inner();
    for (;;) {
      const sign = signs.find((one) => this.#sign(one));
      if (!sign) return left;
      left = { is: "calculate", sign, left, right: inner() };
    }
  }

  #minus(): Node {
    return this.#sign("-") ? { is: "minus", of: this.#minus() } : this.#primary();
  }

  #primary(): Node {
    let found = this.#atom();
    for (;;) {
      if (this.#sign(".")) found = { is: "attribute", of: found, name: this.#take("name") };
      else if (this.#sign("[")) {
        found = { is: "item", of: found, key: this.#expression() };
        this.#need("]");
      } else if (this.#sign("(")) {
        if (found.is !== "name") throw new NotKnown("(");
        found = { is: "call", name: found.name, given: this.#listed(")") };
      } else return found;
    }
  }

  #atom(): Node {
    const token = this.tokens[this.#at++];
    if (token?.type === "text") return { is: "constant", value: token.text };
    if (token?.type === "number") return { is: "constant", value: Number(token.text) };
    if (token?.type === "name" && token.text in CONSTANTS) return { is: "constant", value: CONSTANTS[token.text]! };
    if (token?.type === "name" && !WORDS.has(token.text)) return { is: "name", name: token.text.normalize("NFKC") };
    if (token?.text === "[" && token.type === "sign") return { is: "list", parts: this.#listed("]") };
    if (token?.text !== "(" || token.type !== "sign") throw new NotKnown(token?.text ?? "the end");
    if (this.#sign(")")) return { is: "list", parts: [] };
    const first = this.#expression();
    if (this.#sign(")")) return first;
    this.#need(",");
    return { is: "list", parts: [first, ...this.#listed(")")] };
  }

  #listed(end: string): Node[] {
    const found: Node[] = [];
    while (!this.#sign(end)) {
      found.push(this.#expression());
      if (!this.#sign(",")) {
        this.#need(end);
        break;
      }
    }
    return found;
  }

  #take(type: Token["type"]): string {
    const token = this.tokens[this.#at++];
    if (token?.type !== type) throw new NotKnown(token?.text ?? "the end");
    return token.text;
  }

  #need(sign: string): void {
    if (!this.#sign(sign)) throw new NotKnown(`no ${sign}`);
  }

  #sign = (text: string): boolean => this.#next("sign", text);

  #word = (text: string): boolean => this.#next("name", text);

  #next(type: Token["type"], text: string): boolean {
    const token = this.tokens[this.#at];
    if (token?.type !== type || token.text !== text) return false;
    this.#at++;
    return true;
  }
}
