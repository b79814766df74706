/** RWKV's token shift: every token beside the one before it, of which the last one is a state from run to run. */
import type { PackedTensor } from "../packer.ts";
import type { Place, StateShape } from "./block.ts";

/** The last token's channels; zeros before a sequence. */
export function shiftState(name: StateShape["name"], channels: number): StateShape {
  return { name, dims: [1, channels], type: "float32" };
}

/** [batch, tokens, channels] in and out: what stood one token earlier. */
export function emitTokenBefore({ nodes, inputs, layer }: Place, name: StateShape["name"], x: string): string {
  const { g } = nodes, { past, present } = inputs.state(layer, name);
  const all = g.node("Concat", [past, x], { axis: 1 });
  const part = (first: number, end: number, outputs?: string[]) =>
    g.node("Slice", [all, nodes.int64([first]), nodes.int64([end]), nodes.int64([1])], {}, { outputs });
  part(-1, END, [present]);
  return part(0, -1);
}

/** Behind the last element of an axis of any length. */
const END = 2 ** 31 - 1;

/** What the token before has more than each token, for `emitMix`. */
export function emitShiftedBy(place: Place, name: StateShape["name"], x: string): string {
  return place.nodes.g.node("Sub", [emitTokenBefore(place, name, x), x]);
}

/** x with a share of the token before: x + share * shiftedBy. */
export function emitMix({ nodes }: Place, x: string, shiftedBy: string, share: PackedTensor): string {
  const { g } = nodes;
  return g.node("Add", [x, g.node("Mul", [shiftedBy, nodes.weight(share)])]);
}
