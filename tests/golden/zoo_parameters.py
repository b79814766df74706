"""Write zoo_parameters.json: exact parameter counts of published models, from their published configurations.

    python zoo_parameters.py

Each configuration is typed from the model's public config.json (the fields that matter, under the names used
there) and built by transformers on torch's meta device, so no weights and no network are needed. `parameters` is
that count, with tied tensors once. `published` is a count that the makers state or that the published files hold,
with its source; null where none is known exactly. The two are compared and never made to agree. Only RWKV-6, which
transformers does not have, is counted by the formula of its paper."""

import json
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM

OUT = Path(__file__).with_suffix(".json")
FILES = "tensors of the published safetensors, as the model page counts them"
PYTHIA = "Pythia README, table of models: total parameters"
FINCH = "Finch paper (Peng et al. 2024, arXiv 2404.05892), formula of parameters: 13 D^2 L + 464 D L + 4 D + 2 D V"


def llama(vocab, hidden, inner, layers, heads, kv_heads, **rest):
    return dict(
        model_type="llama",
        vocab_size=vocab,
        hidden_size=hidden,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        **{"rms_norm_eps": 1e-5, "tie_word_embeddings": False, **rest},
    )


def llama3_rope(factor):
    return dict(
        rope_theta=500000.0,
        max_position_embeddings=131072,
        rope_scaling=dict(
            rope_type="llama3",
            factor=factor,
            low_freq_factor=1.0,
            high_freq_factor=4.0,
            original_max_position_embeddings=8192,
        ),
    )


def gpt2(width, layers, heads):
    return dict(model_type="gpt2", vocab_size=50257, n_positions=1024, n_embd=width, n_layer=layers, n_head=heads)


def pythia(width, layers, heads, vocab=50304):
    return dict(
        model_type="gpt_neox",
        vocab_size=vocab,
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        max_position_embeddings=2048,
        rotary_pct=0.25,
        rotary_emb_base=10000,
        layer_norm_eps=1e-5,
        use_parallel_residual=True,
        tie_word_embeddings=False,
    )


def gemma(kind, vocab, hidden, inner, layers, heads, kv_heads, head_dim=256, **rest):
    return dict(
        model_type=kind,
        vocab_size=vocab,
        hidden_size=hidden,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=head_dim,
        rms_norm_eps=1e-6,
        tie_word_embeddings=True,
        **rest,
    )


def gemma2(*sizes, query_pre_attn_scalar=256, **rest):
    return gemma(
        "gemma2",
        256000,
        *sizes,
        max_position_embeddings=8192,
        rope_theta=10000.0,
        sliding_window=4096,
        query_pre_attn_scalar=query_pre_attn_scalar,
        attn_logit_softcapping=50.0,
        final_logit_softcapping=30.0,
        hidden_activation="gelu_pytorch_tanh",
        **rest,
    )


def gemma3(*sizes):
    return gemma(
        "gemma3_text",
        262144,
        *sizes,
        max_position_embeddings=32768,
        rope_theta=1000000.0,
        rope_local_base_freq=10000.0,
        sliding_window=512,
        sliding_window_pattern=6,
        query_pre_attn_scalar=256,
        hidden_activation="gelu_pytorch_tanh",
    )


def qwen(kind, vocab, hidden, inner, layers, heads, kv_heads, tied, **rest):
    return dict(
        model_type=kind,
        vocab_size=vocab,
        hidden_size=hidden,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        rms_norm_eps=1e-6,
        rope_theta=1000000.0,
        tie_word_embeddings=tied,
        **rest,
    )


def mistral(vocab, window, theta):
    return {
        **llama(vocab, 4096, 14336, 32, 32, 8, max_position_embeddings=32768),
        "model_type": "mistral",
        "sliding_window": window,
        "rope_theta": theta,
    }


def mixtral(hidden, inner, layers, heads, vocab=32000, positions=32768):
    return {
        **llama(vocab, hidden, inner, layers, heads, 8, max_position_embeddings=positions),
        "model_type": "mixtral",
        "num_local_experts": 8,
        "num_experts_per_tok": 2,
        "sliding_window": None,
        "rope_theta": 1000000.0,
    }


