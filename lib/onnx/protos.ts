/** Parts of an ONNX file as protobuf: declared values, and small constants with their names and bytes. */
import { create } from "@bufbuild/protobuf";
import { createHash } from "node:crypto";
import {
  TensorProto_DataType as DataType,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";

export type ElementType = "float32" | "float16" | "uint8" | "int8" | "int32" | "int64" | "bool";
/** The numbers of the element types in an ONNX file, for attributes such as Cast's `to`. */
export const DATA_TYPES: Record<ElementType, DataType> = {
  float32: DataType.FLOAT,
  float16: DataType.FLOAT16,
  uint8: DataType.UINT8,
  int8: DataType.INT8,
  int32: DataType.INT32,
  int64: DataType.INT64,
  bool: DataType.BOOL,
};

export function valueInfo(name: string, type: ElementType, dims: (number | string)[]): ValueInfoProto {
  const dim = dims.map((d) =>
    create(TensorShapeProto_DimensionSchema, {
      value: typeof d === "number" ? { case: "dimValue", value: BigInt(d) } : { case: "dimParam", value: d },
    })
  );
  const tensor = create(TypeProto_TensorSchema, {
    elemType: DATA_TYPES[type],
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } }),
  });
}

/** Whether a constant is named by its value, as `literal` names them: any layer may share it. */
export function isLiteralName(name: string): boolean {
  return /^[a-z]+\d*\[[\d,]*\]:/.test(name);
}

/** Type, shape and numbers, such as `int64[1]:-1`; a hash stands for many numbers. */
export function literalName(type: ElementType, dims: number[], values: number[]): string {
  const numbers = values.length > 8
    ? createHash("sha256").update(rawBytes(type, values)).digest("hex").slice(0, 16)
    : values.map((value) => Object.is(value, -0) ? "-0" : value).join(",");
  return `${type}[${dims}]:${numbers}`;
}

export function rawBytes(type: ElementType, values: number[]): Uint8Array<ArrayBuffer> {
  switch (type) {
    case "float32":
      return new Uint8Array(new Float32Array(values).buffer);
    case "float16":
      return new Uint8Array(new Float16Array(values).buffer);
    case "int32":
      return new Uint8Array(new Int32Array(values).buffer);
    case "int64":
      return new Uint8Array(new BigInt64Array(values.map(BigInt)).buffer);
    case "bool":
    case "int8":
      return new Uint8Array(Int8Array.from(values).buffer);
    case "uint8":
      return new Uint8Array(values);
  }
}
