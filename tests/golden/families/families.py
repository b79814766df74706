"""The model families of the goldens: for each folder the transformers configuration of a tiny model and what a
second implementation must know about it. Sizes are as small as the family's features allow; a window is shorter
than the first prompt, soft-caps are low and rope contexts are short, so that leaving one out changes the logits.

The files are of transformers 5. Published ones are mostly older: rope_theta and rope_scaling (with "type" for
"rope_type") at the top in place of rope_parameters, rope_local_base_freq for Gemma 3's windowed layers,
torch_dtype for dtype, no layer_types, and a bare Infinity in time_step_limit where these say
{"__float__": "Infinity"}. A null head_dim means hidden_size / num_attention_heads."""

from dataclasses import dataclass, field

from transformers import (
    DeepseekV2Config,
    Gemma2Config,
    Gemma3TextConfig,
    GPT2Config,
    GPTNeoXConfig,
    JambaConfig,
    LlamaConfig,
    Mamba2Config,
    MistralConfig,
    MixtralConfig,
    Olmo2Config,
    Phi3Config,
    PhiConfig,
    PreTrainedConfig,
    Qwen2Config,
    Qwen2MoeConfig,
    Qwen3Config,
    Qwen3MoeConfig,
    Qwen3NextConfig,
    RwkvConfig,
)


@dataclass
class Family:
    config: PreTrainedConfig
    notes: list[str] = field(default_factory=list)


# Chosen so that greedy ids are clear (no top-1 closer than 0.01 to the next) and not one token over and over.
SEEDS = {
    "llama": 6,
    "llama3": 1,
    "mistral": 1,
    "gemma2": 56,
    "gemma3": 99,
    "mixtral": 0,
    "qwen2": 32,
    "qwen3": 42,
    "deepseek_v2": 57,
    "deepseek_v2_lite": 49,
    "qwen3_next": 11,
    "qwen3_next_dense": 5,
    "mamba2": 5,
    "olmo2": 4,
    "phi": 45,
    "phi3": 3,
    "gpt2": 67,
    "gpt_neox": 53,
    "qwen2_moe": 8,
    "qwen3_moe": 12,
    "jamba": 3,
    "rwkv": 1,
    "llama_yarn": 2,
    "llama_linear": 16,
    "llama_dynamic": 16,
}

IDS = {"vocab_size": 64, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": None}
SMALL = {**IDS, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
GQA = {**SMALL, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 128}
MHA = {**SMALL, "num_attention_heads": 2, "max_position_embeddings": 128}

ROPE_HALVES = "Rotary pairs are (i, i + rotary/2): halves, not neighbours."
ONE_PLUS_NORM = "RMSNorm multiplies by (1 + weight), in float32 before the cast."
SOFTMAX_THEN_TOP_K = "Router: softmax over all experts, then top-k, then the k weights are divided by their sum."
PLAIN_TOP_K = "Router: softmax over all experts, then top-k; the k weights are not renormalised."
MAMBA_DT = "dt = clamp(softplus(dt + dt_bias), time_step_limit); time_step_min, time_step_max and time_step_floor serve initialisation only."


def llama(**changes) -> LlamaConfig:
    return LlamaConfig(**{**GQA, "tie_word_embeddings": False, **changes})


def rope(kind: str, **parameters) -> dict:
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 10000.0, **parameters}}


DEEPSEEK = {
    **IDS,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "max_position_embeddings": 128,
    "first_k_dense_replace": 1,
    "kv_lora_rank": 24,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 16,
    "v_head_dim": 16,
    "moe_intermediate_size": 16,
    "n_routed_experts": 8,
    "n_shared_experts": 2,
    "num_experts_per_tok": 3,
}
DEEPSEEK_NOTES = [
    "Rotary pairs are neighbours (2i, 2i + 1), in q and in the shared key, and stay where they are; the original code moves them to halves first, which gives the same scores.",
    "kv_a_layernorm and q_a_layernorm have eps 1e-6 whatever rms_norm_eps says.",
    "kv_a_proj_with_mqa gives [kv_lora_rank, qk_rope_head_dim]; the norm covers the first part only. kv_b_proj gives [nope, v] for each head.",
    "Softmax scale is (qk_nope_head_dim + qk_rope_head_dim)^-1/2.",
    PLAIN_TOP_K + " norm_topk_prob is ignored; the weights are multiplied by routed_scaling_factor.",
    "The shared experts are one MLP of width n_shared_experts x moe_intermediate_size, without a gate.",
]

