/** Writes small safetensors files for tests, right or wrong on purpose. Layout: README.md of safetensors, "Format". */

export interface TestTensor {
  dtype: string;
  shape: number[];
  data: Uint8Array;
  /** Offsets in the header, when they are to be wrong. */
  offsets?: [number, number];
}

/** A tensor of 32-bit floats. */
export function f32(shape: number[], values: ArrayLike<number>): TestTensor {
  return { dtype: "F32", shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

export function safetensorsBytes(tensors: Record<string, TestTensor>): Uint8Array<ArrayBuffer> {
  let end = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, data, offsets }]) => {
      const start = end;
      end += data.length;
      return [name, { dtype, shape, data_offsets: offsets ?? [start, end] }];
    }),
  );
  return withHeader(JSON.stringify({ __metadata__: { format: "pt" }, ...header }), Object.values(tensors));
}

/** A file with this header, whatever it says. */
export function withHeader(json: string, tensors: TestTensor[], claimed?: bigint): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(json);
  const length = new Uint8Array(BigUint64Array.of(claimed ?? BigInt(header.length)).buffer);
  return Uint8Array.from([...length, ...header, ...tensors.flatMap(({ data }) => [...data])]);
}
