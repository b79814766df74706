"""What a second implementation must know about each family: where transformers' models differ from the plain Llama
block (pre-norm RMSNorm, attention with rotary halves, SwiGLU), and which of those differences are easy to miss."""

ROPE_HALVES = "Rotary pairs are (i, i + rotary / 2): halves, not neighbours."
ONE_PLUS_NORM = "RMSNorm multiplies by (1 + weight), in float32 before the cast."
RENORMALISED = "Router: softmax over all experts, then top-k, then the k weights are divided by their sum."
NOT_RENORMALISED = "Router: softmax over all experts, then top-k; the k weights are not renormalised."
SHARED_GATE = "The shared expert's output is multiplied by sigmoid(shared_expert_gate(x))."
GELU_TANH = "The gate's activation is gelu_pytorch_tanh (field hidden_activation; old files say hidden_act gelu, meaning the same)."
EMBEDDING_SCALE = (
    "Embeddings are multiplied by sqrt(hidden_size), rounded to the weights' dtype (5.656854 here; 16-bit weights"
    " round it). The tied head does not see this factor."
)

DEEPSEEK = [
    "Rotary pairs are neighbours (2i, 2i + 1), in q and in the shared key, and stay where they are; the original code"
    " moves them to halves first, which gives the same scores.",
    "kv_a_layernorm and q_a_layernorm have eps 1e-6 whatever rms_norm_eps says.",
    "kv_a_proj_with_mqa gives [kv_lora_rank, qk_rope_head_dim]; the norm covers the first part only. kv_b_proj gives"
    " [nope, v] for each head.",
    "Softmax scale is (qk_nope_head_dim + qk_rope_head_dim)^-1/2.",
    NOT_RENORMALISED + " norm_topk_prob is ignored; the weights are multiplied by routed_scaling_factor.",
    "The shared experts are one MLP of width n_shared_experts x moe_intermediate_size, without a gate.",
]

QWEN3_NEXT = [
    ONE_PLUS_NORM + " The gated norm of the linear layers is the exception: it multiplies by weight, then by silu(z):"
    " norm before gate, one weight of linear_value_head_dim for all heads.",
    "Full attention: q_proj gives [q, gate] of head_dim each for each head in turn; the output is multiplied by"
    " sigmoid(gate) before o_proj. q and k are normalised per head, before rotary.",
    "in_proj_qkvz is grouped by key head: [q, k, v of its value heads, z of its value heads]; in_proj_ba the same:"
    " [b of its value heads, a of its value heads].",
    "Causal convolution with silu over the concatenation [q, k, v] (z not), without bias.",
    "q and k are divided by their L2 norm, x * rsqrt(sum(x^2) + 1e-6), after the convolution; q is then scaled by"
    " linear_key_head_dim^-1/2. Key head i serves the consecutive value heads of its group.",
    "Log decay = -exp(A_log) * softplus(a + dt_bias), beta = sigmoid(b); the state decays before the delta is taken.",
    "Rotary covers the first partial_rotary_factor of the head. " + ROPE_HALVES,
    "FLOPs: the reference pads the sequence to chunks of 64, so 24 tokens cost as much as 64 in its linear layers;"
    " its triangular solve is not counted; its convolution counts tokens + kernel - 1 positions.",
]

