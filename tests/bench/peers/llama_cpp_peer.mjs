/** llama.cpp through node-llama-cpp's prebuilt binary, CPU. Arguments: npm folder, GGUF, threads. */
import { importFrom, serve } from "./protocol.mjs";

const [packages, gguf, threadCount] = process.argv.slice(2);

await serve(async () => {
  const { module, version } = await importFrom(packages, "node-llama-cpp");
  const threads = Number(threadCount);
  const llama = await module.getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    maxThreads: threads,
  });
  const model = await llama.loadModel({ modelPath: gguf, gpuLayers: 0 });
  const context = await model.createContext({
    contextSize: 512,
    threads: { ideal: threads, min: threads },
  });
  const sequence = context.getSequence();
  return {
    versions: {
      "node-llama-cpp": version,
      "llama.cpp": llama.llamaCppRelease.release,
    },
    async decode({ ids, newTokens }) {
      await sequence.clearHistory();
      const made = [];
      const startMs = performance.now();
      let firstTokenMs;
      for await (
        const id of sequence.evaluate(ids, {
          temperature: 0,
          yieldEogToken: true,
        })
      ) {
        firstTokenMs ??= performance.now();
        made.push(id);
        if (made.length === newTokens) break;
      }
      return { startMs, firstTokenMs, endMs: performance.now(), ids: made };
    },
  };
});
