/**
 * The header of a GGUF file: its keys, and where its tensors lie. Layout: docs/gguf.md of ggml.
 *
 * Read here and not by @huggingface/gguf (0.4.6), which drops U+FEFF from the start of every token, takes big-endian files
 * and version 1 without a word, and says of a bad key neither its name nor its place.
 */
import { fileSize, readRange } from "../file_range.ts";

const DEFAULT_ALIGNMENT = 32;
/** What is read first; vocabularies of 260,000 tokens take about 10 MB. */
const FIRST_BYTES = 2 ** 22;
/** No header is larger: one that claims more is not read. */
const MOST_BYTES = 2 ** 28;
/** ggml has four axes. */
const MOST_AXES = 4;
const MOST_DEPTH = 4;
/** Values of a list; vocabularies have a million at most. */
const MOST_VALUES = 2 ** 24;

export interface GgufTensor {
  name: string;
  /** Columns first, as the file has it. */
  shape: bigint[];
  /** GGML's type id. */
  type: number;
  /** From the start of the data. */
  offset: bigint;
}

export interface GgufHeader {
  /** Values by key; 64-bit integers are numbers where a number holds them exactly, and bigints otherwise. */
  metadata: Record<string, unknown>;
  tensors: GgufTensor[];
  alignment: number;
  /** Where the data starts, in bytes. */
  dataOffset: number;
}

/**
 * The header of a file.
 *
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {SyntaxError} If it is cut off or malformed.
 * @throws {TypeError} If it is no GGUF, big-endian, or of a version that is not read.
 */
export async function readGgufHeader(path: string): Promise<GgufHeader & { size: number }> {
  const size = await fileSize(path);
  return await ggufHeaderIn(path, size, (length) => readRange(path, 0, length));
}

/**
 * The same, of a file elsewhere.
 *
 * @param path What errors call it.
 * @param size Bytes that the whole file has.
 * @param start Its first bytes, so many.
 */
export async function ggufHeaderIn(
  path: string,
  size: number,
  start: (length: number) => Promise<Uint8Array<ArrayBuffer>>,
): Promise<GgufHeader & { size: number }> {
  for (let length = Math.min(size, FIRST_BYTES);; length = Math.min(size, 4 * length)) {
    try {
      return { ...parse(path, await start(length), size), size };
    } catch (error) {
      if (!(error instanceof MoreNeeded)) throw error;
      if (length < MOST_BYTES) continue;
      throw new SyntaxError(
        `Cannot read ${path} as GGUF: ${error.message} lies past its first ${MOST_BYTES} bytes, and no header is that ` +
          "long; the file is damaged, get it again",
      );
    }
  }
}

/** The header goes on behind the bytes at hand. */
class MoreNeeded extends Error {}

const [UINT8, INT8, UINT16, INT16, UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY, UINT64, INT64, FLOAT64] = Array(13)
  .keys();
/** The least bytes that a value of a type takes. */
const LEAST_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8];

