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
/** The parts of all tokens together; those of Gemma's 262,144 have 11 million characters, and a billion take some ten seconds. */
const MOST_SPLIT_CHARACTERS = 1e9;

/** SentencePiece BPE with scores: Llama 2, Mistral, Gemma 1 to 3, Phi 3. */
export function fromScores(keys: TokenizerKeys, vocabulary: Vocabulary, strips: Strips) {
  const scores = keys.numbers("scores");
  sameLength(keys, vocabulary.tokens, "scores", scores);
  return spacesAsTokens(keys, vocabulary, {
    strips,
    prefix: keys.flag("add_space_prefix", true),
    clean: keys.flag("remove_extra_whitespaces", false),
    merges: mergesByScore(keys, vocabulary, scores),
  });
}

/** The same kind of vocabulary with its merges in the file: Gemma 4. */
export function fromMerges(keys: TokenizerKeys, vocabulary: Vocabulary, strips: Strips) {
  // Runs of spaces that some converters wrote as such are matched whole, before anything is merged.
  const merges = mergesOf(keys, vocabulary, (token) => vocabulary.ids.has(token.replaceAll(SPACE, " ")));
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
 * Every way to make a token of two others, best score first; equal scores in the order of the ids, which is mostly that
 * of training.
 */
function mergesByScore(keys: TokenizerKeys, { tokens, types, ids }: Vocabulary, scores: number[]): string[] {
  const characters = tokens.reduce((sum, { length }) => sum + length ** 2, 0);
  if (characters > MOST_SPLIT_CHARACTERS) {
    const longest = tokens.reduce((a, b) => b.length > a.length ? b : a);
    keys.fail(
      `number ${ids.get(longest)} of tokenizer.ggml.tokens has ${longest.length} characters, too many for a token`,
    );
  }
  const joinable: number[] = [0, TokenType.normal, TokenType.userDefined, TokenType.unused];
  const joins = types.map((type, id) => joinable.includes(type) && !tokens[id].includes(" "));
  const isPart = (token: string) => {
    const id = ids.get(token);
    return id !== undefined && joins[id];
  };
  const order = [...tokens.keys()].filter((id) => joins[id]).sort((a, b) => scores[b] - scores[a] || a - b);
  return order.flatMap((id) => {
    const token = tokens[id], merges: string[] = [];
    for (let at = 1; at < token.length; at++) {
      if (isLowSurrogate(token.charCodeAt(at))) continue;
      const left = token.slice(0, at);
      if (!isPart(left)) continue;
      const right = token.slice(at);
      if (isPart(right)) merges.push(`${left} ${right}`);
    }
    return merges;
  });
}

/** Whether the scores say nothing of what is joined first: some converters write one number for all. */
export function scoresAreEqual({ tokens, types }: Vocabulary, scores: number[]): boolean {
  const joined = scores.filter((_, id) => types[id] === TokenType.normal && [...tokens[id]].length > 1);
  return joined.length > 1 && joined.every((score) => score === joined[0]);
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
