/** Element types of ONNX tensors, and the values of small ones. */
import { type TensorProto, TensorProto_DataType as DataType } from "onnx-buf";

/** Name and bits of every element type; sub-byte elements are packed. */
const TYPES: Record<number, [name: string, bits: number]> = {
  [DataType.FLOAT]: ["float32", 32],
  [DataType.UINT8]: ["uint8", 8],
  [DataType.INT8]: ["int8", 8],
  [DataType.UINT16]: ["uint16", 16],
  [DataType.INT16]: ["int16", 16],
  [DataType.INT32]: ["int32", 32],
  [DataType.INT64]: ["int64", 64],
  [DataType.STRING]: ["string", 0],
  [DataType.BOOL]: ["bool", 8],
  [DataType.FLOAT16]: ["float16", 16],
  [DataType.DOUBLE]: ["float64", 64],
  [DataType.UINT32]: ["uint32", 32],
  [DataType.UINT64]: ["uint64", 64],
  [DataType.COMPLEX64]: ["complex64", 64],
  [DataType.COMPLEX128]: ["complex128", 128],
  [DataType.BFLOAT16]: ["bfloat16", 16],
  17: ["float8e4m3fn", 8],
  18: ["float8e4m3fnuz", 8],
  19: ["float8e5m2", 8],
  20: ["float8e5m2fnuz", 8],
  21: ["uint4", 4],
  22: ["int4", 4],
  23: ["float4e2m1", 4],
  24: ["float8e8m0", 8],
  25: ["uint2", 2],
  26: ["int2", 2],
};
const BITS = new Map(Object.values(TYPES));

/** The name of an element type by its number in the file, or null for one that is not known. */
export function typeName(number: number): string | null {
  return TYPES[number]?.[0] ?? null;
}

/** Bytes of `elements` elements of a named type (a string counts 0). */
export function byteLength(type: string, elements: number): number {
  return Math.ceil(elements * (BITS.get(type) ?? 0) / 8);
}

export function isFloat(type: string): boolean {
  return type.startsWith("float") || type === "bfloat16";
}

/** Product of dimensions; 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((a, b) => a * b, 1);
}

/** How the elements of a type are read from raw, little-endian bytes: [width, reader]; packed types are not read. */
const READERS: Record<string, [width: number, read: (view: DataView, at: number) => number]> = {
  float32: [4, (v, at) => v.getFloat32(at, true)],
  float64: [8, (v, at) => v.getFloat64(at, true)],
  float16: [2, (v, at) => halfToNumber(v.getUint16(at, true))],
  bool: [1, (v, at) => v.getUint8(at)],
  uint8: [1, (v, at) => v.getUint8(at)],
  int8: [1, (v, at) => v.getInt8(at)],
  uint16: [2, (v, at) => v.getUint16(at, true)],
  int16: [2, (v, at) => v.getInt16(at, true)],
  uint32: [4, (v, at) => v.getUint32(at, true)],
  int32: [4, (v, at) => v.getInt32(at, true)],
  uint64: [8, (v, at) => Number(v.getBigUint64(at, true))],
  int64: [8, (v, at) => Number(v.getBigInt64(at, true))],
};

/**
 * The values of a tensor that lies in the file, as doubles (an int64 beyond 2^53 is rounded, which the usual "to the
 * end" of a slice bears); null for a packed or unknown type.
 */
export function tensorValues(proto: TensorProto, type: string, elements: number): Float64Array | null {
  const reader = READERS[type];
  if (!reader) return null;
  if (proto.rawData.length > 0 || elements === 0) {
    const { buffer, byteOffset, byteLength } = proto.rawData;
    const view = new DataView(buffer, byteOffset, byteLength);
    return Float64Array.from({ length: elements }, (_, i) => reader[1](view, i * reader[0]));
  }
  const half = type === "float16";
  const numbers: number[] = Array.from<number | bigint, number>(typedData(proto, type), Number);
  return Float64Array.from(half ? numbers.map(halfToNumber) : numbers);
}

/** The field that holds a tensor's elements where they are not raw bytes. */
export function typedData(proto: TensorProto, type: string): number[] | bigint[] {
  if (type === "float32" || type.startsWith("complex64")) return proto.floatData;
  if (type === "float64") return proto.doubleData;
  if (type === "int64") return proto.int64Data;
  if (type === "uint32" || type === "uint64") return proto.uint64Data;
  return proto.int32Data;
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
