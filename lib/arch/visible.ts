/** Who sees whom: masks of softmax attention as a bias on scores, for what the fused kernel has no attribute for. */
import { DATA_TYPES, type GraphBuilder } from "../onnx/graph_builder.ts";
import type { DecoderInputs, Visible } from "./blocks/block.ts";
import { HIDDEN, Nodes } from "./nodes.ts";
import type { ArchSpec, AttentionSpec } from "./spec.ts";

/** Name of a bias among the inputs and values of a graph. */
export function biasName({ window, sinks }: Visible): string {
  return `bias${window === undefined ? "" : `_w${window}`}${sinks ? `_s${sinks}` : ""}`;
}

/** The distinct biases that a spec's layers need when none of their masks is left to the kernel. */
export function biasKinds(spec: ArchSpec): Visible[] {
  const kinds = new Map<string, Visible>();
  for (const { mixer } of spec.layers) {
    if (mixer.kind !== "attention" && mixer.kind !== "mla") continue;
    const visible = mixer.kind === "attention" ? visibleOf(mixer) : {};
    kinds.set(biasName(visible), visible);
  }
  return [...kinds.values()];
}

export function visibleOf({ window, sinks }: AttentionSpec): Visible {
  return window === undefined ? {} : { window, ...(sinks ? { sinks } : {}) };
}

/** Whether a layer penalises distance, so that graphs must know where the keys stand. */
export function hasAlibi(spec: ArchSpec): boolean {
  return spec.layers.some(({ mixer }) =>
    mixer.kind === "attention" && (mixer.position ?? spec.position).kind === "alibi"
  );
}

/** The slope of each head (Press et al. 2021, their `get_slopes`). */
export function alibiSlopes(heads: number): number[] {
  const powers = (n: number) => Array.from({ length: n }, (_, i) => 2 ** (-8 * (i + 1) / n));
  const whole = 2 ** Math.floor(Math.log2(heads));
  return [...powers(whole), ...powers(2 * whole).filter((_, i) => i % 2 === 0)].slice(0, heads);
}

/** Places and masks computed in the graph, of tokens whose slot in the caches is their position. */
export function causalPlaces(
  root: GraphBuilder,
  g: GraphBuilder,
  { ids, seqlens, totalLength }: { ids: string; seqlens: string; totalLength: string },
): Pick<DecoderInputs, "positions" | "slots" | "keyPositions" | "bias"> {
  const nodes = new Nodes(root, g), values = new Map<string, string>();
  const once = (name: string, make: () => string) => {
    if (!values.has(name)) values.set(name, make());
    return values.get(name)!;
  };
  const scalar = (value: number) => root.literal("int64", [], [value]);
  const range = (length: string) => g.node("Range", [scalar(0), length, scalar(1)]);
  /** [batch, tokens]: behind the row's cached tokens. Of a padded prompt (seqlens < tokens - 1) nothing is cached. */
  const positions = () =>
    once("positions", () => {
      const tokens = g.node("Squeeze", [g.node("Shape", [ids], { start: 1, end: 2 })]);
      const last = g.node("Cast", [seqlens], { to: DATA_TYPES.int64 });
      const first = g.node("Max", [g.node("Sub", [last, g.node("Sub", [tokens, scalar(1)])]), scalar(0)]);
      return g.node("Add", [g.node("Unsqueeze", [first, nodes.int64([1])]), range(tokens)]);
    });
  const keyPositions = () =>
    once("keys", () => {
      const total = g.node("Cast", [totalLength], { to: DATA_TYPES.int64 });
      return g.node("Unsqueeze", [range(total), nodes.int64([0])]);
    });
  return {
    positions,
    slots: positions,
    keyPositions,
    bias: (visible) =>
      once(biasName(visible), () => {
        const query = g.node("Unsqueeze", [positions(), nodes.int64([1, 3])]); // [batch, 1, tokens, 1]
        const key = g.node("Unsqueeze", [keyPositions(), nodes.int64([1, 2])]); // [1, 1, 1, total]
        let seen = g.node("LessOrEqual", [key, query]);
        if (visible.window !== undefined) {
          const inside = g.node("Greater", [key, g.node("Sub", [query, scalar(visible.window)])]);
          const near = visible.sinks ? g.node("Or", [inside, g.node("Less", [key, scalar(visible.sinks)])]) : inside;
          seen = g.node("And", [seen, near]);
        }
        return g.node("Where", [seen, nodes.float(0), nodes.float(HIDDEN)]);
      }),
  };
}