function parse(path: string, bytes: Uint8Array<ArrayBuffer>, size: number): GgufHeader {
  const view = new DataView(bytes.buffer), text = new TextDecoder("utf-8", { ignoreBOM: true });
  let at = 0, what = "its first bytes";
  const damaged = (reason: string): never => {
    throw new SyntaxError(`Cannot read ${path} as GGUF: ${reason}; the file is truncated or damaged, get it again`);
  };
  /** Where the next bytes start. */
  const take = (count: number) => {
    if (count > size - at) damaged(`${what} runs past its end, byte ${size}`);
    if (count > bytes.length - at) throw new MoreNeeded(what);
    const start = at;
    at += count;
    return start;
  };
  const uint32 = () => view.getUint32(take(4), true), uint64 = () => view.getBigUint64(take(8), true);
  /** A count of things that take at least `least` bytes each: a larger one is a lie that would cost memory. */
  const count = (least: number, things: string): number => {
    const claimed = uint64();
    if (claimed > BigInt(Math.floor((size - at) / least))) {
      damaged(`${what} claims ${claimed} ${things} in ${size} bytes`);
    }
    return Number(claimed);
  };
  const string = () => {
    const length = count(1, "characters"), start = take(length);
    return text.decode(bytes.subarray(start, start + length));
  };

  if (size < 24) {
    throw new SyntaxError(
      `Cannot read ${path} as GGUF: it has only ${size} bytes; the file is truncated, get it again`,
    );
  }
  checkStart(path, take(4), uint32());
  what = "its count of tensors";
  const tensorCount = count(24, "tensors");
  what = "its count of keys";
  const keyCount = count(13, "keys");
  const metadata = new Map<string, unknown>();
  for (let i = 0; i < keyCount; i++) {
    what = `the name of key ${i + 1} of ${keyCount}`;
    const key = string();
    what = `key ${JSON.stringify(key)}`;
    if (metadata.has(key)) damaged(`${what} is there twice`);
    metadata.set(key, value(uint32(), 0));
  }
  const alignment = metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== "number" || !(alignment > 0) || !Number.isInteger(Math.log2(alignment))) {
    return damaged(`its general.alignment is ${alignment}, not a power of two`);
  }
  const tensors = new Map<string, GgufTensor>();
  for (let i = 0; i < tensorCount; i++) {
    what = `the name of tensor ${i + 1} of ${tensorCount}`;
    const name = string();
    what = `tensor ${name}`;
    if (tensors.has(name)) damaged(`${what} is there twice`);
    const axes = uint32();
    if (axes > MOST_AXES) damaged(`${what} has ${axes} axes, more than ${MOST_AXES}`);
    tensors.set(name, { name, shape: Array.from({ length: axes }, uint64), type: uint32(), offset: uint64() });
  }
  return {
    metadata: Object.fromEntries(metadata),
    tensors: [...tensors.values()],
    alignment,
    dataOffset: Math.ceil(at / alignment) * alignment,
  };

  function value(type: number, depth: number): unknown {
    switch (type) {
      case UINT8:
        return view.getUint8(take(1));
      case INT8:
        return view.getInt8(take(1));
      case UINT16:
        return view.getUint16(take(2), true);
      case INT16:
        return view.getInt16(take(2), true);
      case UINT32:
        return uint32();
      case INT32:
        return view.getInt32(take(4), true);
      case FLOAT32:
        return view.getFloat32(take(4), true);
      case BOOL:
        return view.getUint8(take(1)) !== 0;
      case STRING:
        return string();
      case UINT64:
        return exact(uint64());
      case INT64:
        return exact(view.getBigInt64(take(8), true));
      case FLOAT64:
        return view.getFloat64(take(8), true);
      case ARRAY: {
        const inner = uint32();
        if (!(inner in LEAST_BYTES)) damaged(`${what} is a list of values of type ${inner}, which GGUF has not`);
        if (depth === MOST_DEPTH) damaged(`${what} has lists in lists, more than ${MOST_DEPTH} deep`);
        const length = count(LEAST_BYTES[inner], "values"), values: unknown[] = [];
        if (length > MOST_VALUES) damaged(`${what} is a list of ${length} values, more than ${MOST_VALUES}`);
        while (values.length < length) values.push(value(inner, depth + 1));
        return values;
      }
      default:
        return damaged(`${what} has a value of type ${type}, which GGUF has not`);
    }
  }

  /** Magic and version; the file is at least long enough for them. */
  function checkStart(path: string, start: number, version: number): void {
    const magic = String.fromCharCode(...bytes.subarray(start, start + 4));
    if (magic !== "GGUF") {
      throw new TypeError(
        `Cannot read ${path} as GGUF: it starts with ${
          JSON.stringify(magic)
        }; pass a GGUF file (older GGML files have ` +
          "to be converted), or a folder with config.json and .safetensors",
      );
    }
    const swapped = view.getUint32(start + 4, false);
    if (version % 65536 === 0 && swapped < 65536) {
      throw new TypeError(
        `Cannot read ${path} as GGUF: it is big-endian (version ${swapped}); make it little-endian with ` +
          "`gguf-convert-endian FILE little` of PyPI gguf, or get the file for little-endian machines",
      );
    }
    if (version !== 2 && version !== 3) {
      throw new TypeError(
        `Cannot read ${path} as GGUF: it is of version ${version}, and this version reads 2 and 3; convert the model anew`,
      );
    }
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
