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
    return this.#number(key, this.#value(key) ?? fallback);
  }

  /** A count; without a fallback it must be there. */
  count(key: string, fallback?: number): number {
    return this.#count(key, this.#value(key) ?? fallback);
  }

  /** A count that a file may give for all layers, or for each in a list. */
  countOf(layer: number, key: string, fallback?: number): number {
    const value = this.#value(key) ?? fallback;
    return this.#count(key, Array.isArray(value) ? value[layer] : value, Array.isArray(value) ? `[${layer}]` : "");
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

  #number(key: string, value: unknown): number {
    if (typeof value === "number" && Number.isFinite(value)) return value;
    return this.#wrong(key, value, typeof value === "bigint" ? "a number of at most 53 bits" : "a number");
  }

  #count(key: string, value: unknown, index = ""): number {
    const number = this.#number(key + index, value);
    return Number.isSafeInteger(number) && number >= 0 ? number : this.#wrong(key + index, value, "a whole number");
  }

  #wrong(key: string, value: unknown, what: string): never {
    const full = `${this.architecture}.${key}`, { path } = this.file;
    throw new SyntaxError(
      value === undefined
        ? `Cannot read ${path}: it has no key ${full}, which must be ${what}`
        : `Cannot read ${path}: ${full} is ${value}, not ${what}`,
    );
  }
}

/** Dimensions of a head: without a key of its own, the hidden size is shared among the heads. */
export function headDimOf(keys: GgufKeys): number {
  return keys.count("attention.key_length", keys.count("embedding_length") / keys.countOf(0, "attention.head_count"));
}
