/** A request in bytes: one text, of which every model makes its own tokens. */
import { type DecodeGraph } from "../arch/batch_graph.ts";
import { TOKENS } from "../check/common.ts";
import { object, optional } from "../check/objects.ts";
import { oneOf, word } from "../check/rules.ts";
import { hashOf } from "./text_sample.ts";

/**
 * One request: the first `promptBytes` of a text in one pass, then as many tokens out as the model's tokenizer makes of
 * the next `newBytes`. Times and bytes a second compare models of any tokenizers.
 */
export interface TextSetting {
  /** UTF-8 bytes; where they would cut a character, the character is left out. */
  promptBytes: number;
  newBytes: number;
  /** Default: the texts of the comparison, one behind the other. */
  text?: string;
  /** As of a request in tokens. */
  graph?: DecodeGraph;
}

export const TEXT_SETTING = object<TextSetting>({
  promptBytes: TOKENS,
  newBytes: TOKENS,
  text: optional(word),
  graph: optional(oneOf("generate", "batch")),
});

/** `p512B_l256B`, with the start of the text's SHA-256 where one was given. */
export function textSettingName({ promptBytes, newBytes, text }: TextSetting): string {
  return `p${promptBytes}B_l${newBytes}B${text === undefined ? "" : `_${hashOf([text]).slice(0, 8)}`}`;
}

/** A text cut for a request. */
export interface CutText {
  prompt: string;
  /** Prompt and what follows. */
  whole: string;
  /** What they are, cut at characters. */
  promptBytes: number;
  newBytes: number;
}

/**
 * Cut a text between characters: a character that would pass `promptBytes` is the first of the rest.
 *
 * @throws {RangeError} If the text is shorter, or a part would be empty.
 */
export function cutText(setting: TextSetting, text: string): CutText {
  const bytes = new TextEncoder().encode(text), { promptBytes, newBytes } = setting;
  const cannot = `Cannot measure ${textSettingName(setting)}:`;
  if (promptBytes + newBytes > bytes.length) {
    throw new RangeError(
      `${cannot} the text has ${bytes.length} bytes, and promptBytes and newBytes need ${promptBytes + newBytes}; ` +
        "pass a longer text or smaller numbers",
    );
  }
  const first = boundary(bytes, promptBytes), last = boundary(bytes, promptBytes + newBytes);
  if (first === 0 || last === first) {
    throw new RangeError(
      `${cannot} ${
        first === 0 ? `promptBytes ${promptBytes}` : `newBytes ${newBytes}`
      } holds no whole character of the ` +
        "text; take more bytes",
    );
  }
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true }); // a byte order mark is text
  return {
    prompt: utf8.decode(bytes.subarray(0, first)),
    whole: utf8.decode(bytes.subarray(0, last)),
    promptBytes: first,
    newBytes: last - first,
  };
}

/** The last place at or before `at` where a character begins or the text ends. */
function boundary(bytes: Uint8Array, at: number): number {
  let place = at;
  while (place > 0 && place < bytes.length && (bytes[place] & 0xc0) === 0x80) place--;
  return place;
}
