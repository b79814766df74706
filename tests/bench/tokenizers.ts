/**
 * Speed of SmolLM2's tokenizer against npm @huggingface/tokenizers, which is written in JavaScript: `deno task
 * bench:tokenizers`. The same 10,000 texts of HellaSwag in turn, each round with tokenizers that are opened anew (the
 * first of their lists is cold, the second warm), and the time until the first text is encoded. Argument: rounds.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openTokenizer, type TokenizerFile } from "../../lib/model/tokenizer.ts";
import { tokenizerReader } from "../../lib/model/tokenizer_files.ts";
import { median } from "../../lib/stats/summary.ts";
import { catalogModel } from "../../lib/store/catalog.ts";
import { loadDataset } from "../../lib/store/dataset.ts";
import { installNpm } from "./peers/environment.ts";

const [rounds = 7] = Deno.args.map(Number);
const rows = await loadDataset("hellaswag", { limit: 2500 });
const texts = rows.flatMap(({ ctx, endings }) => (endings as string[]).map((ending) => `${ctx} ${ending}`));
const read = await tokenizerReader({ gguf: catalogModel("smollm2-135m").path }, null);
const theirs = await javascriptTokenizer();

const times: Record<"opening" | "cold" | "warm", number[][]> = { opening: [], cold: [], warm: [] };
let differ = 0;
for (let round = 0; round < rounds; round++) {
  const ours = () => openTokenizer(read), open = [ours, () => theirs(read())];
  const order = round % 2 ? [1, 0] : [0, 1], ids: number[][][] = [];
  for (const which of order) {
    const start = performance.now(), tokenizer = open[which]();
    await tokenizer.encodeBatch(["Once upon a time"]);
    const opened = performance.now();
    ids[which] = await tokenizer.encodeBatch(texts);
    const cold = performance.now();
    await tokenizer.encodeBatch(texts);
    const warm = performance.now();
    (times.opening[which] ??= []).push(opened - start);
    (times.cold[which] ??= []).push(cold - opened);
    (times.warm[which] ??= []).push(warm - cold);
  }
  differ = ids[0].filter((list, i) => String(list) !== String(ids[1][i])).length;
}
const characters = texts.reduce((n, text) => n + text.length, 0);
console.log(`${texts.length} texts, ${characters} characters; medians of ${rounds} rounds; ${differ} texts differ`);
for (const [what, [ours, other]] of Object.entries(times)) {
  const ratio = median(other.map((ms, i) => ms / ours[i]));
  console.log(
    `${what}: ${median(ours).toFixed(0)} ms against ${median(other).toFixed(0)} ms, ${ratio.toFixed(2)} times as fast`,
  );
}

/** Makes the other library's tokenizer of a file. */
async function javascriptTokenizer() {
  const folder = await installNpm("npm_tokenizers");
  const main = join(folder, "node_modules", "@huggingface", "tokenizers", "dist", "tokenizers.mjs");
  const { Tokenizer } = await import(pathToFileURL(main).href);
  return ({ tokenizer }: TokenizerFile) => {
    const other = new Tokenizer(tokenizer, { clean_up_tokenization_spaces: false });
    const encode = (text: string): number[] => other.encode(text, { add_special_tokens: false }).ids;
    return { encodeBatch: (list: string[]) => Promise.resolve(list.map(encode)) };
  };
}
