/** Writes small GGUF files for tests, right or wrong on purpose. Layout: docs/gguf.md of ggml. */

/** Integers are written as UINT32, bigints as UINT64, other numbers as FLOAT32. */
type Value = string | number | bigint | boolean | string[] | number[] | bigint[];
export type Metadata = Record<string, Value>;

/** What a file is like where it is not as usual. */
export interface GgufOptions {
  version?: number;
  alignment?: number;
}

export interface TestTensor {
  name: string;
  /** As GGUF orders them: columns first. */
  shape: (number | bigint)[];
  type: number;
  data: Uint8Array;
  /** Offset in the data section, when it is to be wrong. */
  offset?: number;
}

/** Metadata of a tiny Llama with the byte-level vocabulary of its tokens. */
export function llamaMetadata(changes: Metadata = {}): Metadata {
  return {
    "general.architecture": "llama",
    "llama.block_count": 1,
    "llama.context_length": 32,
    "llama.embedding_length": 32,
    "llama.feed_forward_length": 32,
    "llama.attention.head_count": 2,
    "llama.attention.head_count_kv": 1,
    "llama.attention.layer_norm_rms_epsilon": 1e-5,
    "llama.vocab_size": 4,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "smollm",
    "tokenizer.ggml.tokens": ["a", "b", "ab", "<eos>"],
    "tokenizer.ggml.token_type": [1, 1, 1, 3],
    "tokenizer.ggml.merges": ["a b"],
    "tokenizer.ggml.eos_token_id": 3,
    ...changes,
  };
}

/** The F32 tensors that `llamaMetadata` needs, of small sine values. */
export function llamaTensors(): TestTensor[] {
  const f32 = (name: string, shape: number[]): TestTensor => {
    const n = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length: n }, (_, i) => Math.sin(i + name.length) / 4);
    return { name, shape, type: 0, data: new Uint8Array(values.buffer) };
  };
  return [
    f32("token_embd.weight", [32, 4]),
    f32("output_norm.weight", [32]),
    f32("blk.0.attn_norm.weight", [32]),
    f32("blk.0.attn_q.weight", [32, 32]),
    f32("blk.0.attn_k.weight", [32, 16]),
    f32("blk.0.attn_v.weight", [32, 16]),
    f32("blk.0.attn_output.weight", [32, 32]),
    f32("blk.0.ffn_norm.weight", [32]),
    f32("blk.0.ffn_gate.weight", [32, 32]),
    f32("blk.0.ffn_up.weight", [32, 32]),
    f32("blk.0.ffn_down.weight", [32, 32]),
  ];
}

export function ggufBytes(
  metadata: Metadata,
  tensors: TestTensor[],
  { version = 3, alignment = 32 }: GgufOptions = {},
): Uint8Array<ArrayBuffer> {
  const parts: number[] = [];
  const u32 = (v: number) => parts.push(...new Uint8Array(Uint32Array.of(v).buffer));
  const u64 = (v: number | bigint) => parts.push(...new Uint8Array(BigUint64Array.of(BigInt(v)).buffer));
  const text = (s: string) => {
    const bytes = new TextEncoder().encode(s);
    u64(bytes.length);
    parts.push(...bytes);
  };
  const UINT32 = 4, FLOAT32 = 6, BOOL = 7, STRING = 8, ARRAY = 9, UINT64 = 10;
  type Scalar = string | number | bigint | boolean;
  const typeOf = (v: Scalar) => {
    if (typeof v === "string") return STRING;
    if (typeof v === "bigint") return UINT64;
    return typeof v === "boolean" ? BOOL : Number.isInteger(v) ? UINT32 : FLOAT32;
  };
  const scalar = (v: Scalar) => {
    if (typeof v === "string") text(v);
    else if (typeof v === "bigint") u64(v);
    else if (typeof v === "boolean") parts.push(Number(v));
    else if (Number.isInteger(v)) u32(v);
    else parts.push(...new Uint8Array(Float32Array.of(v).buffer));
  };
  parts.push(...new TextEncoder().encode("GGUF"));
  u32(version);
  u64(tensors.length);
  u64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    text(key);
    if (Array.isArray(value)) {
      u32(ARRAY);
      u32(value.length ? typeOf(value[0]) : UINT32);
      u64(value.length);
      value.forEach(scalar);
    } else {
      u32(typeOf(value));
      scalar(value);
    }
  }
  let offset = 0;
  const offsets = tensors.map((t) => {
    const at = offset;
    offset += Math.ceil(t.data.length / alignment) * alignment;
    return t.offset ?? at;
  });
  tensors.forEach((t, i) => {
    text(t.name);
    u32(t.shape.length);
    t.shape.forEach(u64);
    u32(t.type);
    u64(offsets[i]);
  });
  const align = () => {
    while (parts.length % alignment) parts.push(0);
  };
  align();
  for (const t of tensors) {
    for (const byte of t.data) parts.push(byte);
    align();
  }
  return Uint8Array.from(parts);
}
