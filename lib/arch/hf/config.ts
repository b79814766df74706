/** A config.json as transformers writes it: from anywhere, so the type of every field is checked when it is read. */
import { shown } from "../../check/check.ts";

/** More than any model has; such a number would take memory for nothing. */
const LARGEST_COUNT = 2 ** 31 - 1;

export class HfConfig {
  constructor(readonly path: string, readonly values: Record<string, unknown>) {}

  /** Whether a field has a value: transformers mostly means the same by null as by leaving it out. */
  has(key: string): boolean {
    return this.#value(key) !== undefined;
  }

  /** A positive whole number; without a fallback it must be there. */
  whole(key: string, fallback?: number): number {
    const value = this.#value(key) ?? fallback;
    if (Number.isInteger(value) && value as number >= 1 && value as number <= LARGEST_COUNT) return value as number;
    return this.wrong(key, "a positive whole number");
  }

  /** A positive whole number, or null where the file says null, which is not the same here as leaving the field out. */
  wholeOrNone(key: string, usual: number | null): number | null {
    return this.has(key) ? this.whole(key) : this.#orNone(key, usual);
  }

  /** As `wholeOrNone`, any number. */
  numberOrNone(key: string, usual: number | null): number | null {
    return this.has(key) ? this.number(key) : this.#orNone(key, usual);
  }

  number(key: string, fallback?: number): number {
    const value = this.#value(key) ?? fallback;
    return typeof value === "number" && Number.isFinite(value) ? value : this.wrong(key, "a number");
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.#value(key) ?? fallback;
    return typeof value === "boolean" ? value : this.wrong(key, "true or false");
  }

  text(key: string, fallback?: string): string {
    const value = this.#value(key) ?? fallback;
    return typeof value === "string" ? value : this.wrong(key, "a string");
  }

  /** A list, or null where there is none. */
  list(key: string): unknown[] | null {
    const value = this.#value(key) ?? null;
    return value === null || Array.isArray(value) ? value : this.wrong(key, "a list");
  }

  /** A list of numbers. */
  numbers(key: string): number[] {
    const value = this.#value(key);
    return Array.isArray(value) && value.every((v) => typeof v === "number" && Number.isFinite(v))
      ? value
      : this.wrong(key, "a list of numbers");
  }

  /** An object inside, or null where there is none. */
  inner(key: string): HfConfig | null {
    const value = this.#value(key);
    if (value === undefined) return null;
    if (typeof value !== "object" || Array.isArray(value)) return this.wrong(key, "an object");
    return new HfConfig(`${this.path}, ${key}`, value as Record<string, unknown>);
  }

  /** One of the choices that are given; what each of them means. */
  choice<T>(key: string, choices: Record<string, T>, fallback?: string): T {
    const value = this.text(key, fallback);
    if (Object.hasOwn(choices, value)) return choices[value];
    return this.refuse(`${key} is "${value}"; this version builds: ${Object.keys(choices).join(", ")}`);
  }

  /** Refuse a feature that is not built, where a field has another value than this one. */
  only(key: string, value: unknown): void {
    const got = this.#value(key) ?? value;
    if (got !== value) {
      this.refuse(`${key} is ${shown(got)}; this version builds only ${JSON.stringify(value)}`);
    }
  }

  /** @throws {TypeError} Saying what cannot be opened. */
  refuse(reason: string): never {
    throw new TypeError(`Cannot open ${this.path}: ${reason}`);
  }

  /** @throws {SyntaxError} Saying what a field must be. */
  wrong(key: string, what: string): never {
    const got = Object.hasOwn(this.values, key) ? `is ${shown(this.values[key])}, not` : "is missing, it must be";
    throw new SyntaxError(`Cannot read ${this.path}: ${key} ${got} ${what}`);
  }

  #orNone(key: string, usual: number | null): number | null {
    return Object.hasOwn(this.values, key) && this.values[key] === null ? null : usual;
  }

  #value(key: string): unknown {
    return Object.hasOwn(this.values, key) ? this.values[key] ?? undefined : undefined;
  }
}
