/** One forward pass of 8 x 128 tokens, against transformers and against one large matrix product. */
import { resolveSpec } from "../../../../lib/arch/resolve.ts";
import { estimateFlops } from "../../../../lib/cost/flops.ts";
import { randomPrompts } from "../../../../lib/model/random_prompts.ts";
import { median } from "../../../../lib/stats/summary.ts";
import { type LimitTimes, ours, peer } from "../contestants.ts";
import type { BenchModel } from "../models.ts";
import type { PeerProcess } from "../peer_process.ts";
import { type Check, of, type Work } from "../work.ts";

const BATCH = 8, SEQ_LEN = 128, SEED = 0;
const MINE = "Archbench fp32", LARGE = "one large MatMul";

interface ForwardAnswer {
  startMs: number;
  endMs: number;
  ids: number[];
}

const sampleOf = (raw: ForwardAnswer) => ({
  value: BATCH * SEQ_LEN / (raw.endMs - raw.startMs) * 1000,
  raw,
});

function torch(model: BenchModel, vocabSize: number, name: string, logits: "last" | "all") {
  const request = { ids: randomPrompts(vocabSize, BATCH, SEQ_LEN, SEED), logits };
  const once = async (p: PeerProcess) => sampleOf(await p.call<ForwardAnswer>("forward", request));
  return peer(model, name, "transformers", { warmUp: once, measure: once });
}

export const prefill: Work = {
  name: "prefill",
  title: () => `forward pass ${BATCH} x ${SEQ_LEN} tokens, fp32`,
  unit: "tok/s",
  async plan({ model, rounds = 12, blocks = 6 }) {
    const setting = {
      promptTokens: SEQ_LEN,
      batch: BATCH,
      logits: "last",
      convention: "causal",
    } as const;
    const flops = (await estimateFlops(model.ref, setting)).prefill;
    const { vocabSize } = await resolveSpec(model.ref);
    const last = "transformers, last logits", all = "transformers, all logits";
    const mine = ours(model, MINE, "fp32", "generate", {
      warmUp: (host) =>
        host.forwardRuns({
          batch: BATCH,
          seqLen: SEQ_LEN,
          seed: SEED,
          repeats: 1,
        }),
      measure: async (host) =>
        sampleOf(
          (await host.forwardRuns({
            batch: BATCH,
            seqLen: SEQ_LEN,
            seed: SEED,
            repeats: 1,
          }))[0],
        ),
    });
    const large = peer(model, LARGE, "limits", {
      warmUp: (p) => p.call("large", { repeats: 3 }),
      async measure(p) {
        const raw = await p.call<LimitTimes>("large", { repeats: 10 });
        // as the tokens/s of a model that does nothing but such products
        const flopsPerS = raw.flops * raw.ms.length / raw.ms.reduce((a, b) => a + b) *
          1000;
        return { value: flopsPerS / (flops / (BATCH * SEQ_LEN)), raw };
      },
    });
    return {
      rounds,
      blocks,
      contestants: [mine, torch(model, vocabSize, last, "last"), torch(model, vocabSize, all, "all"), large],
      goals: [
        { ours: MINE, against: last, least: 1.3, orShareOf: { limit: LARGE, share: 0.8 } },
        { ours: MINE, against: all, least: null },
        { ours: MINE, against: LARGE, least: 0.8 },
      ],
      checks(samples) {
        const answer = (name: string) => (of(samples, name)[0]?.raw as ForwardAnswer | undefined)?.ids;
        const want = answer(MINE);
        return [last, all].flatMap((name): Check[] => {
          const got = answer(name);
          if (!want || !got) return [];
          const same = want.filter((id, i) => id === got[i]).length;
          const detail = `${same} of ${BATCH} next tokens equal`;
          return [{
            what: `${name} against ${MINE}`,
            ok: same === BATCH,
            detail,
          }];
        });
      },
      facts(samples) {
        const rates = [MINE, last, LARGE].flatMap((name) => {
          const speeds = of(samples, name).map((s) => s.value * flops / (BATCH * SEQ_LEN) / 1e9);
          return speeds.length ? [`${name} ${median(speeds).toFixed(0)}`] : [];
        });
        return [
          `GFLOP/s (causal FLOPs with the last logits, ${(flops / 1e9).toFixed(0)} GFLOP a pass): ${
            rates.join(", ")
          }; ` +
          `ours over ${LARGE} is the MFU`,
        ];
      },
    };
  },
};
