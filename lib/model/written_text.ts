/** The text of ids that grow: what later ids cannot change is decoded once. */
import { REPLACEMENT } from "./decode_behind.ts";
import type { Tokenizer } from "./tokenizer.ts";

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
    if (text.endsWith(REPLACEMENT) || this.endsInBytes(ids)) return;
    for (const id of ids.slice(this.#count)) this.#before.push(id);
    this.#count = ids.length;
    this.#settled = text;
  }

  /** Whether a run of single bytes stands at the end: one that is no UTF-8 is shown as another run, all of it. */
  endsInBytes(ids: number[]): boolean {
    return ids.length > 0 && this.tokenizer.byteIds?.has(ids.at(-1)!) === true;
  }
}
