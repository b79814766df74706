/** Which architectures have a trainable form. */
import type { ArchSpec } from "../arch/spec.ts";
import { validateSpec } from "../arch/validate.ts";

/** Kinds of mixers and of channel mixers that `emitForward` knows; positions are all known. */
const MIXERS = ["attention", "mla", "linear", "mamba2", "convolution"];
const CHANNELS = ["swiglu", "geglu", "gelu", "gelu_erf", "relu", "relu2", "moe", "none"];

/**
 * Check that every part of a spec can be trained, before any work.
 *
 * @throws {TypeError} Naming the first part that cannot, and what can.
 * @throws {RangeError} If the spec itself does not hold together.
 */
export function checkTrainable(spec: ArchSpec): void {
  validateSpec(spec);
  spec.layers.forEach(({ mixer, channel }, i) => {
    for (const [part, { kind }, known] of [["mixer", mixer, MIXERS], ["channel", channel, CHANNELS]] as const) {
      if (known.includes(kind)) continue;
      throw new TypeError(
        `Cannot train "${spec.name}": layers[${i}].${part}.kind "${kind}" has no trainable form in this version; ` +
          `there are: ${known.join(", ")}`,
      );
    }
  });
}
