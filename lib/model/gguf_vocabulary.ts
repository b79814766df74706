/** The lists of a GGUF's tokenizer, checked: what a tokenizer.json is rebuilt from. */
import { shown as shownValue } from "../check/check.ts";
import { ENDS_BY_TEXT, FILE_TOKENS } from "./end_of_text.ts";

type Json = Record<string, unknown>;

/** `tokenizer.ggml.token_type`, llama.cpp's names. */
export const TokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** The keys `tokenizer.ggml.*` of one file; errors name file and key. */
export class TokenizerKeys {
  constructor(readonly metadata: Json, readonly path: string) {}

  fail(about: string): never {
    throw new SyntaxError(`Cannot rebuild the tokenizer of ${this.path}: ${about}`);
  }

  get(key: string): unknown {
    return this.metadata[`tokenizer.ggml.${key}`];
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.get(key) ?? otherwise;
    if (typeof value === "boolean") return value;
    return this.fail(`tokenizer.ggml.${key} is ${shown(value)}, not true or false`);
  }

  /** Undefined: the file has no such key. */
  text(key: string): string | undefined {
    const value = this.get(key) ?? undefined;
    if (value === undefined || typeof value === "string") return value;
    return this.fail(`tokenizer.ggml.${key} is ${shown(value)}, not a text`);
  }

  strings(key: string): string[] {
    return this.#list(key, "strings", (value) => typeof value === "string");
  }

  numbers(key: string): number[] {
    return this.#list(key, "finite numbers", Number.isFinite);
  }

  #list<T>(key: string, kind: string, belongs: (value: unknown) => boolean): T[] {
    const value = this.get(key);
    if (value === undefined) this.fail(`it has no tokenizer.ggml.${key}`);
    if (!Array.isArray(value)) this.fail(`tokenizer.ggml.${key} is ${shown(value)}, not a list of ${kind}`);
    const wrong = value.findIndex((item) => !belongs(item));
    if (wrong >= 0) {
      this.fail(`tokenizer.ggml.${key} is not a list of ${kind}: number ${wrong} is ${shown(value[wrong])}`);
    }
    return value;
  }
}

/** GGUF's numbers of 64 bits are bigints here, which no reader of a message asked for. */
function shown(value: unknown): string {
  return typeof value === "bigint" ? String(value) : shownValue(value);
}

export interface Vocabulary {
  tokens: string[];
  /** Ids by token. */
  ids: Map<string, number>;
  types: number[];
}

/**
 * Tokens that llama.cpp matches whole whatever type they have: some converters wrote ends of text as normal tokens.
 * Source: `llama-vocab.cpp`, "control-looking token".
 */
const ALWAYS_CONTROL = new Set([
  ...ENDS_BY_TEXT,
  ...Object.values(FILE_TOKENS).flat(),
  ..."<|fim_prefix|> <fim-prefix> <fim_prefix> <PRE> \u2581<PRE> <|code_prefix|> <|prefix|>".split(" "),
  ..."<|fim_suffix|> <fim-suffix> <fim_suffix> <SUF> \u2581<SUF> <|code_suffix|> <|suffix|>".split(" "),
  ..."<|fim_middle|> <fim-middle> <fim_middle> <MID> \u2581<MID> <|code_middle|> <|middle|>".split(" "),
  ..."<\uff5cfim\u2581begin\uff5c> <\uff5cfim\u2581hole\uff5c> <\uff5cfim\u2581end\uff5c>".split(" "),
]);

/**
 * Tokens with their types; absent types are all normal, as llama.cpp takes them.
 *
 * @throws {SyntaxError} If a list is missing, of another kind or length, or a token stands in it twice.
 */
export function vocabularyOf(keys: TokenizerKeys): Vocabulary {
  const tokens = keys.strings("tokens").map((token, id) => token === "" ? `[EMPTY_${id}]` : token);
  if (tokens.length === 0) keys.fail("tokenizer.ggml.tokens is empty");
  const types = keys.get("token_type") === undefined
    ? tokens.map(() => TokenType.normal as number)
    : keys.numbers("token_type");
  sameLength(keys, tokens, "token_type", types);
  const ids = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    if (ids.has(token)) {
      keys.fail(`tokenizer.ggml.tokens has ${JSON.stringify(token)} twice, as ${ids.get(token)} and ${id}`);
    }
    ids.set(token, id);
  }
  return {
    tokens,
    ids,
    types: types.map((type, id) =>
      (type === TokenType.normal || type === 0) && ALWAYS_CONTROL.has(tokens[id]) ? TokenType.control : type
    ),
  };
}

export function sameLength(keys: TokenizerKeys, tokens: string[], key: string, list: unknown[]): void {
  if (list.length === tokens.length) return;
  keys.fail(`tokenizer.ggml.tokens has ${tokens.length} entries, but tokenizer.ggml.${key} ${list.length}`);
}

/** How tokens take white space around them: only a model's name says so. */
export interface Strips {
  before?(token: string): boolean;
  after?(token: string): boolean;
}

/** Tokens that are matched whole in a text before anything else. */
export function addedTokens({ tokens, types }: Vocabulary, strips: Strips = {}): Json[] {
  const whole: number[] = [TokenType.control, TokenType.userDefined, TokenType.unknown];
  return tokens.flatMap((content, id) =>
    !whole.includes(types[id]) ? [] : [{
      id,
      content,
      special: types[id] !== TokenType.userDefined,
      single_word: false,
      lstrip: strips.before?.(content) ?? false,
      rstrip: strips.after?.(content) ?? false,
      normalized: false,
    }]
  );
}

/**
 * `tokenizer.ggml.merges`, of which both parts and what they make are tokens.
 *
 * @param unused Tokens that need not be there: the merges of them are left out.
 * @throws {SyntaxError} Naming the first merge that is none.
 */
export function mergesOf(
  keys: TokenizerKeys,
  { ids }: Vocabulary,
  unused: (token: string) => boolean = () => false,
): string[] {
  return keys.strings("merges").filter((merge, i) => {
    const at = merge.indexOf(" ", 1), left = merge.slice(0, at), right = merge.slice(at + 1);
    if (at < 0 || right.includes(" ") || left.includes(" ")) {
      keys.fail(`tokenizer.ggml.merges: number ${i} is ${shown(merge)}, not two tokens with a space between`);
    }
    const missing = [left, right, left + right].find((token) => !ids.has(token));
    if (missing === undefined || unused(missing)) return missing === undefined;
    return keys.fail(
      `tokenizer.ggml.merges: number ${i} is ${shown(merge)}, but ${shown(missing)} is not in tokenizer.ggml.tokens`,
    );
  });
}
