/**
 * SentencePiece's BPE as a tokenizer.json. It holds no merges but a score for each token: of all neighbours that make a
 * token together those of the best score are joined first, the leftmost of equals.
 */
import {
  addedTokens,
  mergesOf,
  sameLength,
  type Strips,
  type TokenizerKeys,
  TokenType,
  type Vocabulary,
} from "./gguf_vocabulary.ts";

/** Stands for a space. */
const SPACE = "\u2581";

/** SentencePiece BPE of `tokenizer.ggml.model` "llama": Llama 2, Mistral, Gemma 1 to 3, Phi 3. */
export function sentencePiece(keys: TokenizerKeys, vocabulary: Vocabulary, strips: Strips) {
  const scores = keys.numbers("scores");
  sameLength(keys, vocabulary.tokens, "scores", scores);
  const prefix = keys.flag("add_space_prefix", true);
  const clean = keys.flag("remove_extra_whitespaces", false);
  return {
    json: spacesAsTokens(keys, vocabulary, { strips, prefix, clean, merges: mergesByScore(vocabulary, scores) }),
    equalScores: scores.length > 1 && scores.every((score) => score === scores[0]),
  };
}

/** Gemma 4 and others: the same kind of vocabulary, with its merges in the file. */
export function sentencePieceWithMerges(keys: TokenizerKeys, vocabulary: Vocabulary, strips: Strips) {
  const merges = mergesOf(keys, vocabulary);
  return spacesAsTokens(keys, vocabulary, { strips, prefix: false, clean: false, merges });
}

interface SpacesOptions {
  strips: Strips;
  /** A space is put in front of every text, and of what follows a token that is matched whole. */
  prefix: boolean;
  /** Spaces at both ends and all but one of several are left out. */
  clean: boolean;
  merges: string[];
}

function spacesAsTokens(keys: TokenizerKeys, vocabulary: Vocabulary, options: SpacesOptions) {
  const { tokens, types, ids } = vocabulary, { strips, prefix, clean, merges } = options;
  const bytes = types.includes(TokenType.byte) || ids.has("<0x00>");
  const unknown = tokens[Number(keys.get("unknown_token_id") ?? 0)] ?? null;
  const replace = (pattern: object, content: string) => ({ type: "Replace", pattern, content });
  return {
    version: "1.0",
    added_tokens: addedTokens(vocabulary, strips),
    normalizer: {
      type: "Sequence",
      normalizers: [
        ...(clean ? [replace({ Regex: "\\A +| +\\z" }, ""), replace({ Regex: " {2,}" }, " ")] : []),
        ...(prefix ? [{ type: "Prepend", prepend: SPACE }] : []),
        replace({ String: " " }, SPACE),
      ],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: "Sequence",
      decoders: [
        replace({ String: SPACE }, " "),
        ...(bytes ? [{ type: "ByteFallback" }] : []),
        { type: "Fuse" },
        ...(prefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(ids),
      merges,
      unk_token: unknown,
      fuse_unk: true,
      byte_fallback: bytes,
      ignore_merges: false,
    },
  };
}

/**
 * Every way to make a token of two others, best score first; equal scores in the order of the ids, which is that of
 * training.
 */
export function mergesByScore({ tokens, types, ids }: Vocabulary, scores: number[]): string[] {
  const joins = ({ normal, userDefined, unused }: typeof TokenType, type: number) =>
    type === normal || type === userDefined || type === unused || type === 0;
  const joined = types.map((type, id) => joins(TokenType, type) && !tokens[id].includes(" "));
  const order = tokens.flatMap((_, id) => joined[id] ? [id] : []).sort((a, b) => scores[b] - scores[a] || a - b);
  const isPart = (token: string) => {
    const id = ids.get(token);
    return id !== undefined && joined[id];
  };
  const merges: string[] = [];
  for (const id of order) {
    const token = tokens[id];
    for (let at = 1; at < token.length; at++) {
      if (isLowSurrogate(token.charCodeAt(at))) continue;
      const left = token.slice(0, at), right = token.slice(at);
      if (isPart(left) && isPart(right)) merges.push(`${left} ${right}`);
    }
  }
  return merges;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