QWEN3_NEXT = {
    **GQA,
    "num_hidden_layers": 4,
    "partial_rotary_factor": 0.5,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
    "shared_expert_intermediate_size": 16,
}
QWEN3_NEXT_NOTES = [
    ONE_PLUS_NORM + " The gated norm of the linear layers is the exception: it multiplies by weight, then by silu(z): norm before gate, one weight of linear_value_head_dim for all heads.",
    "Full attention: q_proj gives [q, gate] of head_dim each for each head in turn; the output is multiplied by sigmoid(gate) before o_proj. q and k are normalised per head, before rotary.",
    "in_proj_qkvz is grouped by key head: [q, k, v of its value heads, z of its value heads]; in_proj_ba the same: [b..., a...].",
    "Causal convolution with silu over the concatenation [q, k, v] (z not), without bias.",
    "q and k are divided by their L2 norm, x * rsqrt(sum(x^2) + 1e-6), after the convolution; q is then scaled by linear_key_head_dim^-1/2. Key head i serves the consecutive value heads of its group.",
    "log decay = -exp(A_log) * softplus(a + dt_bias), beta = sigmoid(b); the state decays before the delta is taken.",
    "Rotary covers the first partial_rotary_factor of the head. " + ROPE_HALVES,
]

FAMILIES: dict[str, Family] = {
    "llama": Family(LlamaConfig(**GQA, tie_word_embeddings=True), notes=[ROPE_HALVES]),
    "llama3": Family(llama(
        num_hidden_layers=3,
        **rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32),
    )),
    "mistral": Family(
        MistralConfig(**GQA, sliding_window=8),
        notes=["A window of 8 means the token itself and the 7 before it, in every layer."],
    ),
    "gemma2": Family(
        Gemma2Config(
            **{**GQA, "num_hidden_layers": 4},
            sliding_window=8,
            query_pre_attn_scalar=24,
            attn_logit_softcapping=2.0,
            final_logit_softcapping=1.5,
        ),
        notes=[
            ONE_PLUS_NORM,
            "Layers 0, 2, ... are windowed, 1, 3, ... full (layer_types).",
            "Four norms a layer; the post norms stand inside the residual branch, before the sum.",
            "Softmax scale is query_pre_attn_scalar^-1/2, not head_dim^-1/2; scores are capped after the scale and before the mask.",
            "Embeddings are multiplied by sqrt(hidden_size), rounded to the weights' dtype (5.656854 here; 16-bit weights round it). The tied head does not see this factor.",
            "The gate's activation is gelu_pytorch_tanh (field hidden_activation; old files say hidden_act gelu and mean the same).",
        ],
    ),
    "gemma3": Family(
        Gemma3TextConfig(
            **{**GQA, "num_hidden_layers": 4},
            sliding_window=8,
            sliding_window_pattern=3,
            query_pre_attn_scalar=24,
            rope_parameters={
                "sliding_attention": {"rope_type": "default", "rope_theta": 100.0},
                "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 10000.0},
            },
        ),
        notes=[
            ONE_PLUS_NORM,
            "Every third layer here is full (every sixth in published models), the others windowed; each kind has its own rope base, and only the full layers are scaled (linear; the 1B model has no scaling).",
            "q and k have an RMSNorm per head, (1 + weight) as well, before rotary. No soft-caps.",
            "Embedding scale, sandwich norms, softmax scale and activation as Gemma 2.",
        ],
    ),
    "mixtral": Family(
        MixtralConfig(**{**GQA, "intermediate_size": 24}, num_local_experts=4, num_experts_per_tok=2, sliding_window=None),
        notes=[
            SOFTMAX_THEN_TOP_K + " Equal to a softmax over the top k logits.",
            "Files hold one expert a tensor (w1 gate, w3 up, w2 down); in memory transformers fuses them.",
            "Published Mixtral has sliding_window null: full attention.",
        ],
    ),
    "qwen2": Family(
        Qwen2Config(**GQA, tie_word_embeddings=True),
        notes=["Biases on q, k and v, none on o. use_sliding_window is false in all published files: sliding_window then means nothing."],
    ),
    "qwen3": Family(
        Qwen3Config(**GQA, tie_word_embeddings=True),
        notes=["q and k have an RMSNorm per head (weight of head_dim), before rotary. No biases."],
    ),
    "deepseek_v2": Family(
        DeepseekV2Config(
            **DEEPSEEK,
            q_lora_rank=20,
            topk_method="group_limited_greedy",
            n_group=4,
            topk_group=2,
            routed_scaling_factor=2.0,
        ),
        notes=DEEPSEEK_NOTES
        + ["group_limited_greedy: the topk_group groups with the largest single score stay, the others' scores become 0 before top-k."],
    ),
    "deepseek_v2_lite": Family(
        DeepseekV2Config(
            **{**DEEPSEEK, "max_position_embeddings": 640},
            q_lora_rank=None,
            topk_method="greedy",
            **rope(
                "yarn",
                factor=40.0,
                original_max_position_embeddings=16,
                beta_fast=32,
                beta_slow=1,
                mscale=0.707,
                mscale_all_dim=0.707,
            ),
        ),
        notes=DEEPSEEK_NOTES
        + ["YaRN: with mscale = mscale_all_dim the cos and sin factor is 1, and the softmax scale is multiplied by (0.1 * mscale_all_dim * ln(factor) + 1)^2."],
    ),
    "qwen3_next": Family(Qwen3NextConfig(**QWEN3_NEXT), notes=QWEN3_NEXT_NOTES + [
        SOFTMAX_THEN_TOP_K + " The shared expert's output is multiplied by sigmoid(shared_expert_gate(x)).",
    ]),
    "qwen3_next_dense": Family(
        Qwen3NextConfig(**QWEN3_NEXT, mlp_only_layers=[0, 1, 2, 3]),
        notes=QWEN3_NEXT_NOTES + ["mlp_only_layers names all layers, so none has experts."],
    ),
    "mamba2": Family(
        Mamba2Config(
            **IDS,
            hidden_size=32,
            num_hidden_layers=3,
            expand=2,
            num_heads=4,
            head_dim=16,
            n_groups=2,
            state_size=16,
            chunk_size=8,
            tie_word_embeddings=True,
        ),
        notes=[
            "in_proj gives [z (gate), x, B, C, dt]; the causal convolution with bias and silu covers [x, B, C].",
            MAMBA_DT,
            "y = C.S + D x; then multiplied by silu(z), then RMSNorm: gate before norm. The norm's mean covers one group (intermediate / n_groups), its weight all of it.",
            "Group g of B and C serves the consecutive heads of its share.",
            "chunk_size 8 is shorter than the prompt, so that the reference crosses chunks; it must not change the result.",
            "transformers 5 names the embedding backbone.embeddings; one published by the original authors says backbone.embedding.",
        ],
    ),
    "olmo2": Family(
        Olmo2Config(**{**GQA, "head_dim": 16}),
        notes=[
            "No norm before attention or MLP: both norms stand after the branch, before the sum.",
            "q and k have an RMSNorm over their full width (all heads at once), before they are split into heads and rotated.",
        ],
    ),
    "phi": Family(
        PhiConfig(**MHA, num_key_value_heads=2, partial_rotary_factor=0.5),
        notes=[
            "Parallel block: x + attention(norm x) + mlp(norm x), one LayerNorm for both.",
            "Biases everywhere: q, k, v, dense, fc1, fc2 and the head. gelu_new.",
            "Rotary covers the first partial_rotary_factor of the head. " + ROPE_HALVES,
        ],
    ),
    "phi3": Family(
        Phi3Config(**{k: v for k, v in GQA.items() if k != "head_dim"} | {"hidden_size": 64, "pad_token_id": 0}, sliding_window=8),
        notes=[
            "qkv_proj is [q, k, v], gate_up_proj is [gate, up].",
            "sliding_window counts as in Mistral (2047 in the published 4k model).",
        ],
    ),
    "gpt2": Family(
        GPT2Config(vocab_size=64, n_positions=64, n_embd=32, n_layer=2, n_head=2, bos_token_id=1, eos_token_id=2),
        notes=[
            "Matrices are stored [in, out] (Conv1D), not [out, in]. c_attn is [q, k, v].",
            "Learned positions are added to the token embedding. gelu_new (tanh). Tied head.",
        ],
    ),
    "gpt_neox": Family(
        GPTNeoXConfig(**MHA, rotary_pct=0.5, use_parallel_residual=True),
        notes=[
            "Parallel block with two norms: x + attention(norm1 x) + mlp(norm2 x).",
            "query_key_value is interleaved by head: [q, k, v] of head_dim each for each head in turn.",
            "Exact gelu (erf). Untied head without bias. Rotary covers the first rotary_pct of the head.",
        ],
    ),
    "qwen2_moe": Family(
        Qwen2MoeConfig(
            **GQA,
            num_experts=4,
            num_experts_per_tok=2,
            moe_intermediate_size=16,
            shared_expert_intermediate_size=24,
            norm_topk_prob=False,
        ),
        notes=[PLAIN_TOP_K, "The shared expert's output is multiplied by sigmoid(shared_expert_gate(x)). Biases on q, k, v."],
    ),
    "qwen3_moe": Family(
        Qwen3MoeConfig(**GQA, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=16, norm_topk_prob=True),
        notes=[SOFTMAX_THEN_TOP_K + " (norm_topk_prob true, as published.)", "qk-norm per head as Qwen 3; no shared expert."],
    ),
    "jamba": Family(
        JambaConfig(
            **{k: v for k, v in GQA.items() if k != "head_dim"} | {"hidden_size": 32, "num_attention_heads": 2, "num_key_value_heads": 1},
            attn_layer_period=2,
            attn_layer_offset=1,
            expert_layer_period=2,
            expert_layer_offset=1,
            num_experts=4,
            num_experts_per_tok=2,
            mamba_d_state=8,
            mamba_dt_rank=4,
        ),
        notes=[
            "Attention has no position encoding at all.",
            "The recurrent layers are Mamba 1 (one decay for each channel and state), with RMSNorms on dt, B and C.",
            PLAIN_TOP_K,
        ],
    ),
    "rwkv": Family(
        RwkvConfig(**{k: v for k, v in IDS.items()}, hidden_size=32, intermediate_size=64, num_hidden_layers=2, rescale_every=6),
        notes=[
            "RWKV 4, the only one in transformers. wkv is a running weighted mean with decay exp(-exp(time_decay)) and bonus time_first.",
            "The first block has one more LayerNorm (pre_ln). In eval mode every rescale_every layers the hidden state is halved, with the weights that write to it (none here: 2 layers).",
        ],
    ),
    "llama_yarn": Family(
        llama(**rope("yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=32, beta_slow=1)),
        notes=["cos and sin are multiplied by 0.1 ln(factor) + 1, in both q and k. The correction range is truncated to whole indexes."],
    ),
    "llama_linear": Family(llama(**rope("linear", factor=4.0)), notes=["Inverse frequencies are divided by factor."]),
    "llama_dynamic": Family(
        llama(max_position_embeddings=16, **rope("dynamic", factor=2.0)),
        notes=[
            "Dynamic NTK: the base depends on the length of the sequence once it passes max_position_embeddings (16 here), for all of its positions.",
            "So a cached key of an earlier step has another base than a full forward gives; these greedy ids are of full forwards.",
        ],
    ),
}
