/** Decoding one sequence, 64 tokens behind a few, against peers on the same weights and against the machine's memory. */
import type { Precision } from "../../../../lib/arch/model_ref.ts";
import { kvBytesPerToken } from "../../../../lib/cost/bytes.ts";
import { resolveSpec } from "../../../../lib/arch/resolve.ts";
import type { ModelHost } from "../../../../lib/model/protocol.ts";
import { median } from "../../../../lib/stats/summary.ts";
import { type LimitTimes, ours, peer, type PeerName, rowsLimit } from "../contestants.ts";
import type { BenchModel } from "../models.ts";
import type { PeerProcess } from "../peer_process.ts";
import type { RoundSample } from "../rounds.ts";
import { type Check, type Goal, of, type Plan, type Settings, type Work } from "../work.ts";

const NEW_TOKENS = 64;
const WARM_UP_TOKENS = 8;

interface DecodeAnswer {
  firstTokenMs: number;
  endMs: number;
  ids: number[];
}

const sampleOf = (raw: DecodeAnswer) => ({
  value: (raw.ids.length - 1) / (raw.endMs - raw.firstTokenMs) * 1000,
  raw,
});

function decodePeer(model: BenchModel, name: string, which: PeerName) {
  const decode = (p: PeerProcess, newTokens: number) =>
    p.call<DecodeAnswer>("decode", { ids: model.prompt, newTokens });
  return peer(model, name, which, {
    warmUp: (p) => decode(p, WARM_UP_TOKENS),
    measure: async (p) => sampleOf(await decode(p, NEW_TOKENS)),
  });
}

function decodeOurs(model: BenchModel, name: string, precision: Precision) {
  const decode = async (host: ModelHost, newTokens: number) => {
    const request = { prompt: { ids: model.prompt }, newTokens, way: "loop", repeats: 1 } as const;
    return (await host.generateRuns(request))[0];
  };
  return ours(model, name, precision, "generate", {
    warmUp: (host) => decode(host, WARM_UP_TOKENS),
    measure: async (host) => sampleOf(await decode(host, NEW_TOKENS)),
  });
}

/** How many ids of the first samples are equal to ours, from the start. */
function sameIds(
  samples: RoundSample[],
  mine: string,
  other: string,
  needed: boolean,
): Check[] {
  const [a] = of(samples, mine), [b] = of(samples, other);
  if (!a || !b) return [];
  const x = (a.raw as DecodeAnswer).ids, y = (b.raw as DecodeAnswer).ids;
  const first = x.findIndex((id, i) => id !== y[i]);
  const detail = first < 0 && y.length === x.length
    ? `all ${x.length} greedy ids equal`
    : `the first ${first < 0 ? x.length : first} of ${x.length} greedy ids equal` +
      (needed ? "" : " (other numbers: its quantisation or arithmetic is another)");
  return [{
    what: `${other} against ${mine}`,
    ok: !needed || first < 0,
    detail,
  }];
}

/** The same ids every time. */
function steady(samples: RoundSample[], name: string): Check[] {
  const all = of(samples, name).map((s) => JSON.stringify((s.raw as DecodeAnswer).ids));
  if (all.length === 0) return [];
  const kinds = new Set(all).size;
  return [{
    what: `${name} in every round`,
    ok: kinds === 1,
    detail: kinds === 1
      ? `the same ids in all ${all.length} rounds`
      : `${kinds} different answers in ${all.length} rounds`,
  }];
}

/** Bandwidth in one run, and how much of it a step of ours used (MBU: weights and KV). */
function memoryFacts(
  samples: RoundSample[],
  mine: string,
  limits: string[],
  kvBytes: number,
): string[] {
  return limits.flatMap((name) => {
    const them = of(samples, name), us = of(samples, mine);
    if (!them.length || !us.length) return [];
    const { bytes } = them[0].raw as LimitTimes;
    const peak = median(them.map((s) => s.value * bytes)) / 1e9;
    const used = median(us.map((s) => s.value * (bytes + kvBytes))) / 1e9;
    return [
      `${name}: ${(bytes / 1e6).toFixed(0)} MB a step at ${peak.toFixed(1)} GB/s; ${mine}: ${used.toFixed(1)} GB/s ` +
      `(weights and KV), MBU ${(100 * used / peak).toFixed(0)} %`,
    ];
  });
}

