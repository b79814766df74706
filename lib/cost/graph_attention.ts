/**
 * Finds attention that is written in plain operators: a product of two activations, perhaps scaled, a mask added, a
 * softmax, and a second product. Where the mask's values are known, the causal convention counts what it lets through.
 */
import type { Execution } from "../onnx/graph_scope.ts";
import type { Tensor } from "../onnx/tensor.ts";
import { productOf } from "../onnx/shapes_products.ts";
import { isVisible } from "./graph_flops.ts";

/** Scores of some keys: the last axis of a tensor, or a stretch of it. */
interface Part {
  width: number;
  /** How the products that made the scores take back FLOPs of hidden pairs. */
  products: ((visible: number, of: number) => void)[];
  /** What the mask shows; null while none was met whose values are known. */
  shown: { visible: number; of: number } | null;
  /** Whether a softmax was met: then a product with these scores is one with the values. */
  probabilities: boolean;
}

/** Operators through which scores stay scores. */
const PASSED = new Set(
  "Add Sub Mul Div Where Cast Identity Reshape Unsqueeze Squeeze Tanh Max Min Clip Dropout Softmax".split(" "),
);

export class PlainAttention {
  readonly #parts = new WeakMap<Tensor, Part[]>();
  /** Softmaxes over scores of several rows whose mask is not known: all pairs were counted. */
  readonly unmasked: string[] = [];

  /**
   * Look at one run of a node.
   *
   * @param hide Takes a share of the node's causal FLOPs back: `visible` of `of` pairs are left.
   */
  visit({ view, outputs }: Execution, hide: (visible: number, of: number) => void): void {
    const [written] = outputs, { opType, name } = view.node;
    if (!written) return;
    const inputs = view.inputs.filter((x) => x !== null), tagged = inputs.filter((x) => this.#parts.has(x));
    if (inputs.length >= 2 && productOf(view)) {
      const parts = tagged.flatMap((x) => this.#parts.get(x)!).filter((p) => p.probabilities);
      if (parts.length > 0) hide(...shareOf(parts));
      else if (inputs[0].weight === null && inputs[1].weight === null) this.#set(written, [scores(written, hide)]);
      return;
    }
    if (tagged.length === 0) return;
    if (opType === "Concat") this.#set(written, inputs.flatMap((x) => this.#parts.get(x) ?? [scores(x)]));
    else if (opType === "Split" || opType === "Slice") this.#cut(outputs, this.#parts.get(tagged[0])!);
    else if (PASSED.has(opType)) {
      const mask = maskOf(opType, view.inputs, (x) => this.#parts.has(x));
      const parts = together(tagged.map((x) => this.#parts.get(x)!), mask);
      if (opType === "Softmax") this.#softmax(parts, written, name);
      this.#set(written, opType === "Softmax" ? parts.map((p) => ({ ...p, probabilities: true })) : parts);
    }
  }

  #set(x: Tensor, parts: Part[]): void {
    const width = parts.reduce((sum, p) => sum + p.width, 0);
    if (width === x.dims[x.dims.length - 1]) this.#parts.set(x, parts);
  }

  /** Pieces of the last axis that are whole parts. */
  #cut(outputs: (Tensor | null)[], parts: Part[]): void {
    const rest = [...parts];
    for (const x of outputs) {
      const taken: Part[] = [];
      const width = () => taken.reduce((sum, p) => sum + p.width, 0);
      while (x && rest.length > 0 && width() < x.dims[x.dims.length - 1]) taken.push(rest.shift()!);
      if (x) this.#set(x, taken);
    }
  }

  #softmax(parts: Part[], x: Tensor, name: string): void {
    for (const { shown, products, width } of parts) {
      if (shown) products.forEach((hide) => hide(shown.visible, shown.of));
      else if (products.length > 0 && width > 0 && (x.dims[x.dims.length - 2] ?? 1) > 1) this.unmasked.push(name);
    }
  }
}

function scores(x: Tensor, hide?: (visible: number, of: number) => void): Part {
  return { width: x.dims[x.dims.length - 1], products: hide ? [hide] : [], shown: null, probabilities: false };
}

/** The share of the products with the values that the parts' masks leave: a part counts by its width. */
function shareOf(parts: Part[]): [visible: number, of: number] {
  if (parts.length === 1) return [parts[0].shown?.visible ?? 1, parts[0].shown?.of ?? 1];
  const visible = parts.map(({ width, shown }) => (shown ? width * shown.visible / shown.of : width));
  return [visible.reduce((a, b) => a + b, 0), parts.reduce((sum, p) => sum + p.width, 0)];
}

/** Scores that are added up, element by element, under one more mask. */
function together(tagged: Part[][], mask: Part["shown"]): Part[] {
  return tagged[0].map((part, i) => ({
    ...part,
    products: [...new Set(tagged.flatMap((parts) => parts[i]?.products ?? []))],
    shown: fewer(part.shown, mask),
  }));
}

function fewer(a: Part["shown"], b: Part["shown"]): Part["shown"] {
  if (!a || !b) return a ?? b;
  return a.visible / a.of <= b.visible / b.of ? a : b;
}

/** What the other input of an Add, a Sub or a Where hides. A bias that hides nothing is a mask all the same. */
function maskOf(opType: string, inputs: (Tensor | null)[], isScore: (x: Tensor) => boolean): Part["shown"] {
  const [a, b, c] = inputs;
  if (opType === "Where") {
    const [fill, kept] = b && isScore(b) ? [c, 1] : [b, 0];
    if (!a?.values?.length || !fill?.values?.every((x) => !isVisible(x))) return null;
    return { visible: a.values.filter((x) => (x ? 1 : 0) === kept).length, of: a.values.length };
  }
  const values = opType === "Add" || opType === "Sub" ? (a && isScore(a) ? b : a)?.values : null;
  if (!values || values.length < 2) return null;
  const sign = opType === "Add" ? 1 : -1;
  return { visible: values.filter((x) => isVisible(sign * x)).length, of: values.length };
}
