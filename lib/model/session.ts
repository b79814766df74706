/** The one file that imports onnxruntime-node: sessions and tensors under our own names. */
import * as ort from "onnxruntime-node";
import type { Provider } from "../arch/model_ref.ts";
import { chooseProvider } from "./provider.ts";

export { physicalCores } from "./physical_cores.ts";
export type Tensor = ort.Tensor;
export type Feeds = Record<string, ort.Tensor>;

export interface SessionOptions {
  provider?: Provider;
  /** Intra-op threads. */
  threads: number;
  externalData?: { path: string; data: Uint8Array }[];
  /** Where the external weights of a graph lie that is given as bytes. */
  weightsFolder?: string;
  /** Start of the path of a profile that onnxruntime writes when the session is released: every operator's times. */
  profilePrefix?: string;
}

export interface Session {
  /** The provider that really runs. */
  readonly provider: string;
  readonly outputNames: readonly string[];
  /**
   * Run the graph; only the outputs in `fetches` are copied out.
   *
   * @param into Tensors that outputs are written to, by the outputs' names: of the very shape that comes out.
   */
  run<K extends string>(feeds: Feeds, fetches: readonly K[], into?: Feeds): Promise<Record<K, ort.Tensor>>;
  release(): Promise<void>;
}

/**
 * Open a graph.
 *
 * @throws {RangeError} If the provider is unknown or cannot run here; the message lists those that can.
 */
export async function openSession(model: string | Uint8Array, options: SessionOptions): Promise<Session> {
  const provider = chooseProvider(options.provider ?? "auto");
  const settings: ort.InferenceSession.SessionOptions = {
    executionProviders: [provider],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    ...(options.externalData ? { externalData: options.externalData } : {}),
    ...(options.weightsFolder
      ? { extra: { session: { model_external_initializers_file_folder_path: options.weightsFolder } } }
      : {}),
    ...(options.profilePrefix ? { enableProfiling: true, profileFilePrefix: options.profilePrefix } : {}),
  };
  // Two calls, since the binding's overloads take a path or bytes, not either.
  const session = typeof model === "string"
    ? await ort.InferenceSession.create(model, settings)
    : await ort.InferenceSession.create(model, settings);
  return {
    provider,
    outputNames: session.outputNames,
    async run(feeds, fetches, into = {}) {
      const wanted = Object.fromEntries(fetches.map((name) => [name, null]));
      const out = await session.run(feeds, { ...wanted, ...into }) as Record<string, ort.Tensor>;
      for (const name of fetches) if (out[name].type === "float16") out[name] = asHalves(out[name]);
      return out;
    },
    release() {
      if (options.profilePrefix) session.endProfiling();
      return session.release();
    },
  };
}

export function floats(data: Float32Array | number[], dims: number[]): ort.Tensor {
  return new ort.Tensor("float32", data instanceof Float32Array ? data : Float32Array.from(data), dims);
}

/**
 * Half precision, as its bits. The runtime's JavaScript makes a Float16Array of them where there is that type, and Deno
 * 2.8.1 panics on one that machine code looks at (ext/napi has no such type): so the bits stay what is seen.
 */
export function halves(bits: Uint16Array, dims: readonly number[]): ort.Tensor {
  return Object.defineProperty(new ort.Tensor("float16", bits, dims), "data", { value: bits });
}

function asHalves({ data, dims }: ort.Tensor): ort.Tensor {
  const { buffer, byteOffset, length } = data as Uint16Array;
  return halves(new Uint16Array(buffer, byteOffset, length), dims);
}

export function int8s(data: Int8Array, dims: number[]): ort.Tensor {
  return new ort.Tensor("int8", data, dims);
}

export function int64s(data: number[] | Int32Array | BigInt64Array, dims: number[]): ort.Tensor {
  const values = data instanceof BigInt64Array ? data : BigInt64Array.from(data as number[], BigInt);
  return new ort.Tensor("int64", values, dims);
}

export function int32s(data: number[] | Int32Array, dims: number[]): ort.Tensor {
  return new ort.Tensor("int32", data instanceof Int32Array ? data : Int32Array.from(data), dims);
}

export function bool(value: boolean, dims: number[] = []): ort.Tensor {
  return new ort.Tensor("bool", [value], dims);
}
