/** The fields of a model reference and of the options that it may carry, and nothing else: a misspelt one is refused. */
import { Check, isPlain, shown } from "../check/check.ts";
import { SEED, THREADS } from "../check/common.ts";
import { names, object, optional } from "../check/objects.ts";
import { list, oneOf, type Rule, shaped, word } from "../check/rules.ts";
import { EDIT } from "./edits/fields.ts";
import { type ModelOptions, type ModelRef, OPTIMISATIONS, PRECISIONS, PROVIDERS } from "./model_ref.ts";
import type { ArchSpec } from "./spec.ts";
import { type AnySource, isResolvedGraph } from "./foreign/resolved_graph.ts";
import { isResolved, type ModelSource } from "./resolved.ts";
import { validateSpec } from "./validate.ts";

export const PRECISION = oneOf(...PRECISIONS);

export const MODEL_OPTIONS = object<ModelOptions>({
  precision: optional(PRECISION),
  provider: optional(oneOf(...PROVIDERS)),
  threads: optional(THREADS),
  optimise: optional(oneOf(...OPTIMISATIONS)),
});

/** A whole spec, checked as such: errors name the spec. */
export const ARCH_SPEC: Rule<ArchSpec> = (_check, _at, value) => validateSpec(value as ArchSpec);

type RefObject = Extract<ModelRef, { ref: unknown }>;
const nameOrSpec: Rule<string | ArchSpec> = (check, at, value) => {
  if (typeof value === "string") return word(check, at, value);
  if (typeof value !== "object" || value === null || Array.isArray(value) || !isPlain(value)) {
    return check.wrong(
      `${at || "the model"} must be a catalog name, a path, an architecture, or { ref } with options, got ${
        shown(value)
      }`,
    );
  }
  validateSpec(value as ArchSpec);
};
const refObject = object<RefObject>({
  ref: nameOrSpec,
  edits: optional(list(EDIT)),
  weights: optional(word),
  format: optional(oneOf("onnx", "safetensors")),
  seed: optional(SEED),
  tokenizer: optional(word),
  ...MODEL_OPTIONS.fields,
});

const isSpec = (value: object) => ["layers", "vocabSize", "hiddenSize"].some((name) => Object.hasOwn(value, name));

/** The rule of a reference: a name, a path, a spec, or one of these with options. */
export const MODEL_REF: Rule<ModelRef> = shaped(refObject.shape, (check, at, value) => {
  const withOptions = typeof value === "object" && value !== null && !Array.isArray(value) &&
    (Object.hasOwn(value, "ref") || !isSpec(value));
  (withOptions ? refObject : nameOrSpec)(check, at, value);
});

/** The same, or what was found for one. */
export const MODEL_SOURCE: Rule<ModelSource> = shaped(refObject.shape, (check, at, value) => {
  if (!isResolved(value)) MODEL_REF(check, at, value);
});

/** The same, or a graph that was found. */
export const ANY_SOURCE: Rule<AnySource> = shaped(refObject.shape, (check, at, value) => {
  if (!isResolvedGraph(value)) MODEL_SOURCE(check, at, value);
});

const isRef = (value: object) =>
  Object.hasOwn(value, "ref") && Object.keys(value).every((name) => Object.hasOwn(refObject.fields, name));

/** References by the name under which each is shown. */
export const MODELS = names(MODEL_REF, "reference", (value) => isSpec(value) || isRef(value));
/** The same, or what was found for them. */
export const SOURCES = names(
  ANY_SOURCE,
  "reference",
  (value) => isResolved(value) || isResolvedGraph(value) || isSpec(value) || isRef(value),
);
/** Architectures by name. */
export const SPECS = names(ARCH_SPEC, "architecture", isSpec);

/**
 * Check a reference, and options of the model beside it, before anything is opened.
 *
 * @throws {TypeError} For a field that is not known or of the wrong kind.
 * @throws {RangeError} For a value that cannot be meant.
 */
export function checkModel(cannot: string, ref: unknown, options: unknown = {}): void {
  ANY_SOURCE(new Check(cannot, { whole: "the model" }), "", ref);
  MODEL_OPTIONS(new Check(cannot), "", options);
}
