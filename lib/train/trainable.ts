/** Which architectures have a trainable form. */
import type { ArchSpec, LayerSpec } from "../arch/spec.ts";
import { validateSpec } from "../arch/validate.ts";
import { TRAINABLE_CHANNELS } from "./blocks/channel.ts";

/**
 * Check that every part of a spec can be trained, before any work.
 *
 * @throws {TypeError} Naming the first part that cannot, and what can.
 * @throws {RangeError} If the spec itself does not hold together.
 */
export function checkTrainable(spec: ArchSpec): void {
  validateSpec(spec);
  if (spec.position.kind === "alibi") throw untrainable(spec, "position", "alibi", "rope, learned, none");
  spec.layers.forEach((layer, i) => {
    const problem = problemOf(layer);
    if (problem) throw untrainable(spec, `layers[${i}].${problem.part}`, problem.is, problem.known);
  });
}

function problemOf({ mixer, channel }: LayerSpec): { part: string; is: string; known: string } | null {
  if (mixer.kind === "mla" || mixer.kind === "mamba2") {
    return { part: "mixer.kind", is: mixer.kind, known: "attention, linear, convolution" };
  }
  if (mixer.kind === "linear" && mixer.decay === "channel") {
    return { part: "mixer.decay", is: mixer.decay, known: "mamba, retnet" };
  }
  if (mixer.kind !== "convolution" && mixer.position?.kind === "alibi") {
    return { part: "mixer.position.kind", is: "alibi", known: "rope, learned, none" };
  }
  if ((TRAINABLE_CHANNELS as readonly string[]).includes(channel.kind)) return null;
  return { part: "channel.kind", is: channel.kind, known: TRAINABLE_CHANNELS.join(", ") };
}

function untrainable({ name }: ArchSpec, part: string, is: string, known: string): TypeError {
  return new TypeError(
    `Cannot train "${name}": ${part} "${is}" has no trainable form in this version; there are: ${known}`,
  );
}
