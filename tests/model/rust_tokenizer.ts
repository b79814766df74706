import { Tokenizer } from "tokenizers";
import type { TokenizerFile } from "../../lib/model/tokenizer.ts";

/** The Rust library itself, so that nothing but the file that it is given is tested. */
export function rust(file: TokenizerFile) {
  const tokenizer = Tokenizer.fromString(JSON.stringify(file.tokenizer));
  return {
    encode: async (text: string) => (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds(),
    decode: (ids: number[]) => tokenizer.decode(ids, true),
  };
}
