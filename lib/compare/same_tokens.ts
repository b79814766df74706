/** Whether two models read texts as the same tokens: only then is there a next token to compare them in. */
import type { ModelFacts } from "../arch/model_facts.ts";
import { tokenizerFingerprint } from "../model/tokenizer_fingerprint.ts";
import { tokenizerOf } from "../model/tokenizer_files.ts";

/**
 * Refuse models of different tokenizers before anything is started; their vocabularies are of one size.
 *
 * @throws {TypeError} If one of the texts has other ids.
 */
export async function requireSameTokens(a: ModelFacts, b: ModelFacts, texts: readonly string[]): Promise<void> {
  const [print, other] = [await tokenizerFingerprint(a), await tokenizerFingerprint(b)];
  if (print === other) return;
  const [ids, others] = await Promise.all([a, b].map((model) => encode(model, texts)));
  const text = ids.findIndex((list, i) => String(list) !== String(others[i]));
  if (text < 0) return;
  const at = ids[text].findIndex((id, i) => id !== others[text][i]), first = at < 0 ? ids[text].length : at;
  throw different(
    a,
    b,
    `text ${text} has ids ${ids[text][first] ?? "none"} and ${
      others[text][first] ?? "none"
    } at token ${first}, so their ` +
      "tokenizers differ",
  );
}

async function encode({ tokenizer, vocabSize, vocabulary, ends }: ModelFacts, texts: readonly string[]) {
  return await (await tokenizerOf(tokenizer, vocabSize, vocabulary, ends)).encodeBatch([...texts]);
}

function different(a: ModelFacts, b: ModelFacts, why: string): TypeError {
  return new TypeError(
    `Cannot compare ${a.name} with ${b.name} token by token: ${why}; bits per byte compares models with different ` +
      "tokenizers, e.g. compareArchitectures(models, { tasks: { bits_per_byte: {} } })",
  );
}
