/** A GGUF file: header by @huggingface/gguf, every size and offset checked against the file before it is used. */
import { gguf } from "@huggingface/gguf";
import { fileSize, readRange } from "./file_range.ts";
import { ggmlBytes, ggmlType } from "./ggml_types.ts";
import type { Matrix } from "./quant_blocks.ts";

const DEFAULT_ALIGNMENT = 32;

export interface GgufFile {
  path: string;
  metadata: Record<string, unknown>;
  tensorNames: string[];
  /** Name of the format that most weights have, e.g. "Q4_1". */
  quantisation: string;
  /** The tensor as it is stored, [rows][cols]; a vector is one row. */
  read(tensor: string): Promise<Matrix>;
}

/**
 * Open a GGUF file and check its header.
 *
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {SyntaxError} If it is cut off, malformed, or a tensor lies outside it.
 * @throws {TypeError} If a tensor has an unknown quantisation.
 */
export async function openGguf(path: string): Promise<GgufFile> {
  const size = await fileSize(path);
  const { metadata, tensorInfos, tensorDataOffset } = await parse(path, size);
  const alignment = metadata["general.alignment"] ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== "number" || !(alignment > 0)) {
    throw new SyntaxError(`Cannot read ${path}: its general.alignment is ${alignment}, not a positive number`);
  }
  const tensors = new Map<string, { offset: number; bytes: number; rows: number; cols: number; type: number }>();
  const weights = new Map<string, number>();
  for (const { name, shape, dtype, offset } of tensorInfos) {
    const type = ggmlType(dtype, `tensor ${name} of ${path}`);
    const [cols, ...rest] = shape.map(Number);
    const rows = rest.reduce((a, b) => a * b, 1);
    if (!(cols > 0 && rows > 0) || cols % type.blockValues !== 0) {
      throw new SyntaxError(`Cannot read ${path}: tensor ${name} has shape [${shape}], which ${type.name} cannot hold`);
    }
    const bytes = ggmlBytes(type, rows, cols);
    const start = Number(tensorDataOffset) + Number(offset);
    if (Number(offset) % alignment !== 0 || start + bytes > size) {
      throw new SyntaxError(
        `Cannot read ${path}: tensor ${name} (${bytes} bytes at offset ${start}) lies outside the file of ${size} ` +
          `bytes or is not aligned to ${alignment}; the file is truncated or damaged, get it again`,
      );
    }
    tensors.set(name, { offset: start, bytes, rows, cols, type: dtype });
    if (rows > 1) weights.set(type.name, (weights.get(type.name) ?? 0) + rows * cols);
  }
  const [quantisation] = [...weights].sort((a, b) => b[1] - a[1])[0] ?? ["none"];
  return {
    path,
    metadata,
    tensorNames: [...tensors.keys()],
    quantisation,
    async read(name) {
      const t = tensors.get(name);
      if (!t) throw new SyntaxError(`Cannot read ${path}: it has no tensor ${name}`);
      const bytes = await readRange(path, t.offset, t.bytes);
      return ggmlType(t.type, name).decode(bytes, t.rows, t.cols);
    },
  };
}

async function parse(path: string, size: number) {
  /** Serves the parser from the file; it asks for one chunk ahead, so only the second one past the end is an error. */
  const fetchRange = async (_: unknown, init?: RequestInit) => {
    const [start, end] = (init?.headers as Record<string, string>).Range.match(/\d+/g)!.map(Number);
    const chunk = end + 1 - start;
    if (start >= size + chunk) throw new SyntaxError("the header runs past the end of the file");
    const body = start < size ? await readRange(path, start, Math.min(chunk, size - start)) : new Uint8Array();
    return new Response(body, { headers: { "content-range": `bytes ${start}-${end}/${size}` } });
  };
  try {
    const head = await readRange(path, 0, Math.min(24, size));
    const view = new DataView(head.buffer);
    if (size < 24) throw new SyntaxError(`it has only ${size} bytes`);
    // A tensor or key takes at least 16 bytes: larger counts are lies that would cost memory.
    for (const [what, at] of [["tensors", 8], ["keys", 16]] as const) {
      const count = view.getBigUint64(at, true);
      if (count > BigInt(size) / 16n) throw new SyntaxError(`it claims ${count} ${what} in ${size} bytes`);
    }
    const parsed = await gguf("https://file.invalid/model.gguf", { fetch: fetchRange as typeof fetch });
    if (Number(parsed.tensorDataOffset) > size) throw new SyntaxError("the header runs past the end of the file");
    return { ...parsed, metadata: parsed.metadata as unknown as Record<string, unknown> };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`Cannot read ${path} as GGUF: ${reason}; the file is truncated or damaged, get it again`);
  }
}
