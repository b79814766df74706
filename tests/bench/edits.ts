/**
 * What edits do to a real model: `deno task bench:edits`. Bits per byte of HellaSwag texts, decode speed, parameters and
 * KV bytes a token of SmolLM2-135M, each edit against the model as it is, in interleaved rounds. No edit is trained
 * after: these are first losses, not what a healed model would have.
 */
import { resolveSpec } from "../../lib/arch/resolve.ts";
import type { ArchEdit } from "../../lib/arch/spec.ts";
import { compareArchitectures } from "../../lib/mod.ts"; // with the view that prints a comparison
import { kvBytesPerToken, parameterCount } from "../../lib/cost/bytes.ts";

const model = "smollm2-135m", texts = Number(Deno.args[0] ?? 24), rounds = Number(Deno.args[1] ?? 4);

const edits: Record<string, ArchEdit[]> = {
  "27 of 30 layers": [{ keepLayers: range(30).filter((i) => i < 22 || i > 24) }],
  "window 32, 4 sinks": [{ window: 32, sinks: 4 }],
  "KV int8": [{ kvCache: "int8" }],
  "1 KV head": [{ kvHeads: 1 }],
  "6 of 9 heads, layers 10-19": [{ dropHeads: range(10).map((i) => ({ layer: 10 + i, heads: [2, 5, 8] })) }],
  "32768 tokens": [{ vocabulary: 32_768 }],
  "RoPE linear x2": [{ rope: { kind: "linear", factor: 2 } }],
  "untied head": [{ tiedHead: false }],
};
const refs = { base: { ref: model }, ...mapValues(edits, (list) => ({ ref: model, edits: list })) };

const comparison = await compareArchitectures(refs, {
  baseline: "base",
  rounds,
  throughput: [{ promptTokens: 64, newTokens: 33 }],
  tasks: { bits_per_byte: { limit: texts } },
});
console.log(comparison);
for (const [name, ref] of Object.entries(refs)) {
  const spec = await resolveSpec(ref);
  const millions = (parameterCount(spec) / 1e6).toFixed(1), kilobytes = (kvBytesPerToken(spec) / 1e3).toFixed(1);
  console.log(`${name.padEnd(28)} ${millions.padStart(6)} M parameters ${kilobytes.padStart(6)} kB of KV a token`);
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

function mapValues<T, U>(object: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}
