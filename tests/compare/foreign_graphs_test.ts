/** Graphs that other programs made, in a comparison: one way of decoding for all, or no verdict. */
import assert from "node:assert/strict";
import { appendFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { resolveModels } from "../../lib/arch/resolve_models.ts";
import type { ModelRef } from "../../lib/arch/model_ref.ts";
import { compareArchitectures, type CompareOptions } from "../../lib/compare/compare_architectures.ts";
import { measureDivergence } from "../../lib/compare/divergence.ts";
import { positionCurve } from "../../lib/compare/position/position_curve.ts";
import { reanalyse } from "../../lib/compare/reanalyse.ts";
import { isUnjudged, type SummaryRow } from "../../lib/compare/rows.ts";
import { ArchitectureBenchmark } from "../../lib/measure/architecture_benchmark.ts";
import { measuredTimes } from "../../lib/measure/measured_times.ts";
import type { BenchmarkResult } from "../../lib/measure/benchmark_result.ts";
import { identicalModels } from "../../lib/measure/identical.ts";
import { measureRounds } from "../../lib/measure/rounds.ts";
import { measureScaling } from "../../lib/measure/scaling.ts";
import { requestStop, StopError } from "../../lib/progress.ts";
import { modelTable } from "../../lib/view/run_facts.ts";
import { showComparison, summaryTable } from "../../lib/view/comparison_view.ts";
import { verdictSentences } from "../../lib/view/verdict_sentences.ts";
import { decide } from "../../lib/view/decision.ts";
import type { View } from "../../lib/view/display.ts";
import { estimateFlops } from "../../lib/cost/flops.ts";
import { OWN, withExported } from "../arch/exported_folder.ts";
import { fakeHosts } from "../measure/fake_host.ts";
import { tinySpec } from "../model/tiny_spec.ts";
import { sharedFolder } from "../shared.ts";
import { withStore } from "../store/with_store.ts";

const request = { promptTokens: 5, newTokens: 12 }, batch = { batch: 2, seqLen: 8 };
const shared = sharedFolder("models");

/** With hosts that answer at once: own graphs take 1 ms a token, graphs made elsewhere 2 ms. */
async function compare(models: Record<string, ModelRef>, options: CompareOptions = {}) {
  const { start } = fakeHosts({ stepMs: ({ name }) => name === "tiny" ? 1 : 2 });
  return await compareArchitectures(models, {
    throughput: [request, batch],
    rounds: 8,
    memoryHosts: 0,
    start,
    ...options,
  });
}

const text = ({ bundle }: View) => String(bundle["text/plain"]).replace(/\s+/g, " ");

Deno.test("with a loop around the graph made elsewhere all models decode in loops, and its files are another model then", () =>
  withExported(async (folder) => {
    const looped = { ref: folder, optimise: "loop" as const };
    const c = await compare({ ours: OWN, theirs: looped }), rows = c.summary.objects() as SummaryRow[];
    assert.deepEqual([c.raw.way, c.raw.ways, c.raw.identical], ["loop", undefined, []]);
    assert.deepEqual(rows.map((r) => isUnjudged(r.verdict)), [false, false, false, false]);
    const found = await resolveModels({ looped, heads: { ...looped, optimise: "heads" }, asIs: folder, again: folder });
    assert.deepEqual(identicalModels(found), [["asIs", "again"]]);
  }));

Deno.test("beside a graph made elsewhere all models take a run for each token, and rows, table and sentences say so", () =>
  withExported(async (folder) => {
    const c = await compare({ ours: OWN, theirs: folder }), rows = c.summary.objects() as SummaryRow[];
    assert.deepEqual([c.raw.way, c.raw.ways], ["step", undefined]);
    // Only a run for each token shows the gaps between tokens.
    const samples = c.raw.rounds.filter((r) => r.config === "p5_l12").flatMap((r) => Object.values(r.samples));
    assert.ok(samples.length === 24 && samples.every(({ itlMs }) => itlMs?.length === 11));
    const decode = rows.find((r) => r.metric === "decode_tok_s")!;
    assert.deepEqual([decode.verdict, decode.note], [
      "slower",
      "both decode by a run for each token, as the graph of theirs does",
    ]);
    assert.equal(rows.find((r) => r.config === "b2_s8")!.note, null);
    assert.match(text(modelTable(c)), /theirs .* a run a token /);
    const said =
      "All models decode by a run of the graph for each token, since the graph of theirs runs as it was made.";
    assert.ok(verdictSentences(c).includes(said));
    assert.ok(text(showComparison(c)).includes(said));
  }));

Deno.test("where a way is asked for that one model does not have, the pair has no verdict: ways differ", () =>
  withExported(async (folder) => {
    const c = await compare({ ours: OWN, theirs: folder }, { way: "loop" }), rows = c.summary.objects() as SummaryRow[];
    assert.deepEqual([c.raw.way, c.raw.ways], ["loop", { ours: "loop", theirs: "step" }]);
    const verdicts = Object.fromEntries(rows.map((r) => [`${r.config} ${r.metric}`, r.verdict]));
    assert.deepEqual(verdicts, {
      "p5_l12 decode_tok_s": "ways differ",
      "p5_l12 prefill_tok_s": "ways differ",
      "p5_l12 throughput_tok_s": "ways differ",
      "b2_s8 throughput_tok_s": "same", // nothing is decoded there
    });
    assert.equal(
      rows[0].note,
      "ways differ: theirs decodes by a run for each token, ours decodes in a loop inside its graph",
    );
    assert.ok(c.findings.every((f) => !isUnjudged(f.row.verdict) || (f.signFlipP === null && f.roundsNeeded === null)));
    assert.match(text(showComparison(c)), /theirs — ways differ/);
    assert.match(text(summaryTable(c)), /theirs .* decode \(tok\/s\) .* — — 8 ways differ/);
    assert.match(verdictSentences(c)[0], /^theirs: no verdict in decode .*ways differ/);
    assert.match(text(modelTable(c)), /ours .* in a loop .* theirs .* a run a token/);
    assert.match(decide(c).sentence, /they decode in different ways, so their speeds do not compare/);
    // A step for all is not asked for in vain.
    assert.equal((await compare({ ours: OWN, theirs: folder }, { way: "step" })).raw.ways, undefined);
    // Nobody can: nothing is started.
    await assert.rejects(compare({ theirs: folder }, { way: "loop" }), {
      name: "RangeError",
      message:
        'Cannot decode "theirs" by "loop": graphs made elsewhere run as they are, a run for each token; leave way out',
    });
    await assert.rejects(
      measureRounds({ theirs: folder }, [request], { way: "loop", start: fakeHosts().start }),
      RangeError,
    );
  }));

Deno.test("our own models alone decode in a loop, and nothing is said of it", async () => {
  const c = await compare({ a: OWN, b: { ref: tinySpec(), seed: 4 } });
  assert.deepEqual([c.raw.way, c.raw.ways], ["loop", undefined]);
  assert.ok(!verdictSentences(c).some((sentence) => /decode by|for each token/.test(sentence)));
});

Deno.test("scaling of models that decode in different ways has no crossover of the time a token", () =>
  withExported(async (folder) => {
    const { start } = fakeHosts(), models = { ours: OWN, theirs: folder };
    const options = { lengths: [8, 16, 32], newTokens: 4, blocks: 2, start };
    const times = async (way?: "loop") =>
      (await measureScaling(models, { ...options, way })).crossovers.filter((c) => c.second === "theirs").map((c) =>
        c.time
      );
    assert.deepEqual([await times(), await times("loop")], [["ttftMs", "tpotMs"], ["ttftMs"]]);
  }));

Deno.test("a graph is its files: two names of one are identical, a changed file is another model", () =>
  withExported(async (folder, graph) => {
    const models = {
      ours: OWN,
      folder,
      file: graph,
      format: { ref: folder, format: "onnx" as const },
      threads: { ref: folder, threads: 1 },
    };
    assert.deepEqual(identicalModels(await resolveModels(models)), [["folder", "file", "format"]]);
    await withStore(async (store) => {
      let runs = 0;
      const { start } = fakeHosts({ before: () => void (++runs === 60 && requestStop()) });
      const options = { throughput: [request], memoryHosts: 0, rounds: 12, store };
      await assert.rejects(compareArchitectures({ ours: OWN, theirs: folder }, { ...options, start }), StopError);
      const again = await compareArchitectures({ ours: OWN, theirs: folder }, { ...options, start: fakeHosts().start });
      assert.ok(again.raw.resumed!.rounds > 0);
      runs = 0;
      await assert.rejects(compareArchitectures({ ours: OWN, theirs: folder }, { ...options, start }), StopError);
      await appendFile(join(folder, "onnx", "model.onnx_data_1"), "more");
      const other = await compareArchitectures({ ours: OWN, theirs: folder }, { ...options, start: fakeHosts().start });
      assert.match(other.raw.startedAnew!, /had other models$/);
    });
  }));

Deno.test("what a graph cannot run is refused before anything starts, with its name; what no file says, with how to say it", () =>
  withExported(async (folder, graph) => {
    const { start, log } = fakeHosts(), long = { promptTokens: 60, newTokens: 20 };
    const context = /60 prompt tokens and 20 new ones are longer than the context of .*, 64 tokens/;
    await assert.rejects(compare({ theirs: folder }, { throughput: [long], start }), context);
    await assert.rejects(new ArchitectureBenchmark(graph, {}, start).benchmarkGeneration(60, 20), context);
    await assert.rejects(measureRounds({ theirs: graph }, [long], { start }), context);
    await assert.rejects(measureDivergence(folder, { ref: tinySpec({ vocabSize: 300 }) }), /have 258 and 300 tokens/);
    await assert.rejects(
      positionCurve({ theirs: folder }, { length: 4096, texts: ["a".repeat(5000), "b".repeat(5000)] }),
      {
        name: "RangeError",
      },
    );
    await writeFile(join(folder, "config.json"), "{}");
    await rm(join(folder, "genai_config.json"));
    await assert.rejects(compare({ theirs: folder }, { start }), {
      message: /says how long its context is \(max_position_embeddings\); write it into one there$/,
    });
    assert.deepEqual(log, []);
  }));

Deno.test("a graph is measured with real hosts: rounds, memory, one benchmark, divergence and a curve", () =>
  withExported(async (folder) => {
    const bench = new ArchitectureBenchmark(folder, { threads: 1 });
    const result = await bench.benchmarkGeneration(5, 6, { numRuns: 3, memoryHosts: 1 });
    assert.deepEqual([result.way, result.spec, result.model.ways], ["step", null, ["step"]]);
    // By the architecture, with the head on all of the prompt's rows.
    const flops = await estimateFlops(OWN, { promptTokens: 5, newTokens: 6, logits: "all" });
    assert.equal(result.flops, flops.total);
    assert.equal((await reanalyse(JSON.parse(JSON.stringify(result)) as BenchmarkResult)).flops, flops.total);
    assert.throws(() => measuredTimes(result), /its graph was made elsewhere/);
    assert.ok(result.memory!.predictedGb > 0.04 && result.memory!.predictedGb < 0.05);
    const c = await compareArchitectures({ ours: OWN, theirs: folder }, {
      throughput: [request],
      rounds: 2,
      memoryHosts: 1,
      threads: 1,
      store: null,
      tasks: { bits_per_byte: [{ text: "The river had risen." }, { text: "Anna counted sheep." }] },
    });
    assert.deepEqual([c.raw.way, c.raw.failures], ["step", []]);
    const [ours, theirs] = ["ours", "theirs"].map((name) =>
      c.raw.tasks.bits_per_byte[name].metrics.bits_per_byte.point
    );
    assert.ok(Math.abs(ours - theirs) < 1e-4);
    assert.equal(c.raw.models.theirs.info!.precisionLabel, "fp32 (graph as it is)");
    const texts = ["The river had risen overnight.", "Anna counted eleven sheep."];
    const divergence = await measureDivergence(folder, OWN, { texts, threads: 1 });
    assert.ok(divergence.maxKl < 1e-8 && divergence.sameTop.point === 1);
    const curve = await positionCurve({ ours: OWN, theirs: folder }, { texts, length: 16, threads: 1, store: null });
    assert.ok(curve);
  }));

if (shared !== null) {
  Deno.test("one model in three forms: our graph, optimum's and onnxruntime-genai's are one in quality, and decode alike", async () => {
    const folder = join(shared, "llama-optimum");
    const c = await compareArchitectures({
      ours: { ref: folder, format: "safetensors" },
      optimum: { ref: folder, format: "onnx" },
      genai: join(shared, "llama-genai-fp32"),
    }, {
      throughput: [request],
      rounds: 2,
      memoryHosts: 0,
      threads: 1,
      store: null,
      tasks: { bits_per_byte: { limit: 2 } },
    });
    assert.deepEqual([c.raw.way, c.raw.identical, c.raw.text, c.raw.failures], ["step", [], null, []]);
    const bits = Object.values(c.raw.tasks.bits_per_byte).map((r) => r.metrics.bits_per_byte.point);
    assert.ok(Math.max(...bits) - Math.min(...bits) < 1e-4);
    assert.ok(verdictSentences(c).some((s) => s.includes("since the graph of optimum and genai runs as it was made")));
  });
}
