/** Which tokens end a text. Most models have several: the end of a document, of a turn, of a message to a tool. */

/** What decides in a folder: the parsed files, {} for one that is not there. */
export interface EndFiles {
  folder: string;
  "generation_config.json": Record<string, unknown>;
  "config.json": Record<string, unknown>;
}

/**
 * The ends that a folder names, by transformers' rule: generation_config.json decides, config.json only where that one
 * names none; what the tokenizer calls its end is none of them by itself.
 *
 * @returns Empty where both say nothing.
 * @throws {SyntaxError} If what a file has there is no token id and no list of them.
 */
export function endsOfFolder(files: EndFiles): number[] {
  for (const name of ["generation_config.json", "config.json"] as const) {
    const { eos_token_id, text_config } = files[name];
    const given = eos_token_id ?? (text_config as { eos_token_id?: unknown } | null | undefined)?.eos_token_id ?? [];
    const ids: unknown[] = Array.isArray(given) ? given : [given];
    const wrong = ids.find((id) => !Number.isInteger(id));
    if (wrong !== undefined) {
      throw new SyntaxError(
        `Cannot read ${files.folder}/${name}: eos_token_id is ${
          JSON.stringify(given)
        }, not a token id or a list of them`,
      );
    }
    const ends = (ids as number[]).filter((id) => id >= 0); // -1 is how some say that there is none
    if (ends.length) return [...new Set(ends)];
  }
  return [];
}

/** Tokens that end a text by what they are called, whatever the keys say (llama.cpp, `special_eog_ids`). */
export const ENDS_BY_TEXT = [
  ...["<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>"],
  ...["<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>", "<eos>"],
  ...["<end_of_utterance>", "<turn|>", "<|tool_response>", "<｜end▁of▁sentence｜>", "[e~["],
];

/** Keys of tokens between files, which end a text too, and what these are called where the key is not there. */
export const FILE_TOKENS: Record<string, string[]> = {
  fim_pad: ["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"],
  fim_rep: ["<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"],
  fim_sep: ["<|file_sep|>"],
};

/** The end of a document by `tokenizer.ggml.model`, where its key is not there or names no token: Llama 2's, Falcon's. */
const USUAL_END: Record<string, number> = { llama: 2, gpt2: 11 };

/**
 * The ends of a GGUF by llama.cpp's rule (`llama-vocab.cpp`, `special_eog_ids`): what the keys name, and the tokens with
 * well-known texts.
 *
 * @returns The end of a document first, then that of a turn and a message, then the others by id.
 */
export function endsOfGguf(metadata: Record<string, unknown>): number[] {
  const list = metadata["tokenizer.ggml.tokens"], tokens: unknown[] = Array.isArray(list) ? list : [];
  const known = new Set([...ENDS_BY_TEXT, ...Object.values(FILE_TOKENS).flat()]), byText = new Map<string, number>();
  for (const [id, token] of tokens.entries()) if (known.has(token as string)) byText.set(token as string, id);
  const inVocabulary = (id: unknown) => {
    const isNumber = typeof id === "number" || typeof id === "bigint";
    return isNumber && id >= 0 && id < tokens.length ? [Number(id)] : [];
  };
  const keyed = (name: string) => inVocabulary(metadata[`tokenizer.ggml.${name}_token_id`]);
  const called = (texts: string[]) => texts.flatMap((text) => byText.get(text) ?? []);
  const others = called(ENDS_BY_TEXT);
  for (const [name, texts] of Object.entries(FILE_TOKENS)) {
    const ids = keyed(name);
    others.push(...(ids.length ? ids : called(texts).slice(0, 1)));
  }
  const ofKind = inVocabulary(USUAL_END[String(metadata["tokenizer.ggml.model"])]);
  const document = keyed("eos").length ? keyed("eos") : ofKind;
  const ends = new Set([...document, ...keyed("eot"), ...keyed("eom"), ...others.sort((a, b) => a - b)]);
  const has = (text: string) => ends.has(byText.get(text) ?? NaN);
  // With these (gpt-oss, Solar) "<|end|>" ends a message, of which a text has several.
  const hasMessages = (has("<|call|>") || has("<|calls|>")) && (has("<|return|>") || has("<|flush|>"));
  if (hasMessages) ends.delete(byText.get("<|end|>") ?? NaN);
  // Gemma 4's vocabulary has "</s>" as a mark-up tag.
  if (has("<|tool_response>")) ends.delete(byText.get("</s>") ?? NaN);
  return [...ends];
}

/** The first list that names an end: of the tokenizer's own files, else of the model's, else the tokenizer's one end. */
export function chooseEnds(own: readonly number[], ofModel: readonly number[], eosId: number | null) {
  return own.length ? own : ofModel.length ? ofModel : eosId === null ? [] : [eosId];
}
