/**
 * Where weights lie while onnxruntime's CPU kernels run them. The file is mapped into memory. A kernel copies each matrix
 * into the order that it reads (prepacking), and what nobody else reads of the file is unmapped then. What stays beside the
 * copies: the scales of blocks, and tables that are looked up, of which only the pages that were read count.
 */
import type { Parameter } from "../arch/blocks/block.ts";
import { layerParameters, modelParameters } from "../arch/blocks/layer.ts";
import { type BlockForm, jointForm } from "../arch/quant_blocks.ts";
import { ropeChoices } from "../arch/rope_tables.ts";
import type { ArchSpec } from "../arch/spec.ts";
import type { WeightForms } from "./weight_forms.ts";

export interface WeightMemory {
  /** The whole file, mapped while the kernels pack. */
  fileBytes: number;
  /** Matrices as they are packed, without the head's, and vectors. */
  packedBytes: number;
  packedHeadBytes: number;
  /** Of the file, after so many tokens: scales, and what was read of the tables of embeddings and positions. */
  mappedBytes: number;
}

/** A system maps the pages around one that is read, 64 KiB to 2 MiB, as it had read them ahead: a middle of what was seen. */
const MAPPED_AT_ONCE = 2 ** 19;

/** Matrices that are one product, under each other in one form. */
const TOGETHER = [["q", "k", "v"], ["experts.gate", "experts.up"], ["shared.gate", "shared.up"]];

/** @param tokens Of each sequence, which are all looked up; @param batch Sequences. */
export function weightMemory(spec: ArchSpec, forms: WeightForms, tokens: number, batch: number): WeightMemory {
  const sum = { fileBytes: 0, packedBytes: 0, packedHeadBytes: 0, mappedBytes: 0 };
  for (const part of partsOf(spec, forms)) {
    const { values, form } = part, inFile = values * fileBytes(form, forms), packed = values * packedBytes(form, forms);
    switch (part.use) {
      case "product":
        sum.fileBytes += inFile, sum.packedBytes += packed, sum.mappedBytes += values * keptBytes(form);
        break;
      case "head":
        sum.fileBytes += inFile, sum.packedHeadBytes += packed, sum.mappedBytes += values * keptBytes(form);
        break;
      case "lookup":
        sum.fileBytes += inFile, sum.mappedBytes += scattered(inFile, batch * tokens);
        break;
      case "tied": {
        // Blocks are mapped once for each use; a table of floats is one mapping, which packing has read whole. Tables with
        // minima are looked up in fp32.
        const table = form?.hasMins ? 4 * values : inFile;
        sum.fileBytes += inFile + (form?.hasMins ? table : 0), sum.packedHeadBytes += packed;
        sum.mappedBytes += form ? values * keptBytes(form) + scattered(table, batch * tokens) : inFile;
        break;
      }
      case "positions":
        sum.fileBytes += inFile, sum.mappedBytes += inARow(inFile, inFile * tokens / spec.contextLength);
    }
  }
  for (const { dims } of ropeChoices(spec)) { // a table of cosines and one of sines
    sum.mappedBytes += 2 * inARow(2 * spec.contextLength * dims, 2 * tokens * dims);
  }
  return sum;
}

/** Bytes of weights that a pass over so many tokens reads: each matrix once, of experts those that a token is sent to. */
export function formBytesRead(spec: ArchSpec, forms: WeightForms, tokens: number): number {
  return partsOf(spec, forms).filter(({ use }) => use === "product" || use === "head" || use === "tied")
    .reduce((sum, { values, share, form }) => sum + values * (1 - (1 - share) ** tokens) * fileBytes(form, forms), 0);
}

/** The precision whose kernels multiply most of the weights. */
export function commonestKernel(spec: ArchSpec, forms: WeightForms): "fp32" | "int8" | "int4" {
  const values = { fp32: 0, int8: 0, int4: 0 };
  for (const { values: n, form } of partsOf(spec, forms)) values[form ? `int${form.bits}` as const : "fp32"] += n;
  return (["fp32", "int8", "int4"] as const).reduce((a, b) => values[b] > values[a] ? b : a);
}

interface Part {
  values: number;
  /** Part of it that one token is multiplied by. */
  share: number;
  form: BlockForm | null;
  /** `tied`: looked up, and the head; `positions`: looked up row after row. */
  use: "product" | "head" | "lookup" | "tied" | "positions";
}

function partsOf(spec: ArchSpec, forms: WeightForms): Part[] {
  const outside = modelParameters(spec).map(({ name, rows, cols, role }): Part => ({
    values: rows * cols,
    share: 1,
    form: role === "matrix" ? forms.of(null, name) : null,
    use: name === "embedding"
      ? spec.tiedHead ? "tied" : "lookup"
      : name === "head" || name === "positions"
      ? name
      : "product",
  }));
  const layers = spec.layers.flatMap((layer, i) => {
    const parameters = layerParameters(spec, layer), formOf = layerForms(parameters, layer.weightsLayer ?? i, forms);
    return parameters.map((p): Part => ({
      values: p.rows * p.cols,
      share: p.share ?? 1,
      form: p.role === "matrix" ? formOf(p.name) : null,
      use: "product",
    }));
  });
  return [...outside, ...layers];
}

/** The forms of a layer's matrices as they are packed. */
function layerForms(parameters: Parameter[], layer: number, forms: WeightForms): (name: string) => BlockForm | null {
  return (name) => {
    const names = (TOGETHER.find((group) => group.includes(name)) ?? [name])
      .filter((other) => parameters.some((p) => p.name === other));
    const each = names.map((other) => forms.of(layer, other));
    return each.every((form) => form !== null) ? jointForm(each) : null;
  };
}

/** Of one value: with a scale a block, and a minimum or zero point where it has one (packer.ts). */
function fileBytes(form: BlockForm | null, { floatBytes }: WeightForms): number {
  if (!form) return floatBytes;
  return form.bits / 8 + keptBytes(form) + (form.hasMins ? 4 / form.blockSize : 0);
}

/** Of one value: with the scale and the sum of its block (MatMulNBits, accuracy level 4); minima are a matrix of their own. */
function packedBytes(form: BlockForm | null, { floatBytes }: WeightForms): number {
  if (!form) return floatBytes;
  return form.bits / 8 + (form.hasMins ? 12 : 8) / form.blockSize;
}

/** Of one value: what MatMulNBits still asks for when it has packed. */
function keptBytes(form: BlockForm | null): number {
  if (!form) return 0;
  const zeroPoints = !form.hasMins && form.zero !== 2 ** (form.bits - 1);
  return (4 + (zeroPoints ? form.bits / 8 : 0)) / form.blockSize;
}

/** Resident pages of a table of which so many rows were read, anywhere. */
function scattered(bytes: number, rows: number): number {
  const pieces = Math.max(1, bytes / MAPPED_AT_ONCE);
  return bytes * (1 - (1 - 1 / pieces) ** rows);
}

/** Resident pages of a table whose first bytes were read. */
function inARow(bytes: number, read: number): number {
  return Math.min(bytes, Math.ceil(read / MAPPED_AT_ONCE) * MAPPED_AT_ONCE);
}
