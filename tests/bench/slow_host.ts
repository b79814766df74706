/** Preloaded into a model host: every run of a session is followed by a busy loop of a share of its time. */
import { InferenceSession } from "onnxruntime-node";

const share = Number(Deno.env.get("ARCHBENCH_SLOW_SHARE"));
type Run = (...args: unknown[]) => Promise<unknown>;
const { prototype } = InferenceSession as unknown as { prototype: { run: Run } };
const run = prototype.run;
prototype.run = async function (...args) {
  const start = performance.now();
  const result = await run.apply(this, args);
  const now = performance.now(), end = now + share * (now - start);
  while (performance.now() < end);
  return result;
};
