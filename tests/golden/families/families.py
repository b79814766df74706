"""The model families of the goldens: for each folder the transformers configuration of a tiny model, as small as the
family's features allow. A window is shorter than the first prompt, soft-caps are low and rope contexts short, so that
leaving one out changes the logits.

The files are of transformers 5. Published ones are mostly older: rope_theta and rope_scaling (with "type" for
"rope_type") at the top in place of rope_parameters, rope_local_base_freq for Gemma 3's windowed layers,
torch_dtype for dtype, no layer_types, and a bare Infinity in time_step_limit where these say
{"__float__": "Infinity"}. A null head_dim means hidden_size / num_attention_heads."""

import transformers as hf

IDS = {"vocab_size": 64, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": None}
SMALL = {**IDS, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "max_position_embeddings": 128}
GQA = {**SMALL, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16}
# For families that take the head size from hidden_size / num_attention_heads.
TWO_HEADS = {**SMALL, "num_attention_heads": 2, "num_key_value_heads": 2}
MOE = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}


def rope(kind: str, **parameters) -> dict:
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 10000.0, **parameters}}


def llama(**changes) -> hf.LlamaConfig:
    return hf.LlamaConfig(**{**GQA, "tie_word_embeddings": False, **changes})


def deepseek(**changes) -> hf.DeepseekV2Config:
    return hf.DeepseekV2Config(
        **{
            **SMALL,
            "num_hidden_layers": 3,
            "num_attention_heads": 2,
            "first_k_dense_replace": 1,
            "kv_lora_rank": 24,
            "qk_nope_head_dim": 16,
            "qk_rope_head_dim": 16,
            "v_head_dim": 16,
            "moe_intermediate_size": 16,
            "n_routed_experts": 8,
            "n_shared_experts": 2,
            "num_experts_per_tok": 3,
            **changes,
        }
    )


def qwen3_next(**changes) -> hf.Qwen3NextConfig:
    return hf.Qwen3NextConfig(
        **{
            **GQA,
            **MOE,
            "num_hidden_layers": 4,
            "partial_rotary_factor": 0.5,
            "linear_key_head_dim": 16,
            "linear_value_head_dim": 16,
            "linear_num_key_heads": 2,
            "linear_num_value_heads": 4,
            "shared_expert_intermediate_size": 16,
            **changes,
        }
    )


def gemma(kind: type, **changes):
    return kind(**{**GQA, "num_hidden_layers": 4, "sliding_window": 8, "query_pre_attn_scalar": 24, **changes})


