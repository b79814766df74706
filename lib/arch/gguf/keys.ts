/** The metadata of a GGUF, from anywhere: the type of every value is checked when it is read. */
import type { GgufFile } from "../gguf_file.ts";

/** Keys of one architecture: "block_count" is "llama.block_count". */
export class GgufKeys {
  constructor(readonly file: GgufFile, readonly architecture: string) {}

  has(key: string): boolean {
    return this.#value(key) !== undefined;
  }

  /** A number; without a fallback it must be there. */
  number(key: string, fallback?: number): number {
    const value = this.#value(key) ?? fallback;
    return typeof value === "number" && Number.isFinite(value) ? value : this.#wrong(key, value, "a number");
  }

  /** A decimal as it was meant: the file keeps fp32 (1e-5, not 0.00000999999974738). */
  decimal(key: string, fallback?: number): number {
    return Number(this.number(key, fallback).toPrecision(6));
  }

  text(key: string, fallback: string): string {
    const value = this.#value(key) ?? fallback;
    return typeof value === "string" ? value : this.#wrong(key, value, "a string");
  }

  /** Whether the file holds a tensor. */
  holds(tensor: string): boolean {
    return this.file.tensorNames.includes(tensor);
  }

  /** @throws {TypeError} Saying what cannot be opened. */
  refuse(reason: string): never {
    throw new TypeError(`Cannot open ${this.file.path}: ${reason}`);
  }

  #value(key: string): unknown {
    return this.file.metadata[`${this.architecture}.${key}`];
  }

  #wrong(key: string, value: unknown, what: string): never {
    throw new SyntaxError(`Cannot read ${this.file.path}: ${this.architecture}.${key} is ${value}, not ${what}`);
  }
}
