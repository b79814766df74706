/**
 * Weights in the safetensors format (https://github.com/huggingface/safetensors#format): one file, or the shards that
 * an index names. Every size and offset is checked against the file before it is used, and tensors are read one at a
 * time.
 */
import { dirname, join } from "node:path";
import { fileSize, readRange } from "./file_range.ts";
import { parseObject, readJsonObject } from "./json_file.ts";

/** The format's own limit. */
const LARGEST_HEADER = 100_000_000;

/** Bytes of a number, by the format's names; those below one are packed. */
const DTYPE_BYTES: Record<string, number> = {
  ...{ F4: 1 / 2, F6_E2M3: 3 / 4, F6_E3M2: 3 / 4, BOOL: 1, U8: 1, I8: 1 },
  ...{ F8_E5M2: 1, F8_E4M3: 1, F8_E8M0: 1, F8_E5M2FNUZ: 1, F8_E4M3FNUZ: 1 },
  ...{ U16: 2, I16: 2, F16: 2, BF16: 2, U32: 4, I32: 4, F32: 4, U64: 8, I64: 8, F64: 8, C64: 8 },
};

/** Kinds of numbers that `readTensor` reads. */
export const READ_DTYPES = ["F32", "F16", "BF16", "F64"];

export function isRead(dtype: string): boolean {
  return READ_DTYPES.includes(dtype);
}

export interface StoredTensor {
  /** "F32", "BF16", ... */
  dtype: string;
  shape: number[];
  /** The file that holds it. */
  path: string;
  /** Bytes of it, from the file's start. */
  offset: number;
  bytes: number;
}

export interface Safetensors {
  /** What was opened: a file, or an index of shards. */
  path: string;
  /** Every file that the weights lie in, the index included. */
  files: string[];
  tensors: Map<string, StoredTensor>;
}

/**
 * Read the headers of a .safetensors file, or of the shards that a .safetensors.index.json names.
 *
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {SyntaxError} If a header is malformed, or says that a tensor lies where it cannot.
 */
export async function openSafetensors(path: string): Promise<Safetensors> {
  if (!path.endsWith(".json")) return { path, files: [path], tensors: await readHeader(path) };
  const places = weightMap(path, await readJsonObject(path));
  const shards = [...new Set(places.values())];
  const headers = new Map<string, Map<string, StoredTensor>>();
  for (const shard of shards) headers.set(shard, await readShard(path, shard));
  // A shard's tensors that the index leaves out belong to the model too, as in transformers.
  const tensors = new Map(headers.values().flatMap((header) => [...header]));
  for (const [name, shard] of places) {
    const tensor = headers.get(shard)!.get(name);
    if (!tensor) {
      throw new SyntaxError(
        `Cannot read ${path}: it says that ${shard} holds ${name}, which it does not; that file is another model's, or ` +
          "the index is: get both again",
      );
    }
    tensors.set(name, tensor);
  }
  return { path, files: [path, ...shards.map((shard) => join(dirname(path), shard))], tensors };
}

/**
 * The numbers of a tensor, in row-major order.
 *
 * @throws {SyntaxError} If there is no such tensor, or the file ends before it.
 * @throws {TypeError} If its numbers are of a kind that is not read.
 */
export async function readTensor({ path, tensors }: Safetensors, name: string): Promise<Float32Array> {
  const tensor = tensors.get(name);
  if (!tensor) throw new SyntaxError(`Cannot read ${path}: it has no tensor ${name}`);
  const { dtype, offset, bytes } = tensor;
  if (!isRead(dtype)) {
    throw new TypeError(
      `Cannot read ${name} of ${path}: its numbers are ${dtype}; this version reads ${READ_DTYPES.join(", ")}`,
    );
  }
  const { buffer } = await readRange(tensor.path, offset, bytes);
  if (dtype === "F32") return new Float32Array(buffer);
  if (dtype === "F64") return Float32Array.from(new Float64Array(buffer));
  if (dtype === "F16") return new Float32Array(new Float16Array(buffer));
  const half = new Uint16Array(buffer), bits = new Uint32Array(half.length);
  for (let i = 0; i < half.length; i++) bits[i] = half[i] << 16; // a 32-bit float's upper half
  return new Float32Array(bits.buffer);
}

async function readShard(index: string, shard: string): Promise<Map<string, StoredTensor>> {
  try {
    return await readHeader(join(dirname(index), shard));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Deno.errors.NotFound(`${error.message}, and ${index} says that it holds a part of the model; get it too`);
  }
}

async function readHeader(path: string): Promise<Map<string, StoredTensor>> {
  const damaged = (reason: string) =>
    new SyntaxError(`Cannot read ${path} as safetensors: ${reason}; the file is truncated or damaged, get it again`);
  const size = await fileSize(path);
  if (size < 8) throw damaged(`it has only ${size} bytes`);
  const length = Number(new DataView((await readRange(path, 0, 8)).buffer).getBigUint64(0, true));
  if (length > Math.min(size - 8, LARGEST_HEADER)) {
    throw damaged(`it claims a header of ${length} bytes, of a file of ${size} and at most ${LARGEST_HEADER}`);
  }
  const header = parseObject(await readRange(path, 8, length));
  if (!header) throw damaged("its header is not a JSON object");

  const start = 8 + length, tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets } = (entry ?? {}) as Record<string, unknown>;
    if (typeof dtype !== "string" || !(Object.hasOwn(DTYPE_BYTES, dtype))) {
      throw damaged(`tensor ${name} has the unknown dtype ${JSON.stringify(dtype)}`);
    }
    if (!isSizes(shape)) throw damaged(`tensor ${name} has the shape ${JSON.stringify(shape)}`);
    if (!isSizes(data_offsets) || data_offsets.length !== 2 || data_offsets[1] > size - start) {
      throw damaged(
        `tensor ${name} claims bytes ${JSON.stringify(data_offsets)} of the ${size - start} that the file has for data`,
      );
    }
    const bytes = data_offsets[1] - data_offsets[0], needed = shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype]);
    if (bytes !== needed) {
      throw damaged(`tensor ${name}, ${dtype} [${shape}], takes ${needed} bytes, but its offsets span ${bytes}`);
    }
    tensors.set(name, { dtype, shape, path, offset: start + data_offsets[0], bytes });
  }

  // The format allows neither overlaps nor bytes that no tensor owns.
  let end = start;
  for (
    const [name, { offset, bytes }] of [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes)
  ) {
    if (offset !== end) {
      throw damaged(
        `tensor ${name} starts at byte ${offset}, ` +
          (offset < end ? `inside the one before it, which ends at ${end}` : `but the one before it ends at ${end}`),
      );
    }
    end = offset + bytes;
  }
  if (end !== size) throw damaged(`its last tensor ends at byte ${end} of ${size}`);
  return tensors;
}

/** Tensor -> shard; a shard is a file beside the index. */
function weightMap(path: string, index: Record<string, unknown>): Map<string, string> {
  const map = index.weight_map;
  if (typeof map !== "object" || map === null) {
    throw new SyntaxError(`Cannot read ${path}: it has no object weight_map`);
  }
  return new Map(
    Object.entries(map).map(([name, shard]) => {
      if (typeof shard !== "string" || !/^[^/\\]+\.safetensors$/.test(shard)) {
        throw new SyntaxError(
          `Cannot read ${path}: the shard of ${name} is ${
            JSON.stringify(shard)
          }, not the name of a .safetensors file ` +
            "beside it",
        );
      }
      return [name, shard];
    }),
  );
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