# name: configuration and seed. The seeds are chosen so that greedy ids are clear (no top-1 closer than 0.008 to the
# next) and not one token over and over.
FAMILIES: dict[str, tuple[hf.PreTrainedConfig, int]] = {
    "llama": (llama(tie_word_embeddings=True), 6),
    "llama3": (
        llama(
            num_hidden_layers=3,
            **rope(
                "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32
            ),
        ),
        1,
    ),
    "llama_yarn": (
        llama(**rope("yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=32, beta_slow=1)),
        2,
    ),
    "llama_linear": (llama(**rope("linear", factor=4.0)), 16),
    "llama_dynamic": (llama(max_position_embeddings=16, **rope("dynamic", factor=2.0)), 16),
    "mistral": (hf.MistralConfig(**GQA, sliding_window=8), 1),
    "gemma": (hf.GemmaConfig(**{**GQA, "num_key_value_heads": 1, "num_hidden_layers": 4}), 215),
    "gemma2": (gemma(hf.Gemma2Config, attn_logit_softcapping=2.0, final_logit_softcapping=1.5), 56),
    "gemma3": (
        gemma(
            hf.Gemma3TextConfig,
            sliding_window_pattern=3,
            rope_parameters={
                "sliding_attention": {"rope_type": "default", "rope_theta": 100.0},
                "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 10000.0},
            },
        ),
        99,
    ),
    "mixtral": (
        hf.MixtralConfig(**{**GQA, "intermediate_size": 24}, num_local_experts=4, num_experts_per_tok=2),
        0,
    ),
    "qwen2": (hf.Qwen2Config(**GQA, tie_word_embeddings=True), 32),
    "qwen3": (hf.Qwen3Config(**GQA, tie_word_embeddings=True), 42),
    "qwen2_moe": (
        hf.Qwen2MoeConfig(**GQA, **MOE, shared_expert_intermediate_size=24, norm_topk_prob=False),
        8,
    ),
    "qwen3_moe": (hf.Qwen3MoeConfig(**GQA, **MOE, norm_topk_prob=True), 12),
    "deepseek_v2": (
        deepseek(
            q_lora_rank=20, topk_method="group_limited_greedy", n_group=4, topk_group=2, routed_scaling_factor=2.0
        ),
        57,
    ),
    "deepseek_v2_lite": (
        deepseek(
            q_lora_rank=None,
            topk_method="greedy",
            max_position_embeddings=640,
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
        49,
    ),
    "qwen3_next": (qwen3_next(), 11),
    "qwen3_next_dense": (qwen3_next(mlp_only_layers=[0, 1, 2, 3]), 5),
    "mamba2": (
        hf.Mamba2Config(
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
        5,
    ),
    "jamba": (
        hf.JambaConfig(
            **{**TWO_HEADS, "num_key_value_heads": 1},
            attn_layer_period=2,
            attn_layer_offset=1,
            expert_layer_period=2,
            expert_layer_offset=1,
            num_experts=4,
            num_experts_per_tok=2,
            mamba_d_state=8,
            mamba_dt_rank=4,
        ),
        3,
    ),
    "lfm2": (
        hf.Lfm2Config(
            **{**TWO_HEADS, "num_hidden_layers": 4, "intermediate_size": 64},
            block_multiple_of=16,
            conv_L_cache=3,
            full_attn_idxs=[1, 3],
        ),
        7,
    ),
    "rwkv": (
        hf.RwkvConfig(**IDS, hidden_size=32, intermediate_size=64, num_hidden_layers=2, rescale_every=6),
        1,
    ),
    "olmo2": (hf.Olmo2Config(**GQA), 4),
    "olmoe": (
        hf.OlmoeConfig(**{**TWO_HEADS, "intermediate_size": 24}, num_experts=4, num_experts_per_tok=2),
        11,
    ),
    "phi": (hf.PhiConfig(**TWO_HEADS, partial_rotary_factor=0.5), 45),
    "phi3": (
        hf.Phi3Config(
            **{**SMALL, "hidden_size": 64, "pad_token_id": 0},
            num_attention_heads=4,
            num_key_value_heads=2,
            sliding_window=8,
        ),
        3,
    ),
    "gpt2": (
        hf.GPT2Config(
            vocab_size=64, n_positions=64, n_embd=32, n_layer=2, n_head=2, bos_token_id=1, eos_token_id=2
        ),
        67,
    ),
    "gpt_neox": (
        hf.GPTNeoXConfig(**SMALL, num_attention_heads=2, rotary_pct=0.5, use_parallel_residual=True),
        53,
    ),
    "falcon": (
        hf.FalconConfig(
            **IDS, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, ffn_hidden_size=96
        ),
        145,
    ),
    "bloom": (hf.BloomConfig(**IDS, hidden_size=32, n_layer=2, n_head=4, tie_word_embeddings=False), 0),
    "nemotron": (hf.NemotronConfig(**GQA, partial_rotary_factor=0.5), 2),
    "smollm3": (
        hf.SmolLM3Config(
            **{**SMALL, "num_hidden_layers": 3, "hidden_size": 64},
            num_attention_heads=4,
            num_key_value_heads=2,
            no_rope_layer_interval=3,
        ),
        64,
    ),
    "gpt_oss": (
        hf.GptOssConfig(
            **{**GQA, "intermediate_size": 16},
            num_local_experts=4,
            num_experts_per_tok=2,
            sliding_window=8,
            swiglu_limit=1.0,
            **rope(
                "yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=32.0, beta_slow=1.0, truncate=False
            ),
        ),
        12,
    ),
}
