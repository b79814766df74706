/** One sequence that is being written: its tokens so far, and where it ends. */
import type { Generation } from "./generate.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { WrittenText } from "./written_text.ts";

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
  readonly #written: WrittenText;
  /** Set when a stop string cut the text. */
  #text: string | null = null;

  /** @param prompt What it continues. */
  constructor(tokenizer: Tokenizer, prompt: number[], readonly limits: RowLimits) {
    this.#written = new WrittenText(tokenizer, prompt);
  }

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
    if (stop.length > 0) await this.#lookForStop(before);
  }

  async generation(withLogProbabilities: boolean): Promise<Generation> {
    return {
      ids: this.ids,
      text: await this.text(),
      finishReason: this.finishReason ?? "length",
      ...(withLogProbabilities ? { logProbabilities: this.logProbabilities } : {}),
    };
  }

  /** Its text so far. */
  async text(): Promise<string> {
    if (this.#text !== null) return this.#text;
    const text = await this.#written.of(this.ids);
    this.#written.settle(this.ids, text);
    return text;
  }

  /** Its text so far without that of a run of single bytes at its end, all of which may still change. */
  async lastingText(): Promise<string> {
    const text = await this.text();
    return this.finishReason || !this.#written.mayChange(this.ids) ? text : this.#written.settled;
  }

  /** Look at the text of the new tokens, and inside runs of bytes at each token: there it may vanish again. */
  async #lookForStop(before: number): Promise<void> {
    // A stop string may have begun in the text of before.
    const from = this.#written.settled.length - Math.max(...this.limits.stop.map((s) => s.length));
    for (let n = before + 1; n <= this.ids.length; n++) {
      const ids = this.ids.slice(0, n), isLast = n === this.ids.length;
      if (!isLast && !this.#written.mayChange(ids)) continue;
      const text = await this.#written.of(ids);
      if (this.limits.stop.some((s) => text.includes(s, from))) return await this.#cutAtStop(before);
      if (isLast) this.#written.settle(ids, text);
    }
  }

  /** Find the token that completed a stop string; tokens behind it are dropped. */
  async #cutAtStop(before: number): Promise<void> {
    for (let n = before + 1; n <= this.ids.length; n++) {
      const text = await this.#written.of(this.ids.slice(0, n));
      const cuts = this.limits.stop.map((s) => text.indexOf(s)).filter((at) => at >= 0);
      if (cuts.length === 0) continue;
      this.ids.length = this.logProbabilities.length = n;
      this.#text = text.slice(0, Math.min(...cuts));
      this.finishReason = "stop";
      return;
    }
  }
}
