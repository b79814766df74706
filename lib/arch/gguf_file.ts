/** A GGUF file, or all files of a split one: every size and offset is checked against them before it is used. */
import { readRange } from "./file_range.ts";
import { type GgmlType, ggmlType, TensorDecoder } from "./ggml_types.ts";
import type { GgufTensor } from "./gguf/header.ts";
import { quantisationOf, type TypedTensor } from "./gguf/quantisation.ts";
import { type GgufShard, readShards } from "./gguf/shards.ts";
import type { BlockForm, Matrix } from "./quant_blocks.ts";

/** Read and decoded at once; a tensor may be larger than memory should hold twice. */
const PIECE_BYTES = 2 ** 26;

export interface GgufFile {
  /** The file with the keys: of a split model, the first. */
  path: string;
  /** All files that hold the model. */
  files: string[];
  /** Values by key; integers are numbers, but for those that a number cannot hold exactly. */
  metadata: Record<string, unknown>;
  tensorNames: string[];
  /** Name and truth: "Q4_K_M, 7.4 bits a weight", or "F32". */
  quantisation: string;
  /** Format, numbers and bytes of every tensor. */
  stored: TypedTensor[];
  /** Rows and columns of a tensor; a vector is one row, experts' matrices stand below one another. */
  shape(tensor: string): { rows: number; cols: number };
  /** The form that a tensor is read into: blocks, or null for floats. */
  form(tensor: string): BlockForm | null;
  /** The tensor as it is stored, [rows][cols]. */
  read(tensor: string): Promise<Matrix>;
}

interface Place {
  path: string;
  type: GgmlType;
  rows: number;
  cols: number;
  /** From the start of the file. */
  offset: number;
  bytes: number;
}

/**
 * Open a GGUF file and check its header.
 *
 * @param path The file; of a split model, any of its files.
 * @throws {Deno.errors.NotFound} If there is no such file, or a part of the model is missing.
 * @throws {SyntaxError} If it is cut off, malformed, or a tensor lies outside it; if a part is of another model.
 * @throws {TypeError} If it is big-endian, of an unknown version, or a tensor has an unknown quantisation.
 */
export async function openGguf(path: string): Promise<GgufFile> {
  const shards = await readShards(path), [first] = shards;
  const places = new Map<string, Place>();
  for (const shard of shards) for (const tensor of shard.tensors) places.set(tensor.name, placeOf(tensor, shard));
  const place = (name: string): Place => {
    const found = places.get(name);
    if (found) return found;
    throw new SyntaxError(`Cannot read ${first.path}: it has no tensor ${name}`);
  };
  const tensors = [...places.values()].map(({ type, rows, cols, bytes }) => ({ type, values: rows * cols, bytes }));
  return {
    path: first.path,
    files: shards.map((shard) => shard.path),
    metadata: first.metadata,
    tensorNames: [...places.keys()],
    quantisation: quantisationOf(first.metadata, tensors),
    stored: tensors,
    shape(name) {
      const { rows, cols } = place(name);
      return { rows, cols };
    },
    form(name) {
      const { type } = place(name);
      return "floats" in type ? null : type;
    },
    read: (name) => readTensor(place(name)),
  };
}

function placeOf(
  { name, shape, type: id, offset }: GgufTensor,
  { path, size, dataOffset, alignment }: GgufShard,
): Place {
  const type = ggmlType(id, `tensor ${name} of ${path}`);
  const [cols = 1n, ...rest] = shape, rows = rest.reduce((a, b) => a * b, 1n);
  if (cols < 1n || rows < 1n || cols % BigInt(type.blockValues) !== 0n) {
    throw new SyntaxError(`Cannot read ${path}: tensor ${name} has shape [${shape}], which ${type.name} cannot hold`);
  }
  // Bigints until the file's size bounds them.
  const bytes = cols / BigInt(type.blockValues) * rows * BigInt(type.blockBytes), start = BigInt(dataOffset) + offset;
  if (offset % BigInt(alignment) !== 0n || start + bytes > BigInt(size)) {
    throw new SyntaxError(
      `Cannot read ${path}: tensor ${name} (${bytes} bytes at offset ${start}) lies outside the file of ${size} ` +
        `bytes or is not aligned to ${alignment}; the file is truncated or damaged, get it again`,
    );
  }
  return { path, type, rows: Number(rows), cols: Number(cols), offset: Number(start), bytes: Number(bytes) };
}

async function readTensor({ path, type, rows, cols, offset, bytes }: Place): Promise<Matrix> {
  const decoder = new TensorDecoder(type, rows, cols);
  const piece = Math.floor(PIECE_BYTES / type.blockBytes) * type.blockBytes;
  for (let at = 0; at < bytes; at += piece) {
    decoder.add(await readRange(path, offset + at, Math.min(piece, bytes - at)));
  }
  return decoder.matrix;
}
