/** Says what does not fit in an architecture, in the architect's words. */
import type { ArchSpec } from "./spec.ts";

/**
 * Check a spec before anything is built from it.
 *
 * @throws {RangeError} Naming the spec, the field, its value and what it must be.
 */
export function validateSpec(spec: ArchSpec): void {
  const fail = (reason: string): never => {
    throw new RangeError(`Cannot build architecture "${spec.name}": ${reason}`);
  };
  const whole = (value: number, name: string) => {
    if (!Number.isInteger(value) || value < 1) fail(`${name} must be a positive integer, got ${value}`);
  };
  whole(spec.vocabSize, "vocabSize");
  whole(spec.hiddenSize, "hiddenSize");
  whole(spec.contextLength, "contextLength");
  if (!spec.layers?.length) fail("layers is empty; give at least one layer");
  if (!(spec.norm.epsilon > 0)) fail(`norm.epsilon must be positive, got ${spec.norm.epsilon}`);
  if (!(spec.position.theta > 0)) fail(`position.theta must be positive, got ${spec.position.theta}`);
  if (spec.kvCache !== undefined && spec.kvCache !== "fp32" && spec.kvCache !== "int8") {
    fail(`kvCache must be "fp32" or "int8", got ${JSON.stringify(spec.kvCache)}`);
  }
  spec.layers.forEach(({ mixer, channel }, i) => {
    const at = `layers[${i}]`;
    whole(mixer.heads, `${at}.mixer.heads`);
    whole(mixer.kvHeads, `${at}.mixer.kvHeads`);
    whole(mixer.headDim, `${at}.mixer.headDim`);
    whole(channel.intermediateSize, `${at}.channel.intermediateSize`);
    if (mixer.heads % mixer.kvHeads !== 0) {
      fail(`${at}: kvHeads ${mixer.kvHeads} does not divide heads ${mixer.heads}`);
    }
    // onnxruntime's GroupQueryAttention with rotary positions takes no other head sizes.
    if (mixer.headDim % 16 !== 0) fail(`${at}: headDim ${mixer.headDim} is not a multiple of 16`);
    if (mixer.window !== undefined) whole(mixer.window, `${at}.mixer.window`);
  });
}
