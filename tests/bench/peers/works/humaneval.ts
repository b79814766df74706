/** Sampling many continuations of code prompts, 10 samples of 128 tokens each. */
import { mean } from "../../../../lib/stats/summary.ts";
import { loadDataset } from "../../../../lib/store/dataset.ts";
import { ours, peer, type PeerName } from "../contestants.ts";
import { readTokenizer } from "../model_forms.ts";
import type { RoundSample } from "../rounds.ts";
import { type Check, of, type Plan, type Work } from "../work.ts";

const SAMPLES = 10, NEW_TOKENS = 128;
/** Tokens of the greedy check. */
const GREEDY = 32;
const SAMPLING = { temperature: 0.2, topP: 0.95 };
/** Problems of one round. */
const GROUP = 5;
const MINE = "Archbench fp32",
  TORCH = "transformers fp32 (torch)",
  GENAI = "onnxruntime-genai fp32";

interface PeerAnswer {
  startMs: number;
  endMs: number;
  ids: number[][];
}

interface SamplingAnswer {
  seconds: number;
  /** New ids, [problems][samples][tokens]. */
  ids: number[][][];
  /** Greedy ids of the round's first prompt. */
  greedy: number[];
  /** The prompts' ids by a tokenizer of its own. */
  prompts?: number[][];
}

const sampleOf = (raw: SamplingAnswer) => ({
  value: raw.ids.flat(2).length / raw.seconds,
  raw,
});

export const humaneval: Work = {
  name: "humaneval",
  title: () =>
    `HumanEval prompts, ${SAMPLES} samples of ${NEW_TOKENS} tokens, temperature ${SAMPLING.temperature}, ` +
    `top-p ${SAMPLING.topP}, fp32`,
  unit: "tok/s",
  async plan({ model, rounds, blocks, problems, seed }): Promise<Plan> {
    const texts = (await loadDataset("humaneval", { limit: problems })).map((
      row,
    ) => String(row.prompt));
    const size = Math.min(GROUP, Math.ceil(texts.length / 2)),
      count = Math.ceil(texts.length / size);
    const prompts = await (await readTokenizer(model)).encodeBatch(texts);
    const part = <T>(list: T[], round: number) => list.slice((round % count) * size, (round % count + 1) * size);
    const textsOf = (round: number) => part(texts, round), group = (round: number) => part(prompts, round);
    const settings = { samples: SAMPLES, ...SAMPLING };

    const mine = ours(model, MINE, "fp32", "batch", {
      warmUp: (host, round) =>
        host.generateBatch([{ prompt: group(round)[0] }], {
          ...settings,
          maxNewTokens: 4,
          ignoreEos: true,
        }),
      async measure(host, round) {
        const how = {
          ...settings,
          maxNewTokens: NEW_TOKENS,
          ignoreEos: true,
          seed: seed + round,
        };
        const start = performance.now();
        const results = await host.generateBatch(
          group(round).map((prompt) => ({ prompt })),
          how,
        );
        const seconds = (performance.now() - start) / 1000;
        const made = results.map((r) => {
          if ("refused" in r) {
            throw new Error(`a prompt was refused: ${r.refused}`);
          }
          return r.map((one) => one.ids);
        });
        const [greedy] = await host.generate(group(round)[0], {
          maxNewTokens: GREEDY,
          ignoreEos: true,
        });
        return sampleOf({
          seconds,
          ids: made,
          greedy: greedy.ids,
          prompts: group(round),
        });
      },
    });
    const theirs = (name: string, which: PeerName) =>
      peer(model, name, which, {
        warmUp: (p, round) =>
          p.call("sample", {
            ids: group(round)[0],
            newTokens: 4,
            ...settings,
            seed,
          }),
        async measure(p, round) {
          let ms = 0;
          const made: number[][][] = [];
          for (const prompt of group(round)) {
            const request = {
              ids: prompt,
              newTokens: NEW_TOKENS,
              ...settings,
              seed: seed + round,
            };
            const one = await p.call<PeerAnswer>("sample", request);
            ms += one.endMs - one.startMs;
            made.push(one.ids);
          }
          const greedy = {
            ids: group(round)[0],
            newTokens: GREEDY,
            samples: 1,
            temperature: 0,
            topP: 1,
            seed,
          };
          const [first] = (await p.call<PeerAnswer>("sample", greedy)).ids;
          const prompts = which === "transformers"
            ? await p.call<number[][]>("encode", { texts: textsOf(round) })
            : undefined;
          return sampleOf({
            seconds: ms / 1000,
            ids: made,
            greedy: first,
            prompts,
          });
        },
      });
    return {
      rounds: rounds ?? count,
      blocks: blocks ?? rounds ?? count,
      contestants: [
        mine,
        theirs(TORCH, "transformers"),
        theirs(GENAI, "genaiFp32"),
      ],
      goals: [{ ours: MINE, against: TORCH, least: 5 }, {
        ours: MINE,
        against: GENAI,
        least: null,
      }],
      checks: (samples) => [TORCH, GENAI].flatMap((name) => agreement(samples, name)),
      facts: (samples) => [TORCH, GENAI, MINE].flatMap((name) => variety(samples, name)),
    };
  },
};

/** Draws differ between engines; greedy ids of the same prompts must not, and every sample must have full length. */
function agreement(samples: RoundSample[], name: string): Check[] {
  const theirs = of(samples, name).map((s) => ({
    round: s.round,
    raw: s.raw as SamplingAnswer,
  }));
  if (!theirs.length) return [];
  const pairs = of(samples, MINE).flatMap(({ round, raw }) => {
    const other = theirs.find((t) => t.round === round)?.raw;
    return other ? [{ a: raw as SamplingAnswer, b: other }] : [];
  });
  const same = pairs.filter(({ a, b }) => String(a.greedy) === String(b.greedy)).length;
  const full = pairs.every(({ a, b }) => [...a.ids, ...b.ids].flat().every((row) => row.length === NEW_TOKENS));
  const tokenizers = pairs.filter(({ b }) => b.prompts);
  const differ = tokenizers.filter(({ a, b }) => String(a.prompts) !== String(b.prompts))
    .length;
  const prompts = `prompts tokenised alike in ${tokenizers.length - differ} of ${tokenizers.length} rounds`;
  return [
    ...(tokenizers.length ? [{ what: `tokenizer of ${name}`, ok: differ === 0, detail: prompts }] : []),
    {
      what: `${name} against ${MINE}`,
      ok: same === pairs.length && full,
      detail: `${GREEDY} greedy ids equal on ${same} of ${pairs.length} prompts; ` +
        (full ? `every sample has ${NEW_TOKENS} tokens` : `some samples have fewer than ${NEW_TOKENS} tokens`),
    },
  ];
}

/** How many of a problem's samples differ, on average: much the same for engines that draw from one distribution. */
function variety(samples: RoundSample[], name: string): string[] {
  const problems = of(samples, name).flatMap((s) => (s.raw as SamplingAnswer).ids);
  if (!problems.length) return [];
  const distinct = problems.map((rows) => new Set(rows.map((row) => String(row.slice(0, 32)))).size);
  return [
    `${name}: ${mean(distinct).toFixed(1)} different starts (32 tokens) among ${SAMPLES} samples of a problem`,
  ];
}
