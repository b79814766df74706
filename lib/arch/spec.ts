/** What an architecture is: plain JSON, from the embedding to the head, one entry a layer. */

/** How the frequencies of rotary positions are stretched for longer contexts. */
export type RopeScaling =
  /** Positions divided by `factor` (Chen et al. 2023, arXiv 2306.15595). */
  | { kind: "linear"; factor: number }
  /** A larger base, so that the slowest frequency is divided by `factor` ("NTK-aware"). */
  | { kind: "ntk"; factor: number }
  /** Peng et al. 2023 (arXiv 2309.00071); cos and sin are multiplied by `attentionFactor`, default 0.1 ln(factor) + 1. */
  | {
    kind: "yarn";
    factor: number;
    originalContext: number;
    betaFast?: number;
    betaSlow?: number;
    attentionFactor?: number;
  }
  /** Llama 3.1's: slow frequencies divided by `factor`, fast ones kept, those between blended. */
  | { kind: "llama3"; factor: number; lowFrequency: number; highFrequency: number; originalContext: number }
  /** One divisor for each pair of dimensions (Phi-3's longrope); cos and sin are multiplied by `attentionFactor`. */
  | { kind: "factors"; factors: number[]; attentionFactor?: number };

/** Where a token's position enters. */
export type PositionSpec =
  /** Rotary positions of the first `dims` dimensions of each head, by default of all; halves are rotated together. */
  | { kind: "rope"; theta: number; dims?: number; scaling?: RopeScaling }
  /** A learned vector for each position, added to the embedding; at most one choice for the whole model. */
  | { kind: "learned" }
  /** A penalty on distance in each head's scores (Press et al. 2021, arXiv 2108.12409). */
  | { kind: "alibi" }
  | { kind: "none" };

/** Softmax attention; `kvHeads < heads` is GQA, `kvHeads == 1` is MQA. */
export interface AttentionSpec {
  kind: "attention";
  heads: number;
  kvHeads: number;
  headDim: number;
  /** Keys that a token sees, itself included; absent: all. */
  window?: number;
  /** With a window: the first so many tokens of the sequence stay visible. */
  sinks?: number;
  /** Positions of this layer; default: the model's. */
  position?: PositionSpec;
  /** What scores are multiplied by; default headDim ** -0.5. */
  scale?: number;
  /** Scores become softcap * tanh(score / softcap). */
  softcap?: number;
  /** A norm on queries and keys before their rotation: of each head, or of all heads together ("full"). */
  qkNorm?: "head" | "full";
  /** Biases of q, k and v, and of the output. */
  qkvBias?: boolean;
  outputBias?: boolean;
  /** The result is multiplied by sigmoid(gate(x)), as wide as the heads. */
  outputGate?: boolean;
}

/** Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): keys and values come from one small cached vector. */
export interface MlaSpec {
  kind: "mla";
  heads: number;
  /** Rank of the queries' own compression; absent: queries come from one matrix. */
  queryRank?: number;
  /** Width of the cached vector that keys and values are made of. */
  kvRank: number;
  /** Dimensions of a head's query and key without and with positions; the rotated part of the key is shared by all. */
  nopeDim: number;
  ropeDim: number;
  valueDim: number;
  position?: PositionSpec;
  /** Default (nopeDim + ropeDim) ** -0.5. */
  scale?: number;
}

/**
 * Linear attention: each head keeps a state S [keyDim][valueDim], changed by every token and read by its query.
 * - `linear`: S += k v (Katharopoulos et al. 2020, without the normaliser)
 * - `gated`: S = a S + k v (RetNet with fixed decay, GLA and others with computed ones)
 * - `delta`: S += k beta (v - k S) (DeltaNet, arXiv 2406.06484)
 * - `gated_delta`: S = a S, then as `delta` (arXiv 2412.06464, Qwen3-Next)
 */
export interface LinearAttentionSpec {
  kind: "linear";
  rule: "linear" | "gated" | "delta" | "gated_delta";
  /** Heads of the values, each with a state. */
  heads: number;
  /** Heads of queries and keys, each shared by heads / keyHeads heads of values. Default `heads`. */
  keyHeads?: number;
  keyDim: number;
  valueDim: number;
  /**
   * Where a gated rule's decay a comes from: `mamba` exp(-exp(aLog) softplus(W x + dtBias)) for each head, `retnet` a
   * constant 1 - 2^(-5-h) for each head, `channel` sigmoid(W2 W1 x + b)^(1/16) for each channel of the key (GLA, rank 16).
   */
  decay?: "mamba" | "retnet" | "channel";
  /** Kernel of a causal depthwise convolution with SiLU on q, k and v. Absent: none. */
  convolution?: number;
  /** Queries and keys scaled to length 1 in each head; the delta rules need it. Default: for the delta rules. */
  normalise?: boolean;
  /** Rotary positions of queries and keys (RetNet). Default none. */
  position?: PositionSpec;
  /** The result is normed in each head; whether it is then multiplied by silu(gate(x)). Default true. */
  outputGate?: boolean;
}

/** Mamba-2's state space mixer (Dao and Gu 2024, arXiv 2405.21060). */
export interface Mamba2Spec {
  kind: "mamba2";
  heads: number;
  headDim: number;
  /** Numbers that each channel of a head remembers. */
  stateDim: number;
  /** Groups of heads that share B and C. Default 1. */
  groups?: number;
  /** Kernel of the causal convolution. Default 4. */
  convolution?: number;
  /** Limits of the time step after softplus. Default none. */
  timeStepLimit?: [number, number];
}

/** A gated causal convolution in place of attention (LFM2): out(c * conv(b * x)). */
export interface ConvolutionSpec {
  kind: "convolution";
  /** Tokens that the kernel spans. */
  kernel: number;
}

