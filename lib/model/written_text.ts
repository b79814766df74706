/** The text of ids that grow: what later ids cannot change is decoded once. */
import { REPLACEMENT } from "./decode_behind.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Ids before that are looked at; those of a run that goes on longer show nothing. */
const RUN = 64;

export class WrittenText {
  /** The prompt, and the ids whose text is settled. */
  readonly #before: number[];
  /** How many ids are settled, and their text. */
  #count = 0;
  #settled = "";

  /** @param prompt What the text continues. */
  constructor(readonly tokenizer: Tokenizer, prompt: number[]) {
    this.#before = [...prompt];
  }

  /** The text that no later id changes. */
  get settled(): string {
    return this.#settled;
  }

  /** The text of all ids: those that were settled, and more. */
  async of(ids: number[]): Promise<string> {
    return this.#settled + await this.tokenizer.decode(ids.slice(this.#count), { after: this.#before });
  }

  /** The text of these ids is settled, unless it ends inside a character. */
  settle(ids: number[], text: string): void {
    if (text.endsWith(REPLACEMENT) || this.mayChange(ids)) return;
    for (const id of ids.slice(this.#count)) this.#before.push(id);
    this.#count = ids.length;
    this.#settled = text;
  }

  /** Whether a run of single bytes stands at the end: what follows may change the text of all of them. */
  mayChange(ids: number[]): boolean {
    const behind = [...this.#before.slice(-RUN), ...ids.slice(this.#count)];
    return this.tokenizer.endsInBytes?.(behind) ?? false;
  }
}
