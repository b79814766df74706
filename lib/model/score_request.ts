/** A score request as token ids: lm-eval's tokenisation at the join, and what cannot be scored. */
import { checkIds } from "./check_ids.ts";
import type { ModelInfo } from "./info.ts";
import type { ScoreRequest } from "./log_likelihood.ts";
import { cutsBefore } from "./space_cuts.ts";
import { type Tokenizer, withBos } from "./tokenizer.ts";

/** What of a model decides a request's tokens. */
type Reader = { info: ModelInfo; tokenizer: Tokenizer };

/** A request as token ids: `tokens` run, the last `targets.length` rows are scored. */
export interface Sequence {
  tokens: number[];
  targets: number[];
}

/** White space as Python's str.rstrip means it, which counts four control characters as space. */
// deno-lint-ignore no-control-regex
const TRAILING_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/u;

type IdRequest = Extract<ScoreRequest, { contextIds: number[] }>;
type TextRequest = Exclude<ScoreRequest, IdRequest>;

/** A request's two parts as token ids. */
interface Pair {
  context: number[];
  continuation: number[];
}

/** The texts of a request that are encoded, and how its parts come out of their ids. */
interface PairTexts {
  texts: string[];
  pair(ids: number[][]): Pair;
}

/**
 * The sequences of requests; all their texts are encoded at once, and one that several share (the context of a
 * question's choices) only once.
 *
 * @throws {RangeError} If nothing is left to score, the continuation is longer than the context, or an id is no token.
 */
export async function toSequences(model: Reader, requests: ScoreRequest[]): Promise<Sequence[]> {
  const pairs = requests.map((request) => "contextIds" in request ? idPair(model, request) : textPair(model, request));
  const texts = [...new Set(pairs.flatMap((p) => p.texts))];
  const encoded = texts.length ? await model.tokenizer.encodeBatch(texts) : [];
  const idsOf = new Map(texts.map((text, i) => [text, encoded[i]]));
  return requests.map((request, i) =>
    checkedSequence(model, request, i, pairs[i].pair(pairs[i].texts.map((text) => idsOf.get(text)!)))
  );
}

/** The sequence of a request that is given as ids. */
export function toSequence(model: Reader, request: IdRequest, index: number): Sequence {
  return checkedSequence(model, request, index, idPair(model, request).pair([]));
}

function checkedSequence(
  model: Reader,
  request: ScoreRequest,
  index: number,
  { context, continuation }: Pair,
): Sequence {
  const { name, contextLength } = model.info;
  const what = `score request ${index}`;
  if (continuation.length === 0) throw new RangeError(`Cannot ${what} with ${name}: ${whyNothing(request)}`);
  if (continuation.length > contextLength) {
    throw new RangeError(
      `Cannot ${what} with ${name}: its continuation of ${continuation.length} tokens is more than the context of ` +
        `${contextLength}; split it`,
    );
  }
  // Too long a context loses its start, and the last token is only a target.
  const whole = [...context, ...continuation].slice(-(contextLength + 1));
  const tokens = whole.slice(0, -1);
  checkIds(model.info, tokens, what);
  checkIds(model.info, whole.slice(-1), what);
  return { tokens, targets: whole.slice(-continuation.length) };
}

function idPair(model: Reader, { contextIds, continuationIds }: IdRequest): PairTexts {
  const context = contextIds.length ? contextIds : [prefixToken(model)];
  return { texts: [], pair: () => ({ context, continuation: continuationIds }) };
}

/**
 * lm-eval's `_encode_pair`: trailing white space of the context belongs to the continuation. A context of which nothing
 * is left then, or which has no tokens (a normalizer may drop its characters), is an empty one.
 */
function textPair(model: Reader, { context, continuation }: TextRequest): PairTexts {
  const { tokenizer } = model;
  const kept = context.replace(TRAILING_SPACE, "");
  const moved = context.slice(kept.length) + continuation;
  if (kept === "") return { texts: [moved], pair: ([ids]) => pairAtStart(model, ids) };
  // A long context takes longer to encode than its choices: a tenth of the time of MMLU's 5-shot prompts.
  if (moved.startsWith(" ") && cutsBefore(kept, kept.length) && tokenizer.cutsAtSpaces) {
    return { texts: [kept, moved], pair: ([ids, rest]) => ({ context: withBos(tokenizer, ids), continuation: rest }) };
  }
  return {
    texts: [kept, kept + moved],
    pair([ids, whole]) {
      if (!ids.length) return pairAtStart(model, whole);
      const contextIds = withBos(tokenizer, ids);
      return { context: contextIds, continuation: withBos(tokenizer, whole).slice(contextIds.length) };
    },
  };
}

/** A text that nothing stands before: the prefix token does, unless the text brings it. */
function pairAtStart(model: Reader, ids: number[]): Pair {
  const prefixId = prefixToken(model);
  return { context: [prefixId], continuation: ids[0] === prefixId ? ids.slice(1) : ids };
}

function whyNothing(request: ScoreRequest): string {
  if (!("continuation" in request) || request.continuation === "") {
    return "its continuation has no tokens; pass at least one that the context lacks";
  }
  const shown = JSON.stringify(request.continuation.slice(0, 40));
  if (request.context.replace(TRAILING_SPACE, "") === "") {
    return `its continuation ${shown} has no tokens besides the one that stands for an empty context; pass more text`;
  }
  // lm-eval's issue 1053: "a" + "b" may be one token, and the context's tokens are as many
  return `its continuation ${shown} has no tokens of its own: the tokenizer merges it into the context's last token, or ` +
    "drops it; move the end of the context into the continuation";
}

/** What stands for an empty context: BOS, else EOS. */
export function prefixToken(
  { tokenizer: { bosId, eosId }, info }: { tokenizer: Pick<Tokenizer, "bosId" | "eosId">; info: { name: string } },
): number {
  const id = bosId ?? eosId;
  if (id !== null) return id;
  throw new TypeError(`Cannot score without a context: ${info.name} has neither BOS nor EOS; pass a context`);
}
