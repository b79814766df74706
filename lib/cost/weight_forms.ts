/** In which form each matrix of a model is kept: what its bytes follow from, known before any number is read. */
import type { BlockForm } from "../arch/quant_blocks.ts";
import type { Precision } from "../arch/model_ref.ts";
import type { WeightSource } from "../arch/weight_source.ts";

export interface WeightForms {
  /** The blocks of a matrix, or null for floats; `layer` is the layer's index in the file, null outside the layers. */
  of(layer: number | null, name: string): BlockForm | null;
  /** Bytes of a float. */
  floatBytes: 2 | 4;
}

/** As this library quantises: symmetric, in blocks of 32. */
const block = (bits: 4 | 8): BlockForm => ({ bits, blockSize: 32, zero: 2 ** (bits - 1), hasMins: false });

/**
 * The forms of a precision.
 *
 * @throws {RangeError} For "stored": its forms are the file's own, see `storedForms`.
 */
export function formsOf(precision: Precision): WeightForms {
  switch (precision) {
    case "fp32":
      return { of: () => null, floatBytes: 4 };
    case "fp16":
    case "bf16":
      return { of: () => null, floatBytes: 2 };
    case "int8":
      return { of: () => block(8), floatBytes: 4 };
    case "int4":
      return { of: () => block(4), floatBytes: 4 };
    case "stored":
      throw new RangeError(
        "Cannot tell the weights' bytes of precision \"stored\" from an architecture alone: they are its file's own; pass " +
          "a reference to the model instead of its spec, or one of fp32, fp16, bf16, int8, int4",
      );
  }
}

/** The forms that a model's file has, from its header. */
export function storedForms(source: WeightSource): WeightForms {
  return { of: (layer, name) => source.form(layer, name), floatBytes: 4 };
}
