/** Tables that a graph stores twice: exporters write the head of a tied model beside its embedding, mostly turned. */
import { closeSync, openSync, readSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir } from "../../store/paths.ts";
import { remembered } from "../../store/whole_file.ts";
import { cacheKey } from "../build.ts";
import { filesIdentity } from "../file_range.ts";
import type { GraphWeights } from "./weights.ts";
import type { OnnxModel, OnnxTensor } from "../../onnx/onnx_model.ts";
import { byteLength, elementCount, isFloat } from "../../onnx/tensor_types.ts";

/** Raise it when other pairs are found. */
const VERSION = 1;
/** Bytes of a piece that is read and compared at once. */
const PIECE = 2 ** 22;
/** Smaller ones are no table of a vocabulary. */
const FEWEST_ROWS = 128;

type TwiceStored = NonNullable<GraphWeights["twice"]>[number];

/** Weights with each such table counted once. What was found is remembered for as long as no file changes. */
export async function countedOnce(
  weights: GraphWeights,
  path: string,
  model: OnnxModel,
  files: string[],
): Promise<GraphWeights> {
  const key = cacheKey(["twice stored", VERSION, await filesIdentity(files)]);
  const file = cacheDir("hashes", `${key}.json`);
  const twice = await remembered(file, () => Promise.resolve(twiceStored(path, model)));
  if (!twice.length) return weights;
  const once = twice.reduce((sum, { elements }) => sum + elements, 0);
  return { ...weights, parameters: weights.parameters - once, twice };
}

/**
 * Tables that are looked up, [vocabulary, hidden], and beside them a matrix of the same elements, [hidden, vocabulary] or of
 * the same shape: every element is compared.
 */
export function twiceStored(path: string, { graph }: OnnxModel): TwiceStored[] {
  const lookedUp = new Set(graph.nodes.filter(({ opType }) => opType === "Gather").map(({ inputs }) => inputs[0]));
  const tables = [...graph.initializers.values()].filter(({ type, dims }) =>
    isFloat(type) && dims.length === 2 && Math.max(...dims) >= FEWEST_ROWS
  );
  const found: TwiceStored[] = [], paired = new Set<OnnxTensor>();
  tables.forEach((a, i) => {
    if (!lookedUp.has(a.name)) return; // a matrix that stands twice elsewhere is two layers' own
    const b = tables.find((b, j) =>
      j !== i && !lookedUp.has(b.name) && !paired.has(b) && !isSamePlace(a, b) && areEqual(path, a, b)
    );
    if (!b) return;
    paired.add(b);
    const elements = elementCount(a.dims);
    found.push({ names: [a.name, b.name], elements, bytes: byteLength(a.type, elements) });
  });
  return found;
}

function isSamePlace({ external: a }: OnnxTensor, { external: b }: OnnxTensor): boolean {
  return a !== null && b !== null && a.location === b.location && a.offset === b.offset;
}

function areEqual(path: string, a: OnnxTensor, b: OnnxTensor): boolean {
  if (a.type !== b.type) return false;
  const [rows, cols] = a.dims, isTurned = b.dims[0] === cols && b.dims[1] === rows;
  const isAlike = b.dims[0] === rows && b.dims[1] === cols;
  if (!isTurned && !isAlike) return false;
  const width = byteLength(a.type, 1), folder = dirname(path);
  using first = new TensorBytes(folder, a), second = new TensorBytes(folder, b);
  const step = Math.max(1, Math.floor(PIECE / (cols * width)));
  let turned = isTurned, alike = isAlike; // a square table may be either
  for (let row = 0; row < rows && (turned || alike); row += step) {
    const count = Math.min(step, rows - row), piece = first.read(row * cols * width, count * cols * width);
    if (!piece) return false;
    alike &&= isSame(piece, second.read(row * cols * width, piece.length));
    for (let col = 0; turned && col < cols; col++) {
      const column = second.read((col * rows + row) * width, count * width);
      turned = column !== null && isColumn(piece, column, col, cols, width);
    }
  }
  return turned || alike;
}

function isSame(a: Uint8Array, b: Uint8Array | null): boolean {
  return b !== null && a.every((byte, i) => byte === b[i]);
}

/** Whether the elements of one column of some rows are these. */
function isColumn(rows: Uint8Array, column: Uint8Array, col: number, cols: number, width: number): boolean {
  for (let i = 0; i < column.length; i++) {
    const row = Math.floor(i / width);
    if (column[i] !== rows[(row * cols + col) * width + i % width]) return false;
  }
  return true;
}

/** A tensor's bytes, from the model's file in memory or from that of its external data. */
class TensorBytes {
  readonly #file: number | null;

  constructor(folder: string, readonly tensor: OnnxTensor) {
    this.#file = tensor.external && openSync(join(folder, tensor.external.location), "r");
  }

  /** null where they are not kept as such. */
  read(at: number, length: number): Uint8Array | null {
    if (this.#file === null) return this.tensor.raw?.subarray(at, at + length) ?? null;
    const bytes = new Uint8Array(length), from = this.tensor.external!.offset + at;
    return readSync(this.#file, bytes, 0, length, from) === length ? bytes : null;
  }

  [Symbol.dispose](): void {
    if (this.#file !== null) closeSync(this.#file);
  }
}
