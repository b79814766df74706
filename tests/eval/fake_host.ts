/** A model host without a model: scores come from a function, ids are UTF-8 bytes. */
import type { ModelHost, OpenResult } from "../../lib/model/protocol.ts";
import type { ScoreRequest, ScoreResult } from "../../lib/model/log_likelihood.ts";
import type { ModelInfo } from "../../lib/model/info.ts";
import type { ScoreOptions } from "../../lib/model/score_options.ts";

export const fakeInfo: ModelInfo = {
  name: "fake",
  architecture: "none",
  parameters: 0,
  layers: 1,
  heads: 1,
  kvHeads: 1,
  headDim: 1,
  vocabSize: 256,
  contextLength: 16,
  precision: "fp32",
  precisionLabel: "fp32",
  provider: "cpu",
  threads: 1,
  weightBytes: 0,
  source: "a fake",
};

const never = () => Promise.reject(new Error("the fake host has no such call"));

/** Counts what was asked of it; `logLikelihood` says what each request gets. */
export class FakeHost implements ModelHost {
  readonly pid = 0;
  readonly open = { info: fakeInfo } as OpenResult;
  readonly seen: ScoreRequest[] = [];
  calls = 0;
  closed = false;
  generateRuns = never;
  forwardRuns = never;
  generate = never;
  generateBatch = never;
  divergence = never;
  resetPeak = never;
  counters = never;

  constructor(readonly logLikelihood: (request: ScoreRequest) => number = () => -1) {}

  async score(requests: ScoreRequest[], options: ScoreOptions = {}): Promise<ScoreResult[]> {
    this.calls++;
    this.seen.push(...requests);
    options.onProgress?.(requests.length, []);
    await Promise.resolve();
    if (this.closed) throw new Error("the host is closed");
    return requests.map((r) => ({
      logLikelihood: this.logLikelihood(r),
      isGreedy: false,
      tokens: "continuationIds" in r ? r.continuationIds.length : 1,
    }));
  }

  encode(texts: string[]): Promise<number[][]> {
    return Promise.resolve(texts.map((text) => [...new TextEncoder().encode(text)]));
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}