def olmo2(hidden, inner, layers, heads):
    return {
        **llama(100352, hidden, inner, layers, heads, heads, max_position_embeddings=4096),
        "model_type": "olmo2",
        "rms_norm_eps": 1e-6,
        "rope_theta": 500000.0,
    }


def deepseek_v2(hidden, inner, expert_inner, layers, heads, experts, q_lora_rank, **rest):
    return dict(
        model_type="deepseek_v2",
        vocab_size=102400,
        hidden_size=hidden,
        intermediate_size=inner,
        moe_intermediate_size=expert_inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        q_lora_rank=q_lora_rank,
        kv_lora_rank=512,
        qk_nope_head_dim=128,
        qk_rope_head_dim=64,
        v_head_dim=128,
        n_routed_experts=experts,
        n_shared_experts=2,
        num_experts_per_tok=6,
        first_k_dense_replace=1,
        norm_topk_prob=False,
        rms_norm_eps=1e-6,
        rope_theta=10000,
        max_position_embeddings=163840,
        tie_word_embeddings=False,
        **rest,
    )


def deepseek_rope(mscale):
    return dict(
        type="yarn",
        factor=40,
        original_max_position_embeddings=4096,
        beta_fast=32,
        beta_slow=1,
        mscale=mscale,
        mscale_all_dim=mscale,
    )


def mamba2(width, layers, vocab=50288, groups=1, tied=True):
    return dict(
        model_type="mamba2",
        vocab_size=vocab,
        hidden_size=width,
        num_hidden_layers=layers,
        expand=2,
        num_heads=2 * width // 64,
        head_dim=64,
        n_groups=groups,
        state_size=128,
        conv_kernel=4,
        use_bias=False,
        use_conv_bias=True,
        layer_norm_epsilon=1e-5,
        tie_word_embeddings=tied,
    )


def rwkv4(width, layers):
    return dict(
        model_type="rwkv",
        vocab_size=50277,
        hidden_size=width,
        attention_hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        context_length=1024,
        rescale_every=6,
        tie_word_embeddings=False,
    )


def rwkv6(width, layers):
    """As the authors' Hugging Face folders say it; transformers has no such model."""
    return dict(
        model_type="rwkv6",
        vocab_size=65536,
        hidden_size=width,
        attention_hidden_size=width,
        num_hidden_layers=layers,
        head_size=64,
        head_size_divisor=8,
        intermediate_size=None,
        layer_norm_epsilon=1e-5,
        tie_word_embeddings=False,
    )


def rwkv6_parameters(config):
    """The Finch paper's formula (Peng et al. 2024, arXiv 2404.05892): 13 D^2 L + 464 D L + 4 D + 2 D V."""
    width, layers = config["hidden_size"], config["num_hidden_layers"]
    return layers * (13 * width**2 + 464 * width) + 4 * width + 2 * width * config["vocab_size"]


def phi(hidden, layers, partial):
    return dict(
        model_type="phi",
        vocab_size=51200,
        hidden_size=hidden,
        intermediate_size=4 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=32,
        num_key_value_heads=32,
        partial_rotary_factor=partial,
        layer_norm_eps=1e-5,
        max_position_embeddings=2048,
        rope_theta=10000.0,
        tie_word_embeddings=False,
    )


def lfm2(hidden, heads, inner):
    return dict(
        model_type="lfm2",
        vocab_size=65536,
        hidden_size=hidden,
        num_hidden_layers=16,
        num_attention_heads=heads,
        num_key_value_heads=8,
        block_ff_dim=inner,
        block_multiple_of=256,
        block_ffn_dim_multiplier=1.0,
        block_auto_adjust_ff_dim=True,
        conv_L_cache=3,
        conv_bias=False,
        full_attn_idxs=[2, 5, 8, 10, 12, 14],
        norm_eps=1e-5,
        rope_theta=1000000.0,
        tie_word_embeddings=True,
    )


