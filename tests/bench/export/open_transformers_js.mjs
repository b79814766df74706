/** Opens exported folders with transformers.js. Arguments: npm folder, folders; answers JSON lines. */
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { importFrom } from "../peers/protocol.mjs";

const [packages, ...folders] = process.argv.slice(2);
const { module } = await importFrom(packages, "@huggingface/transformers");
const { AutoModelForCausalLM, AutoTokenizer, env, Tensor } = module;
env.allowRemoteModels = false;
const int64s = (ids) => new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]);

for (const folder of folders) {
  const { prompt, greedy, text } = JSON.parse(readFileSync(`${folder}/expected.json`, "utf8"));
  env.localModelPath = dirname(folder);
  const model = await AutoModelForCausalLM.from_pretrained(basename(folder), { dtype: "fp32", device: "cpu" });
  const out = await model.generate({
    input_ids: int64s(prompt),
    attention_mask: int64s(prompt.map(() => 1)),
    do_sample: false,
    max_new_tokens: greedy.length,
    min_new_tokens: greedy.length,
  });
  const tokenizer = await AutoTokenizer.from_pretrained(basename(folder));
  const ids = Array.from(out.data, Number).slice(prompt.length);
  console.log(JSON.stringify({ folder, ids, encoded: tokenizer.encode(text) }));
}
