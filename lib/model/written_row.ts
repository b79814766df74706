/** One sequence that is being written: its tokens so far, and where it ends. */
import type { Tokenizer } from "./tokenizer.ts";
import type { Generation } from "./generate.ts";

export interface RowLimits {
  maxNewTokens: number;
  /** Ids that end it; they are no part of it. */
  endIds: readonly number[];
  stop: string[];
}

export class WrittenRow {
  readonly ids: number[] = [];
  readonly logProbabilities: number[] = [];
  /** Set when the row is finished. */
  finishReason: Generation["finishReason"] | null = null;
  /** Its logits were not finite. */
  broken = false;
  /** Set when a stop string cut the text. */
  #text: string | null = null;

  constructor(readonly tokenizer: Tokenizer, readonly limits: RowLimits) {}

  /** Add a chunk's tokens, up to the end of the sequence, the limit, or the token that completes a stop string. */
  async extend(tokens: number[], logProbabilities: number[]): Promise<void> {
    const { maxNewTokens, endIds, stop } = this.limits;
    const before = this.ids.length;
    for (const [i, id] of tokens.entries()) {
      if (id < 0) this.broken = true;
      if (endIds.includes(id)) this.finishReason = "stop";
      if (this.broken || this.finishReason) break;
      this.ids.push(id);
      this.logProbabilities.push(logProbabilities[i]);
      if (this.ids.length === maxNewTokens) this.finishReason = "length";
    }
    if (stop.length === 0) return;
    const text = await this.tokenizer.decode(this.ids);
    if (stop.some((s) => text.includes(s))) await this.#cutAtStop(before);
  }

  async generation(withLogProbabilities: boolean): Promise<Generation> {
    return {
      ids: this.ids,
      text: await this.text(),
      finishReason: this.finishReason ?? "length",
      ...(withLogProbabilities ? { logProbabilities: this.logProbabilities } : {}),
    };
  }

  async text(): Promise<string> {
    return this.#text ?? await this.tokenizer.decode(this.ids);
  }

  /** Find the token that completed a stop string; tokens behind it are dropped. */
  async #cutAtStop(before: number): Promise<void> {
    for (let n = before + 1; n <= this.ids.length; n++) {
      const text = await this.tokenizer.decode(this.ids.slice(0, n));
      const cuts = this.limits.stop.map((s) => text.indexOf(s)).filter((at) => at >= 0);
      if (cuts.length === 0) continue;
      this.ids.length = this.logProbabilities.length = n;
      this.#text = text.slice(0, Math.min(...cuts));
      this.finishReason = "stop";
      return;
    }
  }
}
