/** The text of a generation as it is written. */
import { REPLACEMENT } from "./decode_behind.ts";
import { decodeRequests } from "./generate_batch.ts";
import type { Generation, StreamOptions } from "./generate.ts";
import type { RunningModel } from "./running_model.ts";

/** @internal Use `LanguageModel.stream`. */
export async function* streamText(
  model: RunningModel,
  prompt: string | number[],
  options: StreamOptions,
): AsyncGenerator<string, Generation> {
  let given = 0;
  for await (const event of decodeRequests(model, [{ prompt }], { chunk: 8, ...options, samples: 1 })) {
    if ("written" in event) {
      const text = await event.written.lastingText();
      const sure = event.written.finishReason ? text.length : sureLength(text, options.stop ?? []);
      if (sure > given) yield text.slice(given, sure);
      given = Math.max(given, sure);
    } else if ("refused" in event.result) throw new RangeError(event.result.refused);
    else return event.result[0];
  }
  throw new Error(`Cannot stream from ${model.info.name}: the generation ended without a result`); // never
}

/**
 * How much of an unfinished text cannot change any more: not the start of a character whose last bytes are missing, nor
 * what may turn out to be the start of a stop string.
 */
export function sureLength(text: string, stop: string[]): number {
  let sure = text.length;
  while (text[sure - 1] === REPLACEMENT) sure--;
  for (const string of stop) {
    for (let n = Math.min(string.length - 1, text.length); n > 0; n--) {
      if (!text.endsWith(string.slice(0, n))) continue;
      sure = Math.min(sure, text.length - n);
      break;
    }
  }
  return sure;
}