interface DecodePeer {
  name: string;
  which: PeerName;
  /** The goal against it; null: none. */
  least: number | null;
  /** The same numbers: its ids must be equal. */
  equal: boolean;
}

interface DecodeSettings {
  name: string;
  title(model: BenchModel): string;
  mine(model: BenchModel): string;
  precision: Precision;
  peers(model: BenchModel): DecodePeer[];
  /** `caps`: goals against peers hold only as far as this limit lets. */
  limit?: { precision: "fp32" | "int4"; least: number; caps?: boolean };
}

function decodeWork({ name, title, mine: mineOf, precision, peers: peersOf, limit }: DecodeSettings): Work {
  const plain = `limit_${limit?.precision}`, huge = `${plain}, huge pages`;
  return {
    name,
    title,
    unit: "tok/s",
    async plan({ model, rounds = 12, blocks = 6 }: Settings): Promise<Plan> {
      const mine = mineOf(model), peers = peersOf(model);
      const kvBytes = kvBytesPerToken(await resolveSpec(model.ref)) * (model.prompt.length + NEW_TOKENS / 2);
      const orShareOf = limit?.caps ? { limit: plain, share: limit.least } : undefined;
      const goals: Goal[] = peers.map((p) => ({ ours: mine, against: p.name, least: p.least, orShareOf }));
      const contestants = [
        decodeOurs(model, mine, precision),
        ...peers.map((p) => decodePeer(model, p.name, p.which)),
      ];
      if (limit) {
        goals.push({ ours: mine, against: plain, least: limit.least }, { ours: mine, against: huge, least: null });
        contestants.push(
          rowsLimit(model, plain, limit.precision),
          rowsLimit(model, huge, limit.precision, true),
        );
      }
      return {
        rounds,
        blocks,
        contestants,
        goals,
        checks: (samples) => [
          ...steady(samples, mine),
          ...peers.flatMap((p) => sameIds(samples, mine, p.name, p.equal)),
        ],
        facts: (samples) => limit ? memoryFacts(samples, mine, [plain, huge], kvBytes) : [],
      };
    },
  };
}

const tokens = ({ prompt }: BenchModel) => `${prompt.length} + ${NEW_TOKENS} tokens`;

export const decodeWorks: Work[] = [
  decodeWork({
    name: "decode-fp32",
    title: (model) => `decode fp32, ${tokens(model)}`,
    mine: () => "Archbench fp32",
    precision: "fp32",
    peers: ({ goals }) => [
      { name: "transformers fp32 (torch)", which: "transformers", least: null, equal: true },
      { name: "onnxruntime-genai fp32", which: "genaiFp32", least: goals.genaiFp32, equal: true },
      { name: "onnxruntime-genai fp32, our graph", which: "genaiOursFp32", least: 1, equal: true },
      ...(goals.transformersJsFp32 === undefined ? [] : [{
        name: "transformers.js fp32",
        which: "transformersJs" as const,
        least: goals.transformersJsFp32,
        equal: true,
      }]),
    ],
    limit: { precision: "fp32", least: 0.9, caps: true },
  }),
  decodeWork({
    name: "decode-int4",
    title: (model) => `decode int4, ${tokens(model)}`,
    mine: () => "Archbench int4",
    precision: "int4",
    peers: ({ goals }) => [
      { name: "onnxruntime-genai int4", which: "genaiInt4", least: goals.genaiInt4 ?? null, equal: false },
      { name: "onnxruntime-genai int4, our graph", which: "genaiOursInt4", least: 1, equal: false },
    ],
    limit: { precision: "int4", least: 0.75 },
  }),
  decodeWork({
    name: "decode-stored",
    title: (model) => `decode the file's own ${model.format}, ${tokens(model)}`,
    mine: ({ format }) => `Archbench stored ${format}`,
    precision: "stored",
    peers: ({ format, goals }) => [
      { name: `llama.cpp ${format}`, which: "llamaCpp", least: goals.llamaCpp, equal: false },
    ],
  }),
];
