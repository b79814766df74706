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
    // Log-likelihood of each sequence's last tokens: a forward pass each, its logits in JavaScript.
    async score({ sequences }) {
      const startMs = performance.now(), logLikelihoods = [];
      for (const { tokens, targets } of sequences) {
        const { logits } = await model({ input_ids: int64s(tokens), attention_mask: int64s(tokens.map(() => 1)) });
        const [, rows, vocab] = logits.dims;
        let sum = 0;
        targets.forEach((target, i) => {
          const at = rows - targets.length + i, row = logits.data.subarray(at * vocab, (at + 1) * vocab);
          let most = -Infinity, all = 0;
          for (let j = 0; j < vocab; j++) if (row[j] > most) most = row[j];
          for (let j = 0; j < vocab; j++) all += Math.exp(row[j] - most);
          sum += row[target] - most - Math.log(all);
        });
        logLikelihoods.push(sum);
      }
      return { seconds: (performance.now() - startMs) / 1000, logLikelihoods };
    },
  };
});
