/** Decoding one sequence, 5 + 64 tokens, against peers on the same weights and against the machine's memory. */
import type { Precision } from "../../../../lib/arch/spec.ts";
import { kvBytesPerToken } from "../../../../lib/cost/bytes.ts";
import { resolveSpec } from "../../../../lib/arch/resolve.ts";
import type { ModelHost } from "../../../../lib/model/protocol.ts";
import { median } from "../../../../lib/stats/summary.ts";
import { type LimitTimes, ours, peer, type PeerName, rowsLimit } from "../contestants.ts";
import { MODEL } from "../environment.ts";
import type { PeerProcess } from "../peer_process.ts";
import type { RoundSample } from "../rounds.ts";
import { type Check, type Goal, of, type Plan, type Settings, type Work } from "../work.ts";

/** "Once upon a time,": in 64 greedy tokens no end of sequence, and the best two logits never closer than 0.04. */
const PROMPT = [6403, 1980, 253, 655, 28];
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

const decodePeer = (name: string, which: PeerName) =>
  peer(name, which, {
    warmUp: (p: PeerProcess) => p.call("decode", { ids: PROMPT, newTokens: WARM_UP_TOKENS }),
    measure: async (p) =>
      sampleOf(
        await p.call<DecodeAnswer>("decode", {
          ids: PROMPT,
          newTokens: NEW_TOKENS,
        }),
      ),
  });

async function ourDecode(host: ModelHost, newTokens: number) {
  const [sample] = await host.generateRuns({
    prompt: { ids: PROMPT },
    newTokens,
    way: "loop",
    repeats: 1,
  });
  return sample;
}

const decodeOurs = (name: string, precision: Precision) =>
  ours(name, precision, "generate", {
    warmUp: (host) => ourDecode(host, WARM_UP_TOKENS),
    measure: async (host) => sampleOf(await ourDecode(host, NEW_TOKENS)),
  });

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
  title: string;
  mine: string;
  precision: Precision;
  peers: DecodePeer[];
  /** `caps`: goals against peers hold only as far as this limit lets. */
  limit?: { precision: "fp32" | "int4"; least: number; caps?: boolean };
}

function decodeWork(
  { name, title, mine, precision, peers, limit }: DecodeSettings,
): Work {
  const plain = `limit_${limit?.precision}`, huge = `${plain}, huge pages`;
  return {
    name,
    title,
    unit: "tok/s",
    async plan({ rounds = 12, blocks = 6 }: Settings): Promise<Plan> {
      const kvBytes = kvBytesPerToken(await resolveSpec(MODEL)) *
        (PROMPT.length + NEW_TOKENS / 2);
      const orShareOf = limit?.caps ? { limit: plain, share: limit.least } : undefined;
      const goals: Goal[] = peers.map((p) => ({ ours: mine, against: p.name, least: p.least, orShareOf }));
      const contestants = [
        decodeOurs(mine, precision),
        ...peers.map((p) => decodePeer(p.name, p.which)),
      ];
      if (limit) {
        goals.push({ ours: mine, against: plain, least: limit.least }, {
          ours: mine,
          against: huge,
          least: null,
        });
        contestants.push(
          rowsLimit(plain, limit.precision),
          rowsLimit(huge, limit.precision, true),
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

export const decodeWorks: Work[] = [
  decodeWork({
    name: "decode-fp32",
    title: "decode fp32, 5 + 64 tokens",
    mine: "Archbench fp32",
    precision: "fp32",
    peers: [
      {
        name: "transformers fp32 (torch)",
        which: "transformers",
        least: null,
        equal: true,
      },
      {
        name: "onnxruntime-genai fp32",
        which: "genaiFp32",
        least: 1.3,
        equal: true,
      },
      {
        name: "onnxruntime-genai fp32, our graph",
        which: "genaiOursFp32",
        least: 1,
        equal: true,
      },
      {
        name: "transformers.js fp32",
        which: "transformersJs",
        least: 1.1,
        equal: true,
      },
    ],
    limit: { precision: "fp32", least: 0.9, caps: true },
  }),
  decodeWork({
    name: "decode-int4",
    title: "decode int4, 5 + 64 tokens",
    mine: "Archbench int4",
    precision: "int4",
    peers: [
      {
        name: "onnxruntime-genai int4",
        which: "genaiInt4",
        least: 1.25,
        equal: false,
      },
      {
        name: "onnxruntime-genai int4, our graph",
        which: "genaiOursInt4",
        least: 1,
        equal: false,
      },
    ],
    limit: { precision: "int4", least: 0.75 },
  }),
  decodeWork({
    name: "decode-stored",
    title: "decode the file's own Q4_1, 5 + 64 tokens",
    mine: "Archbench stored Q4_1",
    precision: "stored",
    peers: [{
      name: "llama.cpp Q4_1",
      which: "llamaCpp",
      least: 1.9,
      equal: false,
    }],
  }),
];
