/** The Rust library's tokenizer, through its npm binding: the one file that imports it. */
import { byteEnds, type TokenEnds } from "./token_ends.ts";
import { faultyPart } from "./tokenizer_fault.ts";

/** As deno.json pins it. */
export const LIBRARY = "tokenizers 0.23.2";
/** Characters of one call: its answer also holds the text and place of every token, some hundred bytes each. */
const CALL_LENGTH = 2 ** 20;

export interface NativeTokenizer {
  /** Ids without those that a post-processor would add. */
  encodeBatch(texts: string[]): Promise<number[][]>;
  /** The ids of one text, and the byte of it at which each ends. */
  encodeEnds(text: string): Promise<TokenEnds>;
  decode(ids: number[], specialTokens: boolean): Promise<string>;
}

/**
 * Open a tokenizer.json. Its `truncation` and `padding` are left out: a text's ids are all of its ids.
 *
 * @param name As errors call it.
 * @throws {SyntaxError} If the library cannot read it, with the field at fault.
 */
export async function openNative(json: string, name: string): Promise<NativeTokenizer> {
  const { Tokenizer } = await load();
  const tokenizer = parse(json);
  tokenizer.disableTruncation();
  tokenizer.disablePadding();
  const encodings = (texts: string[]) => tokenizer.encodeBatch(texts, { addSpecialTokens: false });
  const encode = async (texts: string[]) => (await encodings(texts)).map((encoding) => encoding.getIds());
  return {
    async encodeBatch(texts) {
      const ids: number[][] = [];
      for (const some of inCalls(texts)) {
        try {
          for (const list of await encode(some)) ids.push(list);
        } catch (error) {
          for (const text of some) await explain(text);
          throw error; // each alone can be encoded
        }
      }
      return ids;
    },
    async encodeEnds(text) {
      const [encoding] = await encodings([text]).catch(async (error) => {
        await explain(text);
        throw error;
      });
      return { ids: encoding.getIds(), ends: byteEnds(text, encoding.getOffsets().map(([, end]) => end)) };
    },
    decode: (ids, specialTokens) => tokenizer.decode(ids, !specialTokens),
  };

  function parse(json: string) {
    try {
      return Tokenizer.fromString(json);
    } catch (error) {
      const part = faultyPart(JSON.parse(json), (other) => Tokenizer.fromString(other));
      throw new SyntaxError(`Cannot read the tokenizer ${name}: ${part}; ${LIBRARY} says: ${reason(error)}`);
    }
  }

  /** The library does not say which text of a batch it could not encode. */
  async function explain(text: string): Promise<void> {
    try {
      await encode([text]);
    } catch (error) {
      throw new RangeError(
        `Cannot encode ${JSON.stringify(text.slice(0, 40))} with the tokenizer ${name}: ${reason(error)}; its model ` +
          "needs a token for what its vocabulary lacks (unk_token, unk_id or byte_fallback)",
      );
    }
  }
}

/** Loaded late: whoever only measures never needs it. */
async function load() {
  try {
    return await import("tokenizers");
  } catch (error) {
    throw new Error(`Cannot load ${LIBRARY}, which has no binding for this machine: ${reason(error)}`);
  }
}

/** Lists of at most `CALL_LENGTH` characters, but for single texts that are longer. */
function* inCalls(texts: string[]): Generator<string[]> {
  let from = 0, length = 0;
  for (const [i, text] of texts.entries()) {
    if (i > from && length + text.length > CALL_LENGTH) {
      yield texts.slice(from, i);
      [from, length] = [i, 0];
    }
    length += text.length;
  }
  if (from < texts.length) yield texts.slice(from);
}

/** The library's words, without the place in a JSON that nobody has seen. */
function reason(error: unknown): string {
  return (error as Error).message.replace(/ at line \d+ column \d+$/, "").replace(/\.$/, "");
}
