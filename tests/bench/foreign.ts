/**
 * Graphs that other programs made, as they are and with heads and a loop, against the programs that run them:
 * `deno task bench:foreign [part of a work's name ...]`. SmolLM2-135M by the builder of onnxruntime-genai (which is also
 * transformers.js's graph here) and by our own export, interleaved in one run. Works: short (5 + 64 tokens), long (behind
 * 4,096 cached tokens), int4, hellaswag. The peers are installed into `.cache/peers` first.
 */
import { readQuestions, scoreRequestsOf } from "../../lib/eval/questions.ts";
import { findTask } from "../../lib/eval/registry.ts";
import type { ModelRef } from "../../lib/arch/model_ref.ts";
import { startHost } from "../../lib/model/host.ts";
import type { ModelInfo } from "../../lib/model/info.ts";
import type { ModelHost } from "../../lib/model/protocol.ts";
import { randomPrompts } from "../../lib/model/random_prompts.ts";
import { type Sequence, toSequences } from "../../lib/model/score_request.ts";
import { median } from "../../lib/stats/summary.ts";
import { readSplit } from "../../lib/store/dataset.ts";
import { peer, type PeerName, type Use } from "./peers/contestants.ts";
import { THREADS } from "./peers/environment.ts";
import { makeExportedFolder, makeGenaiFolder, readTokenizer } from "./peers/model_forms.ts";
import { MODELS } from "./peers/models.ts";
import { peakMb, type PeerProcess } from "./peers/peer_process.ts";
import { type Contestant, runRounds } from "./peers/rounds.ts";
import { ratioOf } from "./peers/result.ts";
import { type Goal, of } from "./peers/work.ts";

const [model] = MODELS; // SmolLM2
const VOCABULARY = 49152, LONG = 4096, QUESTIONS = 4;

interface BenchWork {
  name: string;
  unit: string;
  rounds: number;
  contestants: Contestant[];
  goals: Goal[];
  /** What of the raw answers must be equal. */
  answer(raw: unknown): number[];
}

interface Decoded {
  firstTokenMs: number;
  endMs: number;
  ids: number[];
}

/** A graph of another program in a host of ours. */
function host(name: string, ref: ModelRef, score: boolean, use: Use<ModelHost>): Contestant {
  return {
    name,
    async open() {
      const opened = await startHost(ref, { threads: THREADS, graphs: [score ? "score" : "generate"] });
      return {
        peakMb: () => peakMb(opened.pid),
        versions: {},
        warmUp: async (round) => void await use.warmUp?.(opened, round),
        measure: (round) => use.measure(opened, round),
        close: () => opened.close(),
      };
    },
  };
}

function decoding(ids: number[], newTokens: number) {
  const sample = (raw: Decoded) => ({ value: 1000 * (newTokens - 1) / (raw.endMs - raw.firstTokenMs), raw });
  const warmUp = model.prompt;
  return {
    ours(name: string, ref: ModelRef, way: "loop" | "step") {
      const run = async (host: ModelHost, ids: number[], newTokens: number) =>
        (await host.generateRuns({ prompt: { ids }, newTokens, way, repeats: 1 }))[0];
      return host(name, ref, false, {
        warmUp: (host) => run(host, warmUp, 8),
        measure: async (host) => sample(await run(host, ids, newTokens)),
      });
    },
    theirs: (name: string, which: PeerName) =>
      peer(model, name, which, {
        warmUp: (p: PeerProcess) => p.call("decode", { ids: warmUp, newTokens: 8 }),
        measure: async (p) => sample(await p.call<Decoded>("decode", { ids, newTokens })),
      }),
  };
}

const JS = "transformers.js", GENAI = "onnxruntime-genai";
const AS_IS = "as it is, step by step", LOOP = "with heads and loop", HEADS = "with heads";
const OURS = `${LOOP}, our export`, OURS_AS_IS = `${AS_IS}, our export`;

async function decodeWork(name: string, ids: number[], newTokens: number, goals: Goal[]): Promise<BenchWork> {
  const { ours, theirs } = decoding(ids, newTokens);
  const genai = await makeGenaiFolder(model, "fp32"), exported = await makeExportedFolder(model, "fp32");
  return {
    name,
    unit: "tok/s",
    rounds: 4,
    contestants: [
      theirs(JS, "transformersJs"),
      theirs(GENAI, "genaiFp32"),
      ours(AS_IS, genai, "step"),
      ours(LOOP, { ref: genai, optimise: "loop" }, "loop"),
      ours(OURS_AS_IS, { ref: exported, format: "onnx" }, "step"),
      ours(OURS, { ref: exported, format: "onnx", optimise: "loop" }, "loop"),
    ],
    goals,
    answer: (raw) => (raw as Decoded).ids,
  };
}

async function int4Work(): Promise<BenchWork> {
  const { ours, theirs } = decoding(model.prompt, 65), genai = await makeGenaiFolder(model, "int4");
  return {
    name: "int4, 5 + 64 tokens",
    unit: "tok/s",
    rounds: 4,
    contestants: [
      theirs(GENAI, "genaiInt4"),
      ours(AS_IS, genai, "step"),
      ours(LOOP, { ref: genai, optimise: "loop" }, "loop"),
    ],
    goals: [AS_IS, LOOP].map((ours) => ({ ours, against: GENAI, least: null })),
    answer: (raw) => (raw as Decoded).ids,
  };
}