NOTES: dict[str, list[str]] = {
    "llama": [ROPE_HALVES],
    "llama3": [
        "Wavelengths above original_max_position_embeddings / low_freq_factor are divided by factor, those below"
        " original_max_position_embeddings / high_freq_factor kept, those between interpolated.",
    ],
    "llama_yarn": [
        "cos and sin are multiplied by 0.1 ln(factor) + 1, in both q and k. The correction range is truncated to whole"
        " indexes (field truncate, true where missing).",
    ],
    "llama_linear": ["Inverse frequencies are divided by factor."],
    "llama_dynamic": [
        "Dynamic NTK: once a sequence passes max_position_embeddings (16 here), the base depends on its length, for"
        " all of its positions.",
        "So a key cached at an earlier step was rotated with another base than a full forward uses. These greedy ids"
        " are of full forwards; transformers' own cached generation gives others.",
    ],
    "mistral": ["A window of 8 means the token itself and the 7 before it, in every layer."],
    "gemma": [
        ONE_PLUS_NORM,
        EMBEDDING_SCALE,
        GELU_TANH,
        "One key-value head. Softmax scale is head_dim^-1/2.",
    ],
    "gemma2": [
        ONE_PLUS_NORM,
        "Layers 0, 2, ... are windowed, 1, 3, ... full (layer_types).",
        "Four norms a layer; the post norms stand inside the residual branch, before the sum.",
        "Softmax scale is query_pre_attn_scalar^-1/2, not head_dim^-1/2; scores are capped after the scale and before"
        " the mask.",
        EMBEDDING_SCALE,
        GELU_TANH,
    ],
    "gemma3": [
        ONE_PLUS_NORM,
        "Every third layer here is full (every sixth in published models), the others windowed; each kind has its own"
        " rope base, and only the full layers are scaled (linear; the published 1B model has no scaling).",
        "q and k have an RMSNorm per head, (1 + weight) as well, before rotary. No soft-caps.",
        "Embedding scale, sandwich norms, softmax scale and activation as Gemma 2.",
    ],
    "mixtral": [
        RENORMALISED + " Equal to a softmax over the top k logits.",
        "Files hold one expert a tensor (w1 gate, w3 up, w2 down); in memory transformers fuses them.",
        "Published Mixtral has sliding_window null: full attention.",
    ],
    "qwen2": [
        "Biases on q, k and v, none on o. use_sliding_window is false in all published files: sliding_window then"
        " means nothing.",
    ],
    "qwen3": ["q and k have an RMSNorm per head (weight of head_dim), before rotary. No biases."],
    "qwen2_moe": [NOT_RENORMALISED, SHARED_GATE, "Biases on q, k and v."],
    "qwen3_moe": [
        RENORMALISED + " (norm_topk_prob true, as published.)",
        "qk-norm per head as Qwen 3; no shared expert.",
    ],
    "deepseek_v2": DEEPSEEK
    + [
        "group_limited_greedy: the topk_group groups with the largest single score stay, the scores of the others"
        " become 0 before top-k.",
    ],
    "deepseek_v2_lite": DEEPSEEK
    + [
        "YaRN: with mscale = mscale_all_dim the factor of cos and sin is 1, and the softmax scale is multiplied by"
        " (0.1 * mscale_all_dim * ln(factor) + 1)^2.",
    ],
    "qwen3_next": QWEN3_NEXT + [RENORMALISED, SHARED_GATE],
    "qwen3_next_dense": QWEN3_NEXT + ["mlp_only_layers names all layers, so none has experts."],
    "mamba2": [
        "in_proj gives [z (gate), x, B, C, dt]; the causal convolution with bias and silu covers [x, B, C].",
        "dt = clamp(softplus(dt + dt_bias), time_step_limit); time_step_min, time_step_max and time_step_floor serve"
        " initialisation only. transformers' single step leaves the clamp out.",
        "A = -exp(A_log), one for a head. y = C.S + D x; then times silu(z), then RMSNorm: gate before norm. The"
        " norm's mean covers one group (intermediate / n_groups), its weight all of it.",
        "Group g of B and C serves the consecutive heads of its share.",
        "chunk_size 8 is shorter than the prompt, so that the reference crosses chunks; the logits do not depend on"
        " it (1e-6), the FLOPs do: the sequence is padded to whole chunks. Its convolution counts tokens + kernel - 1"
        " positions.",
        "transformers 5 names the embedding backbone.embeddings; files by the original authors say"
        " backbone.embedding.",
    ],
    "jamba": [
        "Attention has no position encoding at all.",
        "The recurrent layers are Mamba 1 (one decay for each channel and state), with RMSNorms on dt, B and C.",
        "Experts are of intermediate_size, as the dense layers' MLP.",
        NOT_RENORMALISED,
    ],
    "lfm2": [
        "Short convolution: in_proj gives [B, C, x]; out_proj(C * conv(B * x)), a causal convolution without"
        " activation.",
        "The MLP's width is not intermediate_size where block_auto_adjust_ff_dim is true: two thirds of it, times"
        " block_ffn_dim_multiplier, rounded up to block_multiple_of (64 -> 42 -> 48 here).",
        "qk-norm per head, before rotary. The norm after the last layer is named embedding_norm.",
    ],
    "rwkv": [
        "RWKV 4, the only one in transformers. wkv is a running weighted mean with decay exp(-exp(time_decay)) and"
        " bonus time_first; the FLOPs leave it out.",
        "The first block has one more LayerNorm (pre_ln). In eval mode the hidden state is halved every rescale_every"
        " layers, and so are the weights that write to it after that (never here: 2 layers).",
    ],
    "olmo2": [
        "No norm before attention or MLP: both norms stand after the branch, before the sum.",
        "q and k have an RMSNorm over their full width (all heads at once), before they are split into heads and"
        " rotated.",
    ],
    "olmoe": [
        "q and k have an RMSNorm over their full width, as OLMo 2; the norms of the layer stand before the branches.",
        NOT_RENORMALISED + " (norm_topk_prob false, as published.)",
    ],
    "phi": [
        "Parallel block: x + attention(norm x) + mlp(norm x), one LayerNorm for both.",
        "Biases everywhere: q, k, v, dense, fc1, fc2 and the head. gelu_new (tanh).",
        "Rotary covers the first partial_rotary_factor of the head. " + ROPE_HALVES,
    ],
    "phi3": [
        "qkv_proj is [q, k, v], gate_up_proj is [gate, up].",
        "sliding_window counts as in Mistral (2047 in the published 4k model).",
    ],
    "gpt2": [
        "Matrices are stored [in, out] (Conv1D), not [out, in]. c_attn is [q, k, v].",
        "Learned positions are added to the token embedding. gelu_new (tanh). Tied head.",
    ],
    "gpt_neox": [
        "Parallel block with two norms: x + attention(norm1 x) + mlp(norm2 x).",
        "query_key_value is interleaved by head: [q, k, v] of head_dim each for each head in turn.",
        "Exact gelu (erf). Untied head without bias. Rotary covers the first rotary_pct of the head.",
    ],
    "falcon": [
        "Parallel block with one LayerNorm, no biases in the matrices, exact gelu, tied head.",
        "One key-value head: query_key_value is [all q heads, k, v].",
    ],
    "bloom": [
        "ALiBi: slope(head) * key position is added to the scaled scores; slopes 2^(-8 (head + 1) / heads) for a power"
        " of two of heads. (ALiBi models of Falcon add it before the scale.)",
        "A LayerNorm after the embedding. query_key_value is interleaved by head as in GPT-NeoX. Untied here, tied in"
        " published models.",
        "gelu by tanh. LayerNorms and matrices have biases.",
    ],
    "nemotron": [
        "LayerNorm multiplies by (1 + weight), with bias. The MLP is down(relu(up x)^2), without a gate.",
        "Rotary covers the first partial_rotary_factor of the head. " + ROPE_HALVES,
    ],
    "smollm3": ["no_rope_layers holds 1 where a layer HAS rotary: every fourth layer has none (the third here)."],
    "gpt_oss": [
        "A learned logit for each head (sinks) joins the softmax and is dropped from its result.",
        "Layers 0, 2, ... are windowed, 1, 3, ... full. Biases on q, k, v, o, the router and the experts.",
        "Router: top-k of the logits, then softmax over those k.",
        "gate_up_proj is stored [experts, in, out], with gate and up interleaved: gate = columns 0, 2, ...",
        "gate is clamped to at most swiglu_limit, up to +-swiglu_limit (1 here, 7 published); the product is"
        " (up + 1) * gate * sigmoid(1.702 gate).",
        "YaRN with truncate false.",
    ],
}
