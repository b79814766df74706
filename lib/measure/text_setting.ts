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

/** `p512B_l256B`, with the start of the SHA-256 of what is read of a text, where one was given. */
export function textSettingName(setting: TextSetting): string {
  const { promptBytes, newBytes, text } = withoutRest(setting);
  return `p${promptBytes}B_l${newBytes}B${text === undefined ? "" : `_${hashOf([text]).slice(0, 8)}`}`;
}

/** The same setting without what of its text is not read. */
export function withoutRest(setting: TextSetting): TextSetting {
  if (setting.text === undefined) return setting;
  const bytes = utf8.encode(setting.text), end = setting.promptBytes + setting.newBytes;
  return { ...setting, text: decoded(bytes.subarray(0, boundary(bytes, Math.min(end, bytes.length)))) };
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
  const bytes = utf8.encode(text), { promptBytes, newBytes } = setting;
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
  return {
    prompt: decoded(bytes.subarray(0, first)),
    whole: decoded(bytes.subarray(0, last)),
    promptBytes: first,
    newBytes: last - first,
  };
}

const utf8 = new TextEncoder();

function decoded(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes); // a byte order mark is text
}

/** The last place at or before `at` where a character begins or the text ends. */
function boundary(bytes: Uint8Array, at: number): number {
  let place = at;
  while (place > 0 && place < bytes.length && (bytes[place] & 0xc0) === 0x80) place--;
  return place;
}
