/** Writing the safetensors format, and the text that a header carries (https://github.com/huggingface/safetensors#format). */
import { writeWhole } from "../store/whole_file.ts";
import { size } from "./ops.ts";
import type { ParameterPlan } from "./parameters.ts";

export interface NamedTensor {
  name: string;
  dims: number[];
  values: Float32Array;
}

/** Write fp32 tensors into a file that is there only when whole. */
export async function writeSafetensors(
  path: string,
  tensors: NamedTensor[],
  metadata: Record<string, string> = {},
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const { name, dims, values } of tensors) {
    if (values.length !== size(dims)) throw new TypeError(`Tensor ${name} [${dims}] has ${values.length} numbers`);
    header[name] = { dtype: "F32", shape: dims, data_offsets: [end, end += values.byteLength] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8; // so that the numbers are aligned
  const file = new Uint8Array(8 + padded + end).fill(0x20, 8, 8 + padded);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(text, 8);
  let at = 8 + padded;
  for (const { values } of tensors) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  await writeWhole(path, file);
}

/** The text in a file's header; the file itself is checked by `openSafetensors` first. */
export async function readMetadata(path: string): Promise<Record<string, unknown>> {
  using file = await Deno.open(path);
  const read = async (length: number) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const n = await file.read(bytes.subarray(at));
      if (n === null) throw new SyntaxError(`Cannot read ${path}: it ends within its header`);
      at += n;
    }
    return bytes;
  };
  const length = Number(new DataView((await read(8)).buffer).getBigUint64(0, true));
  return JSON.parse(new TextDecoder().decode(await read(length))).__metadata__ ?? {};
}

/** A vector of parameters as the tensors of a weights file. */
export function namedTensors({ parameters }: ParameterPlan, values: Float32Array): NamedTensor[] {
  return parameters.map(({ name, dims, offset }) => ({
    name,
    dims,
    values: values.subarray(offset, offset + size(dims)),
  }));
}