def gpt_oss(layers, experts):
    return dict(
        model_type="gpt_oss",
        vocab_size=201088,
        hidden_size=2880,
        intermediate_size=2880,
        num_hidden_layers=layers,
        num_attention_heads=64,
        num_key_value_heads=8,
        head_dim=64,
        num_local_experts=experts,
        num_experts_per_tok=4,
        sliding_window=128,
        rms_norm_eps=1e-5,
        rope_theta=150000,
        max_position_embeddings=131072,
        rope_scaling=dict(
            rope_type="yarn",
            factor=32.0,
            original_max_position_embeddings=4096,
            beta_fast=32.0,
            beta_slow=1.0,
            truncate=False,
        ),
        tie_word_embeddings=False,
    )


# name, configuration, published count (None: not known exactly), where that count stands
MODELS = [
    ("gpt2", gpt2(768, 12, 12), 124439808, "widely reported count of the released weights"),
    ("gpt2-medium", gpt2(1024, 24, 16), 354823168, "widely reported count of the released weights"),
    ("gpt2-large", gpt2(1280, 36, 20), 774030080, "widely reported count of the released weights"),
    ("gpt2-xl", gpt2(1600, 48, 25), 1557611200, "widely reported count of the released weights"),
    ("pythia-70m", pythia(512, 6, 8), 70426624, PYTHIA),
    ("pythia-160m", pythia(768, 12, 12), 162322944, PYTHIA),
    ("pythia-410m", pythia(1024, 24, 16), 405334016, PYTHIA),
    ("pythia-1b", pythia(2048, 16, 8), 1011781632, PYTHIA),
    ("pythia-1.4b", pythia(2048, 24, 16), 1414647808, PYTHIA),
    ("pythia-2.8b", pythia(2560, 32, 32), 2775208960, PYTHIA),
    ("pythia-6.9b", pythia(4096, 32, 32, vocab=50432), 6857302016, PYTHIA),
    ("pythia-12b", pythia(5120, 36, 40, vocab=50688), 11846072320, PYTHIA),
    (
        "llama-7b",
        llama(32000, 4096, 11008, 32, 32, 32, rms_norm_eps=1e-6, max_position_embeddings=2048, rope_theta=10000.0),
        6738415616,
        FILES,
    ),
    (
        "llama-2-7b",
        llama(32000, 4096, 11008, 32, 32, 32, max_position_embeddings=4096, rope_theta=10000.0),
        6738415616,
        FILES,
    ),
    (
        "llama-2-13b",
        llama(32000, 5120, 13824, 40, 40, 40, max_position_embeddings=4096, rope_theta=10000.0),
        13015864320,
        FILES,
    ),
    (
        "llama-2-70b",
        llama(32000, 8192, 28672, 80, 64, 8, max_position_embeddings=4096, rope_theta=10000.0),
        68976648192,
        FILES,
    ),
    (
        "llama-3-8b",
        llama(128256, 4096, 14336, 32, 32, 8, max_position_embeddings=8192, rope_theta=500000.0),
        8030261248,
        FILES,
    ),
    ("llama-3.1-8b", llama(128256, 4096, 14336, 32, 32, 8, **llama3_rope(8.0)), 8030261248, FILES),
    ("llama-3.1-70b", llama(128256, 8192, 28672, 80, 64, 8, **llama3_rope(8.0)), 70553706496, FILES),
    (
        "llama-3.2-1b",
        llama(128256, 2048, 8192, 16, 32, 8, head_dim=64, tie_word_embeddings=True, **llama3_rope(32.0)),
        1235814400,
        FILES,
    ),
    (
        "llama-3.2-3b",
        llama(128256, 3072, 8192, 28, 24, 8, head_dim=128, tie_word_embeddings=True, **llama3_rope(32.0)),
        3212749824,
        FILES,
    ),
    (
        "tinyllama-1.1b",
        llama(32000, 2048, 5632, 22, 32, 4, max_position_embeddings=2048, rope_theta=10000.0),
        1100048384,
        FILES,
    ),
    (
        "smollm2-135m",
        llama(
            49152, 576, 1536, 30, 9, 3, max_position_embeddings=8192, rope_theta=100000.0, tie_word_embeddings=True
        ),
        134515008,
        FILES,
    ),
    (
        "smollm2-360m",
        llama(
            49152, 960, 2560, 32, 15, 5, max_position_embeddings=8192, rope_theta=100000.0, tie_word_embeddings=True
        ),
        361821120,
        FILES,
    ),
    (
        "smollm2-1.7b",
        llama(
            49152, 2048, 8192, 24, 32, 32, max_position_embeddings=8192, rope_theta=130000.0, tie_word_embeddings=True
        ),
        1711376384,
        FILES,
    ),
    ("mistral-7b-v0.1", mistral(32000, 4096, 10000.0), 7241732096, FILES),
    ("mistral-7b-v0.3", mistral(32768, None, 1000000.0), 7248023552, FILES),
    (
        "gemma-2b",
        gemma("gemma", 256000, 2048, 16384, 18, 8, 1, max_position_embeddings=8192, rope_theta=10000.0),
        2506172416,
        FILES,
    ),
    (
        "gemma-7b",
        gemma("gemma", 256000, 3072, 24576, 28, 16, 16, max_position_embeddings=8192, rope_theta=10000.0),
        8537680896,
        FILES,
    ),
    ("gemma-2-2b", gemma2(2304, 9216, 26, 8, 4), 2614341888, FILES),
    ("gemma-2-9b", gemma2(3584, 14336, 42, 16, 8), 9241705984, FILES),
    ("gemma-2-27b", gemma2(4608, 36864, 46, 32, 16, 128, query_pre_attn_scalar=144), 27227128320, FILES),
    ("gemma-3-270m", gemma3(640, 2048, 18, 4, 1), 268098176, FILES),
    ("gemma-3-1b", gemma3(1152, 6912, 26, 4, 1), 999885952, FILES),
    ("qwen2.5-0.5b", qwen("qwen2", 151936, 896, 4864, 24, 14, 2, True, max_position_embeddings=32768), 494032768, FILES),
    ("qwen2.5-1.5b", qwen("qwen2", 151936, 1536, 8960, 28, 12, 2, True, max_position_embeddings=131072), 1543714304, FILES),
    ("qwen2.5-3b", qwen("qwen2", 151936, 2048, 11008, 36, 16, 2, True, max_position_embeddings=32768), 3085938688, FILES),
    ("qwen2.5-7b", qwen("qwen2", 152064, 3584, 18944, 28, 28, 4, False, max_position_embeddings=131072), 7615616512, FILES),
    (
        "qwen3-0.6b",
        qwen("qwen3", 151936, 1024, 3072, 28, 16, 8, True, head_dim=128, max_position_embeddings=40960),
        596049920,
        "tied tensors once; " + FILES + " are 751632384: they hold the tied head as well",
    ),
    (
        "qwen3-1.7b",
        qwen("qwen3", 151936, 2048, 6144, 28, 16, 8, True, head_dim=128, max_position_embeddings=40960),
        1720574976,
        "tied tensors once; " + FILES + " are 2031739904: they hold the tied head as well",
    ),
    (
        "qwen3-4b",
        qwen("qwen3", 151936, 2560, 9728, 36, 32, 8, True, head_dim=128, max_position_embeddings=40960),
        4022468096,
        FILES,
    ),
    (
        "qwen3-8b",
        qwen("qwen3", 151936, 4096, 12288, 36, 32, 8, False, head_dim=128, max_position_embeddings=40960),
        8190735360,
        FILES,
    ),
    (
        "qwen1.5-moe-a2.7b",
        qwen(
            "qwen2_moe",
            151936,
            2048,
            5632,
            24,
            16,
            16,
            False,
            moe_intermediate_size=1408,
            shared_expert_intermediate_size=5632,
            num_experts=60,
            num_experts_per_tok=4,
            norm_topk_prob=False,
            max_position_embeddings=8192,
        ),
        14315784192,
        FILES,
    ),
    (
        "qwen3-30b-a3b",
        qwen(
            "qwen3_moe",
            151936,
            2048,
            6144,
            48,
            32,
            4,
            False,
            head_dim=128,
            moe_intermediate_size=768,
            num_experts=128,
            num_experts_per_tok=8,
            norm_topk_prob=True,
            max_position_embeddings=40960,
        ),
        30532122624,
        FILES,
    ),
    ("mixtral-8x7b", mixtral(4096, 14336, 32, 32), 46702792704, FILES),
    ("mixtral-8x22b", mixtral(6144, 16384, 56, 48, positions=65536), 140620634112, FILES),
    (
        "olmoe-1b-7b",
        {
            **llama(50304, 2048, 1024, 16, 16, 16, max_position_embeddings=4096, rope_theta=10000.0),
            "model_type": "olmoe",
            "num_experts": 64,
            "num_experts_per_tok": 8,
            "norm_topk_prob": False,
        },
        6919161856,
        FILES,
    ),
    (
        "deepseek-v2-lite",
        deepseek_v2(
            2048,
            10944,
            1408,
            27,
            16,
            64,
            None,
            topk_method="greedy",
            n_group=1,
            topk_group=1,
            routed_scaling_factor=1.0,
            rope_scaling=deepseek_rope(0.707),
        ),
        15706484224,
        FILES,
    ),
    (
        "deepseek-v2",
        deepseek_v2(
            5120,
            12288,
            1536,
            60,
            128,
            160,
            1536,
            topk_method="group_limited_greedy",
            n_group=8,
            topk_group=3,
            routed_scaling_factor=16.0,
            rope_scaling=deepseek_rope(0.707),
        ),
        235741434880,
        FILES,
    ),
    ("gpt-oss-20b", gpt_oss(24, 32), 20914757184, "gpt-oss model card, table 1 (20.91B), and the unpacked tensors"),
    ("gpt-oss-120b", gpt_oss(36, 128), 116829156672, "gpt-oss model card, table 1 (116.83B), and the unpacked tensors"),
    ("phi-1.5", phi(2048, 24, 0.5), 1418270720, FILES),
    ("phi-2", phi(2560, 32, 0.4), 2779683840, FILES),
    (
        "phi-3-mini-4k",
        {
            **llama(32064, 3072, 8192, 32, 32, 32, max_position_embeddings=4096, rope_theta=10000.0),
            "model_type": "phi3",
            "sliding_window": 2047,
        },
        3821079552,
        FILES,
    ),
    ("olmo-2-1b", olmo2(2048, 8192, 16, 16), 1484916736, FILES),
    ("olmo-2-7b", olmo2(4096, 11008, 32, 32), 7298617344, FILES),
    ("olmo-2-13b", olmo2(5120, 13824, 40, 40), 13716198400, FILES),
    (
        "falcon-7b",
        dict(
            model_type="falcon",
            vocab_size=65024,
            hidden_size=4544,
            num_hidden_layers=32,
            num_attention_heads=71,
            multi_query=True,
            parallel_attn=True,
            new_decoder_architecture=False,
            bias=False,
            alibi=False,
        ),
        6921720704,
        "reported by users of the released weights, not checked against the files",
    ),
    (
        "bloom-560m",
        dict(model_type="bloom", vocab_size=250880, hidden_size=1024, n_layer=24, n_head=16),
        559214592,
        FILES,
    ),
    (
        "mpt-7b",
        dict(model_type="mpt", vocab_size=50432, d_model=4096, n_layers=32, n_heads=32, expansion_ratio=4, no_bias=True),
        6649286656,
        "reported by users of the released weights, not checked against the files",
    ),
    ("mamba2-130m", mamba2(768, 24), 128989632, "count of the released checkpoint, embedding padded to 50288 rows"),
    ("mamba2-370m", mamba2(1024, 48), None, None),
    ("mamba2-780m", mamba2(1536, 48), None, None),
    ("mamba2-1.3b", mamba2(2048, 48), None, None),
    ("mamba2-2.7b", mamba2(2560, 64), 2702599680, "count of the released checkpoint, embedding padded to 50288 rows"),
    (
        "mamba-codestral-7b",
        mamba2(4096, 64, vocab=32768, groups=8, tied=False),
        7285403648,
        "Mistral's announcement of Codestral Mamba",
    ),
    ("rwkv-4-169m", rwkv4(768, 12), 169342464, "RWKV paper (Peng et al. 2023), table of models: 1.693e8"),
    ("rwkv-4-430m", rwkv4(1024, 24), 430397440, "RWKV paper (Peng et al. 2023), table of models: 4.304e8"),
    ("rwkv-6-1.6b", rwkv6(2048, 24), 1599873024, FINCH),
    ("rwkv-6-3b", rwkv6(2560, 32), None, None),
    (
        "jamba-v0.1",
        dict(
            model_type="jamba",
            vocab_size=65536,
            hidden_size=4096,
            intermediate_size=14336,
            num_hidden_layers=32,
            num_attention_heads=32,
            num_key_value_heads=8,
            num_experts=16,
            num_experts_per_tok=2,
            attn_layer_period=8,
            attn_layer_offset=4,
            expert_layer_period=2,
            expert_layer_offset=1,
            mamba_d_state=16,
            mamba_d_conv=4,
            mamba_expand=2,
            mamba_dt_rank=256,
            mamba_conv_bias=True,
            mamba_proj_bias=False,
            rms_norm_eps=1e-6,
            tie_word_embeddings=False,
        ),
        51570323328,
        FILES,
    ),
    (
        "qwen3-next-80b-a3b",
        dict(
            model_type="qwen3_next",
            vocab_size=151936,
            hidden_size=2048,
            intermediate_size=5120,
            num_hidden_layers=48,
            num_attention_heads=16,
            num_key_value_heads=2,
            head_dim=256,
            partial_rotary_factor=0.25,
            rope_theta=10000000,
            full_attention_interval=4,
            linear_conv_kernel_dim=4,
            linear_key_head_dim=128,
            linear_value_head_dim=128,
            linear_num_key_heads=16,
            linear_num_value_heads=32,
            moe_intermediate_size=512,
            shared_expert_intermediate_size=512,
            num_experts=512,
            num_experts_per_tok=10,
            decoder_sparse_step=1,
            norm_topk_prob=True,
            max_position_embeddings=262144,
            rms_norm_eps=1e-6,
            tie_word_embeddings=False,
        ),
        79674391296,
        FILES + " are 81324862720, of which 1650471424 are the multi-token-prediction module, not counted here",
    ),
    ("lfm2-350m", lfm2(1024, 16, 6656), 354483968, FILES),
    ("lfm2-1.2b", lfm2(2048, 32, 12288), 1170340608, FILES),
    (
        "smollm3-3b",
        {
            **llama(128256, 2048, 11008, 36, 16, 4, max_position_embeddings=65536, rope_theta=5000000.0),
            "model_type": "smollm3",
            "rms_norm_eps": 1e-6,
            "no_rope_layer_interval": 4,
            "tie_word_embeddings": True,
        },
        3075098624,
        FILES,
    ),
]


def count(config: dict) -> int:
    if config["model_type"] == "rwkv6":
        return rwkv6_parameters(config)
    fields = {name: value for name, value in config.items() if name != "model_type"}
    # Copies: transformers writes into the rope dictionaries it is given.
    built = AutoConfig.for_model(config["model_type"], **json.loads(json.dumps(fields)))
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(built).num_parameters()


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    entries = []
    for name, config, published, source in MODELS:
        parameters = count(config)
        entries.append(
            {"name": name, "config": config, "parameters": parameters, "published": published, "source": source}
        )
        verdict = "" if published in (None, parameters) else f"  DIFFERS from {published:,}"
        print(f"{name:20} {parameters:>15,}{verdict}", flush=True)
    made_by = f"transformers {transformers.__version__}, torch {torch.__version__}, meta device"
    lines = ",\n".join(f"    {json.dumps(entry)}" for entry in entries)
    OUT.write_text(f'{{\n  "made_by": {json.dumps(made_by)},\n  "models": [\n{lines}\n  ]\n}}\n')
