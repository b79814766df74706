"""Writes flops_gemma3.json: FLOPs of Gemma 3 270M by adding up every product of its layers, pair by pair of tokens, for the
tests of lib/cost.

python3 tests/golden/flops_gemma3.py      (nothing but Python, a second)

The sizes are those of the published config.json (google/gemma-3-270m): 18 layers, of which every sixth sees all tokens and
the others 512; 4 query heads of 256 that share one of keys and values; GeGLU of 2,048; 262,144 tokens, tied head.
`dense` is what torch's FlopCounterMode counts (2 m n k of every matrix product, all pairs); `causal` counts the pairs that
order and window let through, one by one. The embedding's scale, look-ups, norms and the norms of q and k are no products.
"""
import json
from pathlib import Path

LAYERS, HIDDEN, HEADS, KV_HEADS, HEAD_DIM, INNER, VOCAB, WINDOW = 18, 640, 4, 1, 256, 2048, 262_144, 512


def product(m, k, n):
    return 2 * m * k * n


def forward(tokens, past, rows, causal, batch=1):
    """One pass of `tokens` new tokens behind `past`, its head on `rows` of them."""
    total = 0
    for layer in range(LAYERS):
        window = None if (layer + 1) % 6 == 0 else WINDOW
        for matrix in [(HIDDEN, HEADS * HEAD_DIM), (HIDDEN, KV_HEADS * HEAD_DIM), (HIDDEN, KV_HEADS * HEAD_DIM),
                       (HEADS * HEAD_DIM, HIDDEN), (HIDDEN, INNER), (HIDDEN, INNER), (INNER, HIDDEN)]:
            total += product(tokens, *matrix)
        pairs = 0
        for query in range(past, past + tokens):
            for key in range(past + tokens):
                if not causal or (key <= query and (window is None or query - key < window)):
                    pairs += 1
        total += pairs * HEADS * (product(1, HEAD_DIM, 1) + product(1, 1, HEAD_DIM))  # scores, and weighted values
    return batch * (total + product(rows, HIDDEN, VOCAB))


def parameters():
    attention = 2 * HIDDEN * HEADS * HEAD_DIM + 2 * HIDDEN * KV_HEADS * HEAD_DIM
    norms = 4 * HIDDEN + 2 * HEAD_DIM
    return LAYERS * (attention + 3 * HIDDEN * INNER + norms) + HIDDEN + VOCAB * HIDDEN


CASES = [
    {"tokens": 64, "past": 0, "rows": 64},
    {"tokens": 700, "past": 0, "rows": 1},
    {"tokens": 700, "past": 0, "rows": 700},
    {"tokens": 1, "past": 500, "rows": 1},
    {"tokens": 1, "past": 511, "rows": 1},
    {"tokens": 1, "past": 512, "rows": 1},
    {"tokens": 1, "past": 4000, "rows": 1},
    {"tokens": 100, "past": 480, "rows": 1},
]
for case in CASES:
    case["dense"] = forward(**{k: case[k] for k in ("tokens", "past", "rows")}, causal=False)
    case["causal"] = forward(**{k: case[k] for k in ("tokens", "past", "rows")}, causal=True)
OUT = {
    "model": "Gemma 3 270M, from its published config.json",
    "reference": "flops_gemma3.py: every product, pair by pair",
    "parameters": parameters(),
    "cases": CASES,
}
Path(__file__).with_suffix(".json").write_text(json.dumps(OUT, indent=1) + "\n")
