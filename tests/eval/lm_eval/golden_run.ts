/** A real lm-eval run (tests/golden/lm_eval_files.json), and the results that our evaluation makes of its scores. */
import { sha256 } from "../../../lib/eval/hashes.ts";
import { QualityBenchmark } from "../../../lib/eval/quality_benchmark.ts";
import type { EvalResult } from "../../../lib/eval/types.ts";
import type { ScoreRequest, ScoreResult } from "../../../lib/model/log_likelihood.ts";
import golden from "../../golden/lm_eval_files.json" with { type: "json" };
import { FakeHost } from "../fake_host.ts";

export { golden };

export interface GoldenSample extends Record<string, unknown> {
  doc_id: number;
  doc: string[];
  arguments: Record<string, { arg_0: string; arg_1: string }>;
  filtered_resps: [string, string][];
}

export const goldenSamples = golden.samples as unknown as Record<string, GoldenSample[]>;

/** Gives each request what lm-eval's model gave it, found by the hashes of its texts. */
class GoldenHost extends FakeHost {
  readonly #scores = new Map<string, ScoreResult>();

  constructor() {
    super();
    for (const sample of Object.values(goldenSamples).flat()) {
      Object.values(sample.arguments).forEach(({ arg_0, arg_1 }, i) => {
        const [logLikelihood, isGreedy] = sample.filtered_resps[i];
        this.#scores.set(arg_0 + arg_1, {
          logLikelihood: Number(logLikelihood),
          isGreedy: isGreedy === "True",
          tokens: 1,
        });
      });
    }
  }

  override score(requests: ScoreRequest[]): Promise<ScoreResult[]> {
    return Promise.resolve(requests.map((request) => {
      if (!("context" in request)) throw new Error("the golden run has texts");
      return this.#scores.get(sha256(request.context) + sha256(request.continuation))!;
    }));
  }
}

/** The same documents, evaluated here with lm-eval's scores. */
export async function goldenResults(): Promise<{ hellaswag: EvalResult; mmlu: EvalResult }> {
  const rows = (task: string) => goldenSamples[task].map((sample) => sample.doc_id);
  const host = new GoldenHost(), quality = new QualityBenchmark("fake");
  const subjects = ["abstract_algebra", "global_facts"];
  return {
    hellaswag: await quality.evaluateTask("hellaswag", undefined, { rows: rows("hellaswag"), host }),
    mmlu: await quality.evaluateTask("mmlu", undefined, {
      rows: Object.fromEntries(subjects.map((subject) => [subject, rows(`mmlu_${subject}`)])),
      host,
    }),
  };
}