/**
 * RWKV-6's time mix ("Finch", Peng et al. 2024, arXiv 2404.05892). Each head keeps a state S [headDim][headDim] whose
 * channels of the key decay at rates a made of the input. A token reads r (S + bonus k v), then S = a S + k v.
 */
export interface Rwkv6Spec {
  kind: "rwkv6";
  /** heads times headDim is the hidden size. */
  heads: number;
  headDim: number;
  /** Rank of what a token adds to each of the five shares of the token before. Default 32. */
  mixRank?: number;
  /** Rank of what a token adds to the decay. Default 64. */
  decayRank?: number;
}

export type MixerSpec = AttentionSpec | MlaSpec | LinearAttentionSpec | Mamba2Spec | ConvolutionSpec | Rwkv6Spec;

/** Gated MLP: down(act(gate(x)) * up(x)), act SiLU or GELU (tanh form). */
export interface GatedMlpSpec {
  kind: "swiglu" | "geglu";
  intermediateSize: number;
}

/** MLP: down(act(up(x))); `gelu` is the tanh form, `gelu_erf` the exact one, `relu2` the square of ReLU. */
export interface MlpSpec {
  kind: "gelu" | "gelu_erf" | "relu" | "relu2";
  intermediateSize: number;
  bias?: boolean;
}

/** Mixture of gated MLPs with SiLU: a router picks `topK` experts for each token. */
export interface MoeSpec {
  kind: "moe";
  experts: number;
  topK: number;
  /** Of one expert. */
  intermediateSize: number;
  /** Whether the chosen weights are divided by their sum. */
  normalise: boolean;
  /** An MLP that every token passes too; `gated`: times sigmoid(w x). */
  shared?: { intermediateSize: number; gated?: boolean };
  /** What the routed experts' sum is multiplied by. Default 1. */
  routedScale?: number;
  /** Experts in `count` groups of one size, of which only the `topK` with the best single expert are chosen from. */
  groups?: { count: number; topK: number };
}

/** RWKV's channel mix: sigmoid(receptance(x)) * down(relu(up(x))^2), each x with a share of the token before. */
export interface RwkvChannelSpec {
  kind: "rwkv";
  intermediateSize: number;
}

export type ChannelSpec = GatedMlpSpec | MlpSpec | MoeSpec | RwkvChannelSpec | { kind: "none" };

/**
 * How a layer's two parts f (mixer) and g (channel) meet the residual stream x:
 * - `pre`: x += f(norm(x)); x += g(norm(x))
 * - `post`: x += norm(f(x)); x += norm(g(x)) (OLMo 2)
 * - `sandwich`: x += norm(f(norm(x))); x += norm(g(norm(x))) (Gemma 2 and 3)
 * - `parallel`: x += f(norm1(x)) + g(norm2(x)) (GPT-NeoX)
 * - `parallel_shared`: x += f(n) + g(n) with n = norm(x) (Phi, GPT-J)
 */
export type Placement = "pre" | "post" | "sandwich" | "parallel" | "parallel_shared";

export interface LayerSpec {
  mixer: MixerSpec;
  channel: ChannelSpec;
  /** Default "pre". */
  placement?: Placement;
  /** The layer of the weights file that this one takes; default: its own index. */
  weightsLayer?: number;
}

export interface NormSpec {
  /** LayerNorm has weights and biases. */
  kind: "rmsnorm" | "layernorm";
  epsilon: number;
}

export interface ArchSpec {
  name: string;
  /** Family in the words of its weights file, e.g. "llama"; absent for one's own. */
  family?: string;
  vocabSize: number;
  hiddenSize: number;
  /** Longest sequence in tokens (prompt and generated together). */
  contextLength: number;
  layers: LayerSpec[];
  norm: NormSpec;
  /** Positions of every layer that has none of its own. */
  position: PositionSpec;
  /** Whether the head is the embedding's transpose. */
  tiedHead: boolean;
  /** What embeddings are multiplied by. Default 1. */
  embeddingScale?: number;
  /** A norm of the embeddings, before positions are added (BLOOM). */
  embeddingNorm?: boolean;
  headBias?: boolean;
  /** Logits become softcap * tanh(logit / softcap). */
  logitSoftcap?: number;
  /** How keys and values are kept. Default "fp32"; "int8" has one scale a channel, from a calibration text. */
  kvCache?: "fp32" | "int8";
}

/** A change of an architecture that has weights: one field says which. Edits compose, left to right. */
export type ArchEdit =
  /** The layers that stay, by index, in order. */
  | { keepLayers: number[] }
  /**
   * Keys that a token sees at most, itself included, in every attention layer; the first `sinks` tokens stay visible. Layers
   * with a smaller window stay as they are: of a pattern of local and global layers, the global ones change first.
   */
  | { window: number; sinks?: number }
  /** How keys and values are kept: int8 takes a quarter of the memory, and costs some accuracy. */
  | { kvCache: "fp32" | "int8" }
  /** Heads of keys and values in every attention layer; each is the average of a group of those before. */
  | { kvHeads: number }
  /** Query heads that go, by layer: what they gave counts as 0. */
  | { dropHeads: { layer: number; heads: number[] }[] }
  /**
   * Tokens that stay: the first so many, or these, numbered anew in this order; the tokenizer makes no others.
   * `vocabularyOfTexts` lists those that some texts need.
   */
  | { vocabulary: number | number[] }
  /** Another scaling of the rotary positions, or none, and how long the context then is; default: as it was. */
  | { rope: RopeScaling | null; contextLength?: number }
  /** Whether the head is the embedding's transpose; one that is untied starts as a copy of it. */
  | { tiedHead: boolean };
