/**
 * Shape inference by walking a model once with numbers for its symbols: every tensor gets a shape, and small ones that
 * shapes are computed from get their values. Subgraphs run as often as they would (a Loop's turns may differ in shape).
 */
import { type Bindings, evaluateDim, missingSymbols, namedDims, requiredSymbols } from "./dims.ts";
import { Scope, type Visitor, Walk } from "./graph_scope.ts";
import type { OnnxModel, OnnxValue } from "./onnx_model.ts";
import { type Known, tensor } from "./tensor.ts";
import { elementCount } from "./tensor_types.ts";

/** The symbols that `inferShapes` needs for a model, in the order of its inputs. */
export function modelSymbols({ graph }: OnnxModel): string[] {
  return requiredSymbols(graph.inputs);
}

/**
 * Run the shapes of a model.
 *
 * @param bindings A number for every symbol of the inputs; where a shape depends on an input's values (a count of
 *   tokens, a flag), the input's name with the value of all its elements.
 * @param values Values of whole inputs, by name, where one number does not say them.
 * @returns The outputs, by name.
 * @throws {RangeError} If a symbol is not bound, or shapes do not fit together: names the node.
 */
export function inferShapes(
  model: OnnxModel,
  bindings: Bindings,
  visitor: Visitor = {},
  values: Record<string, (dims: number[]) => Float64Array> = {},
): Map<string, Known> {
  const missing = missingSymbols(model.graph.inputs, bindings);
  if (missing.length > 0) {
    throw new RangeError(
      `Cannot infer shapes: no size for ${missing.join(", ")}; the model's inputs need ${
        modelSymbols(model).join(", ")
      }`,
    );
  }
  for (const [name, value] of Object.entries(bindings)) {
    if (!Number.isFinite(value)) throw new RangeError(`Cannot infer shapes: "${name}" is ${value}; give a number`);
  }
  const inputs = model.graph.inputs.map((input) => inputTensor(input, bindings, values[input.name]));
  const scope = new Scope(new Walk(model, bindings, visitor), model.graph, null);
  const outputs = scope.run(inputs, 1);
  return new Map(model.graph.outputs.map((o, i) => [o.name, outputs[i]]));
}

function inputTensor(input: OnnxValue, bindings: Bindings, values?: (dims: number[]) => Float64Array): Known {
  if (!input.dims) return { reason: `the file gives no shape for the input "${input.name}"` };
  const dims = namedDims(input).map((d) => evaluateDim(d, bindings));
  if (dims.some((d) => d === null || !Number.isSafeInteger(d) || d < 0)) {
    throw new RangeError(`Cannot infer shapes: input "${input.name}" [${input.dims}] becomes [${dims}]`);
  }
  const bound = Object.hasOwn(bindings, input.name) ? bindings[input.name] : undefined;
  const shape = dims as number[];
  const fill = () => new Float64Array(elementCount(shape)).fill(bound!);
  return tensor(input.type, shape, values ? () => values(shape) : bound === undefined ? null : fill);
}
