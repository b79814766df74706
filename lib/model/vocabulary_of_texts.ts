/** The part of a model's vocabulary that some texts need: what the edit `vocabulary` is given. */
import { checkModel } from "../arch/ref_fields.ts";
import { resolveModel } from "../arch/resolve.ts";
import type { ModelRef } from "../arch/model_ref.ts";
import { checkArgument, noOptions } from "../check/options.ts";
import { list, text } from "../check/rules.ts";
import { type Bpe, bpeOf, cutTokenizer, neededTokens, partsOfMerge } from "./cut_tokenizer.ts";
import type { TokenizerFile } from "./tokenizer.ts";
import { tokenizerOf, tokenizerReader } from "./tokenizer_files.ts";

const TEXTS = list(text, { min: 1 });
const CANNOT = "Cannot list the vocabulary of texts";

/**
 * The ids that a vocabulary cut to some texts keeps, in rising order. Besides the texts' own tokens those are: every token
 * on the way to them (BPE merges from characters up), what any other text needs (single characters, or bytes where the
 * tokenizer falls back to them), BOS, the ends of texts and the tokenizer's special tokens. So the texts keep their tokens,
 * under new ids, and other texts are still any texts, in more of them.
 *
 * What a cut changes: the logits of the tokens that stay are as they were; softmax shares no longer with the others, so each
 * token's probability is divided by what all that stay had together. Bits per byte of the texts can only fall by that, and
 * are comparable with those of models cut to the same texts alone.
 *
 * @param ref With its own edits, if it has some: the ids are those after them.
 * @throws {TypeError} If the model's tokenizer is no BPE, so that its vocabulary cannot be cut.
 * @example
 * ```ts ignore
 * const vocabulary = await vocabularyOfTexts("smollm2-135m", texts);
 * const small = await openModel({ ref: "smollm2-135m", edits: [{ vocabulary }] });
 * ```
 */
export async function vocabularyOfTexts(ref: ModelRef, texts: string[]): Promise<number[]> {
  noOptions("vocabularyOfTexts", arguments, 2);
  checkModel(CANNOT, ref);
  checkArgument(CANNOT, "texts", texts, TEXTS);
  const { tokenizer: origin, spec, vocabulary, ends } = await resolveModel(ref);
  const tokenizer = await tokenizerOf(origin, spec.vocabSize, vocabulary, ends);
  const used = (await tokenizer.encodeBatch(texts)).flat();
  const { bosId, eosId, endIds } = tokenizer, outer = [bosId, eosId, ...endIds].filter((id) => id !== null);
  if (origin === "bytes") return rising([...used, ...outer]);
  const read = await tokenizerReader(origin, ends);
  const file = vocabulary ? cutTokenizer(read(), vocabulary) : read();
  return rising([...keptTokens(file, used), ...outer]);
}

/** Ids of the tokens used, of those on the way to them, and of those that every tokenizer needs. */
export function keptTokens(file: TokenizerFile, used: number[]): number[] {
  const model = bpeOf(file);
  const added = (file.tokenizer.added_tokens ?? []) as { id: number; content: string; special?: boolean }[];
  const tokens = new Map(Object.entries(model.vocab).map(([token, id]) => [id, token]));
  const kept = new Set([...used, ...neededTokens(model, added).map(([, id]) => id)]);
  for (const { id, special } of added) if (special) kept.add(id);
  const merges = new Merges(model);
  for (const id of new Set(used)) {
    for (const part of merges.wayTo(tokens.get(id) ?? "")) {
      if (Object.hasOwn(model.vocab, part)) kept.add(model.vocab[part]);
    }
  }
  return [...kept];
}

/** The merges of a BPE, by what they merge and by what they make. */
class Merges {
  readonly #ranks = new Map<string, number>();
  readonly #made = new Map<string, [string, string][]>();
  readonly #prefix: string;

  constructor(model: Bpe) {
    this.#prefix = model.continuing_subword_prefix ?? "";
    for (const [rank, merge] of model.merges.entries()) {
      const [left, right, merged] = partsOfMerge(merge, model);
      this.#ranks.set(pair(left, right), rank);
      const ways = this.#made.get(merged);
      if (ways) ways.push([left, right]);
      else this.#made.set(merged, [[left, right]]);
    }
  }

  /**
   * The tokens between single characters and a token. Within a token that a text has, merges go in the order in which they
   * would in the token alone: those across its ends never came first. Where that does not lead to it (its characters
   * are written in another way), all tokens that any merge to it is made of.
   */
  wayTo(token: string): string[] {
    const passed: string[] = [];
    let parts = [...token].map((c, i) => i > 0 ? this.#prefix + c : c);
    for (;;) {
      const ranks = parts.slice(1).map((right, i) => this.#ranks.get(pair(parts[i], right)) ?? Infinity);
      const best = Math.min(...ranks);
      if (best === Infinity) break;
      const at = ranks.indexOf(best), merged = parts[at] + parts[at + 1].slice(this.#prefix.length);
      passed.push(parts[at], parts[at + 1], merged);
      parts = [...parts.slice(0, at), merged, ...parts.slice(at + 2)];
    }
    return parts.length === 1 ? passed : this.#allWays(token);
  }

  #allWays(token: string): string[] {
    const found = new Set<string>(), open = [token];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const part of (this.#made.get(next) ?? []).flat()) {
        if (found.has(part)) continue;
        found.add(part);
        open.push(part);
      }
    }
    return [...found];
  }
}

const pair = (left: string, right: string) => `${left} ${right}`;

function rising(ids: number[]): number[] {
  return [...new Set(ids)].sort((a, b) => a - b);
}
