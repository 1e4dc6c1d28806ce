/** GBNF as llama.cpp reads it, without tokens (`<[1]>`): enough to read every grammar that is written here. */
export type GbnfNode =
  | { readonly kind: "set"; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly kind: "rule"; readonly name: string }
  | { readonly kind: "sequence"; readonly parts: readonly GbnfNode[] }
  | { readonly kind: "choice"; readonly options: readonly GbnfNode[] }
  | { readonly kind: "repeat"; readonly of: GbnfNode; readonly min: number; readonly max: number };

export type GbnfRules = ReadonlyMap<string, GbnfNode>;

/** llama.cpp refuses a repetition of a group whose rules times the count come to this. */
const REPETITION_THRESHOLD = 2_000;

export function parseGbnf(text: string): GbnfRules {
  const rules = new Map(
    text
      .trimEnd()
      .split("\n")
      .map((line) => {
        const [, name, body] = /^([A-Za-z0-9-]+) ::= (.*)$/s.exec(line) ?? [];
        if (name === undefined || body === undefined) throw new Error(`No rule: ${line}`);
        return [name, new RuleParser(body).parse()] as const;
      }),
  );
  const missing = [...rules.values()].flatMap(namesIn).find((name) => !rules.has(name));
  if (missing !== undefined) throw new Error(`The rule ${missing} is not defined.`);
  return rules;
}

function namesIn(node: GbnfNode): readonly string[] {
  switch (node.kind) {
    case "set":
      return [];
    case "rule":
      return [node.name];
    case "repeat":
      return namesIn(node.of);
    default:
      return (node.kind === "sequence" ? node.parts : node.options).flatMap(namesIn);
  }
}

class RuleParser {
  readonly #input: readonly string[];
  #at = 0;

  constructor(body: string) {
    this.#input = [...body];
  }

  parse(): GbnfNode {
    const node = this.#choice();
    if (this.#at < this.#input.length) throw this.#error();
    return node;
  }

  #choice(): GbnfNode {
    const options = [this.#sequence()];
    while (this.#take("|")) options.push(this.#sequence());
    return { kind: "choice", options };
  }

  #sequence(): GbnfNode {
    const parts: GbnfNode[] = [];
    this.#space();
    for (let next = this.#input[this.#at]; next !== undefined && next !== "|" && next !== ")"; next = this.#input[this.#at]) {
      parts.push(this.#repeated(this.#atom()));
      this.#space();
    }
    return { kind: "sequence", parts };
  }

  #atom(): GbnfNode {
    if (this.#take("(")) {
      const inside = this.#choice();
      if (!this.#take(")")) throw this.#error();
      return inside;
    }
    if (this.#take('"')) return this.#literal();
    if (this.#take("[")) return this.#set();
    let name = "";
    while (/[A-Za-z0-9-]/.test(this.#input[this.#at] ?? " ")) name += this.#next();
    if (name === "") throw this.#error();
    return { kind: "rule", name };
  }

  #repeated(of: GbnfNode): GbnfNode {
    if (this.#take("*")) return { kind: "repeat", of, min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#take("+")) return { kind: "repeat", of, min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#take("?")) return { kind: "repeat", of, min: 0, max: 1 };
    if (!this.#take("{")) return of;
    let counts = "";
    while (!this.#take("}")) counts += this.#next();
    const [min = "", max = min] = counts.split(",");
    const most = max === "" ? Number.POSITIVE_INFINITY : Number(max);
    const written = Number.isFinite(most) ? most : Number(min);
    if (written >= REPETITION_THRESHOLD || (of.kind !== "set" && of.kind !== "rule" && written > 1)) {
      throw new Error(`llama.cpp may refuse this repetition: {${counts}}`);
    }
    return { kind: "repeat", of, min: Number(min), max: most };
  }

  #literal(): GbnfNode {
    const parts: GbnfNode[] = [];
    while (!this.#take('"')) {
      const codePoint = this.#character();
      parts.push({ kind: "set", negated: false, ranges: [[codePoint, codePoint]] });
    }
    return { kind: "sequence", parts };
  }

  #set(): GbnfNode {
    const negated = this.#take("^");
    const ranges: [number, number][] = [];
    while (!this.#take("]")) {
      const first = this.#character();
      ranges.push([first, this.#take("-") ? this.#character() : first]);
    }
    return { kind: "set", negated, ranges };
  }

  #character(): number {
    const character = this.#next();
    if (character !== "\\") return character.codePointAt(0) ?? 0;
    const escaped = this.#next();
    const digits = { x: 2, u: 4, U: 8 }[escaped];
    if (digits !== undefined) return Number.parseInt(Array.from({ length: digits }, () => this.#next()).join(""), 16);
    const plain = { n: "\n", r: "\r", t: "\t", "\\": "\\", '"': '"', "[": "[", "]": "]" }[escaped];
    if (plain === undefined) throw this.#error();
    return plain.charCodeAt(0);
  }

  #space(): void {
    while (this.#take(" ")) {
      // Only between items.
    }
  }

  #next(): string {
    const character = this.#input[this.#at];
    if (character === undefined) throw this.#error();
    this.#at += 1;
    return character;
  }

  #take(character: string): boolean {
    if (this.#input[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #error(): Error {
    return new Error(`Cannot be read at ${this.#at}: ${this.#input.join("").slice(0, 200)}`);
  }
}
