/** What a decode step costs at longer contexts, against what the memory needs to read the KV cache. */
import { resolveSpec } from "../../../../lib/arch/resolve.ts";
import { kvBytesPerToken } from "../../../../lib/cost/bytes.ts";
import type { ModelHost } from "../../../../lib/model/protocol.ts";
import { randomPrompts } from "../../../../lib/model/random_prompts.ts";
import { mean, median } from "../../../../lib/stats/summary.ts";
import { type LimitTimes, ours, peer } from "../contestants.ts";
import type { PeerProcess } from "../peer_process.ts";
import type { RoundSample } from "../rounds.ts";
import { of, type Plan, type Work } from "../work.ts";

const CONTEXTS = [128, 512, 1024, 2048, 4096];
const NEW_TOKENS = 33, VOCABULARY = 49152;
const PRECISIONS = ["fp32", "int4"] as const;
const LIMIT = "memory bandwidth (limit_fp32)";
const nameOf = (precision: string) => `KV cache in Archbench ${precision}`;
const GENAI = { fp32: "genaiFp32", int4: "genaiInt4" } as const;
const genaiName = (precision: string) => `KV cache in onnxruntime-genai ${precision}`;

interface ContextAnswer {
  /** [context while decoding (mean), ms a token]. */
  points: [number, number][];
  /** Least squares: ms a token of context, and ms at none. */
  slopeMs: number;
  interceptMs: number;
}

export const context: Work = {
  name: "context",
  title: () => `decode cost against context, ${CONTEXTS.join(", ")} tokens`,
  unit: "GB/s of KV",
  async plan({ model, rounds = 4, blocks = 4, seed }): Promise<Plan> {
    const bytes = kvBytesPerToken(await resolveSpec(model.ref));
    const measure = async (round: number, perToken: (tokens: number, seed: number) => Promise<number>) => {
      const points: [number, number][] = [];
      const order = round % 2 ? CONTEXTS.toReversed() : CONTEXTS; // a drift of the machine is no slope
      for (const tokens of order) points.push([tokens + NEW_TOKENS / 2, await perToken(tokens, seed + round)]);
      const raw: ContextAnswer = { points, ...line(points) };
      // a slope at or below zero is noise: as good as the fastest that can be told
      return { value: bytes / Math.max(raw.slopeMs, 1e-6) / 1e6, raw };
    };
    const decoders = PRECISIONS.flatMap((precision) => [
      ours(model, nameOf(precision), precision, "batch", {
        warmUp: (host) => ourToken(host, CONTEXTS[0], seed),
        measure: (host, round) => measure(round, (tokens, seed) => ourToken(host, tokens, seed)),
      }),
      peer(model, genaiName(precision), GENAI[precision], {
        warmUp: (p) => genaiToken(p, CONTEXTS[0], seed),
        measure: (p, round) => measure(round, (tokens, seed) => genaiToken(p, tokens, seed)),
      }),
    ]);
    const limit = peer(model, LIMIT, "limits", {
      warmUp: (p) => p.call("rows", { precision: "fp32", repeats: 5, hugePages: true }),
      async measure(p) {
        const raw = await p.call<LimitTimes>("rows", {
          precision: "fp32",
          repeats: 64,
          hugePages: true,
        });
        return { value: raw.bytes / mean(raw.ms) / 1e6, raw };
      },
    });
    return {
      rounds,
      blocks,
      contestants: [...decoders, limit],
      goals: PRECISIONS.flatMap((precision) => [
        { ours: nameOf(precision), against: LIMIT, least: 1 },
        { ours: nameOf(precision), against: genaiName(precision), least: null },
      ]),
      checks: () => [],
      facts: (samples) =>
        PRECISIONS.flatMap((precision) => [nameOf(precision), genaiName(precision)])
          .flatMap((name) => fit(samples, name, bytes)),
    };
  },
};

async function genaiToken(p: PeerProcess, tokens: number, seed: number): Promise<number> {
  const [ids] = randomPrompts(VOCABULARY, 1, tokens, seed);
  const answer = await p.call<{ firstTokenMs: number; endMs: number }>("decode", { ids, newTokens: NEW_TOKENS });
  return (answer.endMs - answer.firstTokenMs) / (NEW_TOKENS - 1);
}

async function ourToken(host: ModelHost, tokens: number, seed: number): Promise<number> {
  const request = {
    prompt: { tokens, seed },
    newTokens: NEW_TOKENS,
    way: "loop",
    repeats: 1,
  } as const;
  const [sample] = await host.generateRuns(request);
  return (sample.endMs - sample.firstTokenMs) / (NEW_TOKENS - 1);
}

function line(
  points: [number, number][],
): { slopeMs: number; interceptMs: number } {
  const x = mean(points.map(([c]) => c)), y = mean(points.map(([, ms]) => ms));
  const slopeMs = points.reduce((n, [c, ms]) => n + (c - x) * (ms - y), 0) /
    points.reduce((n, [c]) => n + (c - x) ** 2, 0);
  return { slopeMs, interceptMs: y - slopeMs * x };
}

function fit(samples: RoundSample[], who: string, bytes: number): string[] {
  const all = of(samples, who).map((s) => s.raw as ContextAnswer);
  if (!all.length) return [];
  const at = CONTEXTS.map((tokens) => {
    const ms = all.map((a) => a.points.find(([c]) => c === tokens + NEW_TOKENS / 2)![1]);
    return `${tokens}: ${median(ms).toFixed(2)}`;
  });
  const slope = median(all.map((a) => a.slopeMs)), base = median(all.map((a) => a.interceptMs));
  return [
    `${who}, ms a token at a context of ${at.join(", ")}; fit ${base.toFixed(2)} ms + ` +
    `${(1000 * slope).toFixed(2)} ms a thousand tokens, each of which has ${(bytes / 1e3).toFixed(1)} kB in the cache`,
  ];
}
