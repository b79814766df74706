/** Symbolic dimensions: names such as "batch", and sums, products and quotients of them such as "past + tokens". */
import type { Dim, OnnxValue } from "./onnx_model.ts";

/** What the symbols of a model's inputs stand for. */
export type Bindings = Record<string, number>;

type Token = { kind: "number"; value: number } | { kind: "name" | "sign"; value: string };

/** Names may hold dots, slashes and colons, as exporters write them; a sign needs no space around it. */
const TOKEN = /\s*(?:(\d+)|([A-Za-z_][\w.:/]*)|([-+*()/]))/y;

/** Characters of an expression that is still read as one; bounds the nesting of its brackets. */
const LONGEST = 200;

/** The tokens of an expression, or null where it is none: such a text is a name as a whole. */
function tokens(text: string): Token[] | null {
  if (text.length > LONGEST) return null;
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text);
    if (!match) return null;
    if (match[1]) found.push({ kind: "number", value: Number(match[1]) });
    else found.push(match[2] ? { kind: "name", value: match[2] } : { kind: "sign", value: match[3] });
  }
  return found;
}

/** The symbols of a dimension, in order. */
export function symbolsOf(dim: Dim): string[] {
  if (typeof dim === "number") return [];
  const parts = tokens(dim);
  if (!parts) return [dim];
  return parts.flatMap((t) => t.kind === "name" ? [t.value] : []);
}

/** The symbols that a set of values needs, each once; an unnamed dimension is named "input#axis". */
export function requiredSymbols(values: OnnxValue[]): string[] {
  return [...new Set(values.flatMap((v) => namedDims(v).flatMap(symbolsOf)))];
}

/** The required symbols that keep a dimension from having a number. */
export function missingSymbols(values: OnnxValue[], bindings: Bindings): string[] {
  const open = values.flatMap((v) => namedDims(v).filter((d) => evaluateDim(d, bindings) === null).flatMap(symbolsOf));
  return [...new Set(open)].filter((s) => !Object.hasOwn(bindings, s));
}

/** A value's dimensions, all of them with a name. */
export function namedDims({ name, dims }: OnnxValue): Dim[] {
  return (dims ?? []).map((d, axis) => (d === "" ? `${name}#${axis}` : d));
}

/** The dimension's number, or null where a symbol of it is not bound or the expression makes no sense. */
export function evaluateDim(dim: Dim, bindings: Bindings): number | null {
  if (typeof dim === "number") return dim;
  if (Object.hasOwn(bindings, dim)) return bindings[dim];
  const parts = tokens(dim);
  if (!parts || parts.length === 0) return null;
  const parser = new Parser(parts, bindings);
  const value = parser.sum();
  return parser.done && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** A sum of products of names, numbers and brackets; NaN wherever something does not fit. */
class Parser {
  #at = 0;

  constructor(readonly tokens: Token[], readonly bindings: Bindings) {}

  get done(): boolean {
    return this.#at === this.tokens.length;
  }

  sum(): number {
    let value = this.#product();
    for (;;) {
      if (this.#take("+")) value += this.#product();
      else if (this.#take("-")) value -= this.#product();
      else return value;
    }
  }

  #product(): number {
    let value = this.#atom();
    for (;;) {
      if (this.#take("*")) value *= this.#atom();
      else if (this.#take("/")) value = Math.floor(value / this.#atom());
      else return value;
    }
  }

  #atom(): number {
    const token = this.tokens[this.#at++];
    if (!token) return NaN;
    if (token.kind === "number") return token.value;
    if (token.kind === "name") return Object.hasOwn(this.bindings, token.value) ? this.bindings[token.value] : NaN;
    if (token.value === "-") return -this.#atom();
    const inner = token.value === "(" ? this.sum() : NaN;
    return this.#take(")") ? inner : NaN;
  }

  #take(sign: string): boolean {
    const token = this.tokens[this.#at];
    const matches = token?.kind === "sign" && token.value === sign;
    if (matches) this.#at++;
    return matches;
  }
}
