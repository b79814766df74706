/** Published architectures by name. */
import { noOptions } from "../../check/options.ts";
import { shown } from "../../check/check.ts";
import { suggestion } from "../../check/nearest.ts";
import type { ArchSpec } from "../spec.ts";
import { GEMMA } from "./gemma.ts";
import { GPT } from "./gpt.ts";
import { LLAMA } from "./llama.ts";
import { MIXTURES } from "./mixtures.ts";
import type { Family } from "./parts.ts";
import { QWEN } from "./qwen.ts";
import { RECURRENT } from "./recurrent.ts";

const ZOO: Family = { ...LLAMA, ...GEMMA, ...QWEN, ...MIXTURES, ...GPT, ...RECURRENT };

/** The names that `zoo()` knows, family by family. */
export function zooNames(): string[] {
  return Object.keys(ZOO);
}

/**
 * The architecture of a published model, from its configuration: plain JSON of one's own, to change at will. It is a
 * model reference with seeded random weights; `scale()` makes a small sibling of it. Parameters are counted exactly as
 * published (`tests/golden/zoo_parameters.json` has the counts and their sources).
 *
 * @throws {RangeError} If there is no such name.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { zoo } from "./zoo.ts";
 *
 * const llama = zoo("llama-3.2-1b");
 * assert.equal(llama.layers.length, 16);
 * assert.deepEqual(llama.layers[0].mixer, { kind: "attention", heads: 32, kvHeads: 8, headDim: 64 });
 * ```
 */
export function zoo(name: string): ArchSpec {
  noOptions("zoo", arguments, 1);
  if (typeof name !== "string") {
    throw new TypeError(`Cannot look up an architecture: its name must be a text, got ${shown(name)}`);
  }
  // Cloned apart, since a family writes a layer once for all places where it stands.
  if (Object.hasOwn(ZOO, name)) return { name, ...JSON.parse(JSON.stringify(ZOO[name])) };
  throw new RangeError(`Unknown architecture ${shown(name)}${suggestion(name, zooNames())}`);
}
