/**
 * Every family of the zoo at one size: `deno task bench:families [parameters] [rounds]` (default 10e6 and 12). For each
 * its published parameters against the spec's, whether prefill, steps in the graph and scoring agree, TTFT and decode
 * speed in interleaved rounds, and what the roofline predicts from peaks measured in the same run. Writes
 * data/families.md.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scale } from "../../lib/arch/scale.ts";
import type { ArchSpec } from "../../lib/arch/spec.ts";
import { zoo } from "../../lib/arch/zoo/zoo.ts";
import { parameterCount } from "../../lib/cost/bytes.ts";
import { rooflineResiduals } from "../../lib/cost/roofline.ts";
import { measurePeaks } from "../../lib/measure/peaks.ts";
import { measureRounds } from "../../lib/measure/rounds.ts";
import type { RoundsResult } from "../../lib/measure/rounds_result.ts";
import { openModel } from "../../lib/model/open_model.ts";
import { meanInterval } from "../../lib/stats/mean_interval.ts";
import { mean } from "../../lib/stats/summary.ts";
import { projectRoot } from "../../lib/store/paths.ts";
import { formatEstimate } from "../../lib/view/format.ts";
import { tableMarkdown, tableText } from "../../lib/view/table.ts";
import published from "../golden/zoo_parameters.json" with { type: "json" };

const FAMILIES = [
  "llama-3.2-1b",
  "mistral-7b-v0.1",
  "gemma-2-2b",
  "gemma-3-1b",
  "qwen3-0.6b",
  "olmo-2-1b",
  "phi-2",
  "gpt2",
  "pythia-160m",
  "mixtral-8x7b",
  "deepseek-v2-lite",
  "qwen3-next-80b-a3b",
  "mamba2-130m",
  "lfm2-350m",
];
const SETTING = { promptTokens: 512, newTokens: 64 };
const [parameters = 10e6, rounds = 12] = Deno.args.map(Number);

const specs = Object.fromEntries(FAMILIES.map((name): [string, ArchSpec] => [
  name,
  scale(zoo(name), { parameters, vocabSize: 258, contextLength: 1024 }),
]));

/** Ids that are equal, and the largest difference of ln p between decoding in the graph and scoring all at once. */
async function agreement(spec: ArchSpec): Promise<{ equal: number; of: number; difference: number }> {
  const model = await openModel({ ref: spec, seed: 1 }, { threads: 1 });
  try {
    const prompt = Array.from({ length: 40 }, (_, i) => (i * 37 + 11) % 256);
    const [{ ids, logProbabilities }] = await model.generate(prompt, {
      maxNewTokens: 24,
      ignoreEos: true,
      logProbabilities: true,
    });
    const { data, dims: [, vocab] } = await model.logits([...prompt, ...ids.slice(0, -1)]);
    let equal = 0, difference = 0;
    ids.forEach((id, t) => {
      const row = data.subarray((prompt.length - 1 + t) * vocab, (prompt.length + t) * vocab);
      const most = Math.max(...row), total = row.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
      if (row[id] === most) equal++;
      difference = Math.max(difference, Math.abs(row[id] - most - Math.log(total) - logProbabilities![t]));
    });
    return { equal, of: ids.length, difference };
  } finally {
    await model.close();
  }
}

/** The mean of a time over blocks of fresh processes. */
function overBlocks({ rounds }: RoundsResult, name: string, of: "ttftMs" | "decodeTokensPerS" | "tpotMs") {
  const blocks = Map.groupBy(rounds.filter((r) => r.samples[name]), (r) => r.block);
  return meanInterval([...blocks.values()].map((all) => mean(all.map((r) => r.samples[name][of]!))));
}

const agreements = new Map<string, Awaited<ReturnType<typeof agreement>>>();
for (const [name, spec] of Object.entries(specs)) agreements.set(name, await agreement(spec));
const peaks = await measurePeaks({ formats: ["fp32"] });
const result = await measureRounds(specs, [SETTING], { rounds });

const rows = FAMILIES.map((name) => {
  const known = published.models.find((m) => m.name === name)!;
  const exact = parameterCount(zoo(name)) === (known.published ?? known.parameters);
  const { equal, of, difference } = agreements.get(name)!;
  const ttftMs = overBlocks(result, name, "ttftMs"), tpotMs = overBlocks(result, name, "tpotMs");
  const measured = {
    name,
    spec: specs[name],
    precision: "fp32" as const,
    ...SETTING,
    ttftMs: ttftMs.point,
    tpotMs: tpotMs.point,
  };
  const [prefill, decode] = rooflineResiduals([measured], peaks.machine, { convention: "executed" });
  return [
    name,
    `${parameterCount(zoo(name)).toLocaleString("en-US")}${exact ? "" : " (differs)"}`,
    parameterCount(specs[name]).toLocaleString("en-US"),
    `${equal} of ${of}`,
    difference.toExponential(1),
    formatEstimate(ttftMs),
    formatEstimate(overBlocks(result, name, "decodeTokensPerS")),
    (1 / prefill.ratio).toFixed(2),
    (1 / decode.ratio).toFixed(2),
  ];
});
const { environment: env } = result;
const table = {
  columns: [
    { title: "family" },
    { title: "parameters", detail: "as published" },
    { title: "of the sibling" },
    { title: "ids equal", detail: "decoded, scored" },
    { title: "largest difference", detail: "ln p" },
    { title: "TTFT (ms)", detail: `${SETTING.promptTokens} tokens, 95 % CI` },
    { title: "decode (tok/s)", detail: "95 % CI" },
    { title: "predicted / measured", detail: "prefill" },
    { title: "predicted / measured", detail: "decode step" },
  ],
  rows,
};
console.log(tableText(table));
const machine =
  `${env.cpu}, ${env.logicalCores} cores; peaks in this run ${(peaks.machine.bytesPerS / 1e9).toFixed(1)} GB/s and ` +
  `${((peaks.flopsPerS.fp32?.point ?? 0) / 1e9).toFixed(0)} GFLOP/s`;
console.log(machine);
await writeFile(
  join(projectRoot(), "data", "families.md"),
  `# Families of the zoo at ${(parameters / 1e6).toFixed(0)} million parameters

Small siblings (\`scale\`) with random weights, fp32, requests of ${SETTING.promptTokens} + ${SETTING.newTokens} tokens, ${rounds} interleaved rounds in
${
    new Set(result.rounds.map((r) => r.block)).size
  } blocks of fresh processes. Prediction: the roofline of executed FLOPs and bytes at the peaks of this run. Made by
\`deno task bench:families\` on ${result.startedAt.slice(0, 10)}: ${machine}.

${tableMarkdown(table)}
`,
);
await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", join(projectRoot(), "data", "families.md")] })
  .output();
