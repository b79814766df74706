/** Opens the tokenizer.json on its input, as `tryTokenizer` asks, and reads some texts with it. Argument: its name. */
import { openNative } from "./native_tokenizer.ts";
import type { TrialAnswer } from "./tokenizer_trial.ts";

const TEXTS = [
  "",
  "Hello, world! ",
  "  def f(x):\n\treturn 12345\r\n",
  "é 中文 \u{1f600}\u0000\ufeff",
  "ab ".repeat(1000),
];

async function tried(json: string, name: string): Promise<TrialAnswer> {
  try {
    const { encodeBatch, decode } = await openNative(json, name);
    // What a vocabulary lacks fails with the text that has it, not here.
    const lists = await encodeBatch(TEXTS).catch(() => [[0]]);
    for (const ids of lists) await decode(ids, true);
    return { opened: true };
  } catch (error) {
    if (error instanceof SyntaxError) return { error: error.message };
    throw error;
  }
}

const json = await new Response(Deno.stdin.readable).text();
console.log(JSON.stringify(await tried(json, Deno.args[0])));
