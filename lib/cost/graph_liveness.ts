/** Activations that live at once, by what a walk over the nodes in order holds. */
import { attentionGeometry } from "../onnx/attention_geometry.ts";
import type { Execution } from "../onnx/graph_scope.ts";
import { VIEWS } from "../onnx/shapes_movement.ts";
import type { Tensor } from "../onnx/tensor.ts";
import { tensorBytes } from "./graph_bytes.ts";
import { isCacheName } from "./graph_layers.ts";

/**
 * Counts results of nodes from the node that makes them to the last one that reads them, and what an attention kernel
 * keeps meanwhile: its score matrix (`gqa_attention_base.h`). Left out: the model's inputs, weights and what follows from
 * them, caches (they are counted as such), an operator writing over its own input, and what an allocator keeps.
 */
export class Liveness {
  peakBytes = 0;
  /** The node at which the peak is reached. */
  peakNode = "";
  #live = 0;
  readonly #holders = new Map<Tensor, number>();
  readonly #bytes = new WeakMap<Tensor, number>();
  /** A view keeps the tensor alive whose memory it shows. */
  readonly #shows = new WeakMap<Tensor, Tensor>();

  ran({ view, outputs, constant }: Execution): void {
    if (constant) return;
    const { opType, name, outputs: names } = view.node;
    if (VIEWS.has(opType)) {
      if (outputs[0]) this.#shows.set(outputs[0], view.input(0));
      return;
    }
    let made = 0;
    outputs.forEach((x, i) => {
      if (!x || isCacheName(names[i])) return;
      this.#bytes.set(x, tensorBytes(x));
      made += tensorBytes(x);
    });
    const now = this.#live + made + workspaceBytes(view);
    if (now > this.peakBytes) {
      this.peakBytes = now;
      this.peakNode = name;
    }
  }

  hold(x: Tensor): void {
    const holders = (this.#holders.get(x) ?? 0) + 1;
    this.#holders.set(x, holders);
    if (holders > 1) return;
    this.#live += this.#bytes.get(x) ?? 0;
    const shown = this.#shows.get(x);
    if (shown) this.hold(shown);
  }

  release(x: Tensor): void {
    const holders = (this.#holders.get(x) ?? 0) - 1;
    if (holders > 0) this.#holders.set(x, holders);
    else this.#holders.delete(x);
    if (holders !== 0) return;
    this.#live -= this.#bytes.get(x) ?? 0;
    const shown = this.#shows.get(x);
    if (shown) this.release(shown);
  }

  /** Bytes that live now: after a walk, 0 once its outputs are released. */
  get liveBytes(): number {
    return this.#live;
  }
}

/** The score matrix of a fused attention, float32. */
function workspaceBytes(view: Execution["view"]): number {
  const g = attentionGeometry(view);
  return g ? 4 * g.batch * g.heads * g.tokens * g.total : 0;
}
