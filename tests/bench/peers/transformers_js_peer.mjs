/** transformers.js, CPU, fp32. Arguments: npm folder, folder with config.json and onnx/model.onnx, threads. */
import { basename, dirname } from "node:path";
import { importFrom, serve } from "./protocol.mjs";

const [packages, folder, threads] = process.argv.slice(2);

await serve(async () => {
  const { module, version } = await importFrom(
    packages,
    "@huggingface/transformers",
  );
  const { AutoModelForCausalLM, env, Tensor } = module;
  env.allowRemoteModels = false;
  env.localModelPath = dirname(folder);
  const model = await AutoModelForCausalLM.from_pretrained(basename(folder), {
    dtype: "fp32",
    device: "cpu",
    session_options: {
      intraOpNumThreads: Number(threads),
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    },
  });
  const int64s = (ids) => new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]);
  return {
    versions: { "@huggingface/transformers": version },
    async decode({ ids, newTokens }) {
      const times = [];
      const streamer = { put: () => times.push(performance.now()), end() {} };
      const startMs = performance.now();
      const out = await model.generate({
        input_ids: int64s(ids),
        attention_mask: int64s(ids.map(() => 1)),
        do_sample: false,
        max_new_tokens: newTokens,
        min_new_tokens: newTokens,
        streamer,
      });
      const endMs = performance.now();
      // the first call shows the prompt
      return {
        startMs,
        firstTokenMs: times[1],
        endMs,
        ids: Array.from(out.data, Number).slice(ids.length),
      };
    },
  };
});