interface Scored {
  seconds: number;
  logLikelihoods: number[];
}

async function hellaswagWork(): Promise<BenchWork> {
  const rounds = 3, task = findTask("hellaswag");
  const { rows, indexes } = await readSplit("hellaswag", { split: task.split, limit: rounds * QUESTIONS });
  const questions = await readQuestions(task as never, rows.map((row, i) => ({ row, index: indexes[i] })), 0);
  const reader = { info: { name: model.ref, contextLength: 8192 } as ModelInfo, tokenizer: await readTokenizer(model) };
  const parts: Sequence[][] = [];
  for (let round = 0; round < rounds; round++) {
    const own = questions.questions.slice(round * QUESTIONS, (round + 1) * QUESTIONS);
    parts.push(await toSequences(reader, own.flatMap(({ prompt }) => "text" in prompt ? [] : scoreRequestsOf(prompt))));
  }
  const sample = (raw: Scored) => ({ value: QUESTIONS / raw.seconds, raw });
  const genai = await makeGenaiFolder(model, "fp32");
  const ours = (name: string, ref: ModelRef) => {
    const score = async (host: ModelHost, part: Sequence[]): Promise<Scored> => {
      const requests = part.map(({ tokens, targets }) => ({
        contextIds: tokens.slice(0, tokens.length - targets.length + 1),
        continuationIds: targets,
      }));
      const start = performance.now(), results = await host.score(requests);
      return { seconds: (performance.now() - start) / 1000, logLikelihoods: results.map((r) => r.logLikelihood) };
    };
    return host(name, ref, true, {
      warmUp: (host) => score(host, parts[0].slice(0, 2)),
      measure: async (host, round) => sample(await score(host, parts[round])),
    });
  };
  return {
    name: `hellaswag, ${QUESTIONS} questions a round`,
    unit: "questions/s",
    rounds,
    contestants: [
      peer(model, JS, "transformersJs", {
        warmUp: (p) => p.call("score", { sequences: parts[0].slice(0, 2) }),
        measure: async (p, round) => sample(await p.call<Scored>("score", { sequences: parts[round] })),
      }),
      ours(AS_IS, genai),
      ours(HEADS, { ref: genai, optimise: "heads" }),
    ],
    goals: [{ ours: HEADS, against: JS, least: 4 }, { ours: AS_IS, against: JS, least: null }],
    answer: (raw) => (raw as Scored).logLikelihoods,
  };
}

const WORKS: Record<string, () => Promise<BenchWork>> = {
  short: () =>
    decodeWork("short, 5 + 64 tokens", model.prompt, 65, [
      { ours: AS_IS, against: JS, least: 1 },
      { ours: AS_IS, against: GENAI, least: 0.95 },
      { ours: LOOP, against: GENAI, least: 1 },
      { ours: LOOP, against: JS, least: 1.2 },
      { ours: OURS, against: JS, least: null },
    ]),
  long: () =>
    decodeWork(`long, behind ${LONG} tokens`, randomPrompts(VOCABULARY, 1, LONG, 0)[0], 17, [
      { ours: LOOP, against: JS, least: 2 },
      { ours: LOOP, against: GENAI, least: null },
      { ours: AS_IS, against: JS, least: null },
    ]),
  int4: int4Work,
  hellaswag: hellaswagWork,
};

const wanted = Deno.args.length ? Deno.args : Object.keys(WORKS);
for (const [name, make] of Object.entries(WORKS)) {
  if (!wanted.some((part) => name.includes(part))) continue;
  const work = await make(), { rounds, unit } = work;
  const { samples, missing, peakMemoryMb } = await runRounds(work.contestants, { rounds, blocks: 2, seed: 0 });
  for (const { name } of work.contestants) {
    const own = of(samples, name);
    if (own.length === 0) continue;
    const speed = median(own.map((s) => s.value)), answer = work.answer(own[0].raw);
    const first = samples.find((s) => s.round === own[0].round)!, other = work.answer(first.raw);
    const apart = Math.max(...answer.map((x, i) => Math.abs(x - other[i])));
    const peak = peakMemoryMb[name];
    console.log(
      `${work.name}: ${name} ${speed.toPrecision(4)} ${unit}, peak ${peak} MB, answers ` +
        `${apart === 0 ? "equal" : `apart by up to ${apart.toPrecision(2)}`} of ${first.name}'s`,
    );
  }
  for (const goal of work.goals) {
    const ratio = ratioOf(samples, goal);
    const least = goal.least === null ? "" : `, goal ${goal.least}`;
    if (ratio) console.log(`${work.name}: ${goal.ours} / ${goal.against} = ${ratio.point.toFixed(2)}${least}`);
  }
  for (const { name, reason } of missing) console.log(`${work.name}: ${name}: not available: ${reason}`);
}
