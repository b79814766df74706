/** The words of an error about what was passed: what cannot be done, where it is wrong, the value, and the fix. */
import { suggestion } from "./nearest.ts";

export interface CheckWords {
  /** What the value as a whole is called. Default "the options". */
  whole?: string;
  /** What a part of it is called. Default "option". */
  part?: string;
}

/** What is being checked, e.g. `new Check("Cannot generate")`. */
export class Check {
  readonly #whole: string;
  readonly #part: string;

  constructor(readonly cannot: string, { whole = "the options", part = "option" }: CheckWords = {}) {
    this.#whole = whole;
    this.#part = part;
  }

  /** What stands `at` a place, for a message. */
  named(at: string): string {
    return at || this.#whole;
  }

  /** A value that cannot be meant. */
  fail(reason: string): never {
    throw new RangeError(`${this.cannot}: ${reason}`);
  }

  /** A value of the wrong kind, or one too many or too few. */
  wrong(reason: string): never {
    throw new TypeError(`${this.cannot}: ${reason}`);
  }

  /** A name beside the known ones. `fix` says where it belongs, if that is known. */
  unknown(at: string, name: string, known: readonly string[], fix?: string): never {
    return this.wrong(`unknown ${this.#part} "${placed(at, name)}"${fix ? `; ${fix}` : suggestion(name, known)}`);
  }
}

/** Where a part of what stands `at` a place stands. */
export function placed(at: string, name: string): string {
  return at ? `${at}.${name}` : name;
}

const LONGEST = 60;

/** A value as a message shows it: short, and never an error of its own. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case "undefined":
    case "number":
      return String(value);
    case "bigint":
      return `${value}n`;
    case "symbol":
      return "a symbol";
    case "function":
      return value.name ? `the function ${cut(value.name)}` : "a function";
    case "object":
      if (value !== null && !Array.isArray(value) && !isPlain(value)) return `an instance of ${cut(nameOf(value))}`;
  }
  try {
    return cut(JSON.stringify(value) ?? "nothing");
  } catch {
    return Array.isArray(value) ? "a list" : "an object"; // it holds itself, or a bigint
  }
}

/** Whether an object is one of `{}`, of this realm or of another, and no instance of a class. */
export function isPlain(value: object): boolean {
  const proto = Object.getPrototypeOf(value);
  return proto === null || Object.getPrototypeOf(proto) === null;
}

function nameOf(value: object): string {
  return (Object.getPrototypeOf(value)?.constructor?.name as string | undefined) || "a class";
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}
