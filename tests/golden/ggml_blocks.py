"""Blocks of every GGML type and their numbers by PyPI gguf: ggml_blocks.json.

A block's bytes come out of a small generator that the test has too, but for those of its scales, which are written over
(byte, kept bits, set bits) so that every number is finite. The file holds some numbers as they are, and a hash of all:
enough blocks that every point of every grid is met. Run: pip install gguf==0.19.0 && python ggml_blocks.py"""

import base64
import hashlib
import importlib.metadata
import json
from pathlib import Path

import gguf
import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as Type

BLOCKS = 1024  # of each type
SHOWN = 512  # numbers


def halves(*places: int) -> list[list[int]]:
    """Half-precision scales: of any sign and fraction, with an exponent between -8 and 7."""
    return [[place + 1, 0x83, 0x1C] if i % 2 else [place + 1, 0xA3, 0x18] for i, place in enumerate(places)]


SCALES = {
    "F32": [[3, 0x80, 0x3F]], "F16": halves(0), "BF16": [[1, 0x80, 0x3F]],
    "Q4_0": halves(0), "Q4_1": halves(0, 2), "Q5_0": halves(0), "Q5_1": halves(0, 2), "Q8_0": halves(0),
    "Q2_K": halves(80, 82), "Q3_K": halves(108), "Q4_K": halves(0, 2), "Q5_K": halves(0, 2), "Q6_K": halves(208),
    "IQ2_XXS": halves(0), "IQ2_XS": halves(0), "IQ2_S": halves(0), "IQ3_XXS": halves(0), "IQ3_S": halves(0),
    "IQ1_S": halves(0), "IQ1_M": [[55, 0x8F, 0x20]],  # the top four bits of its scale
    "IQ4_NL": halves(0), "IQ4_XS": halves(0), "TQ1_0": halves(52), "TQ2_0": halves(64),
    "MXFP4": [[0, 0x8F, 0x40]], "NVFP4": [],
}


def blocks(size: int, scales: list[list[int]]) -> np.ndarray:
    data, state = np.empty(BLOCKS * size, np.uint8), 22
    for i in range(len(data)):
        state = (state * 1664525 + 1013904223) % 2**32
        data[i] = state >> 24
    data = data.reshape(BLOCKS, size)
    for place, kept, set_bits in scales:
        data[:, place] = data[:, place] & kept | set_bits
    return data


cases = []
for name, scales in SCALES.items():
    quantisation = Type[name]
    values, size = GGML_QUANT_SIZES[quantisation]
    data = blocks(size, scales)
    if name == "F32":
        data = data.view(np.float32)
    elif name == "F16":
        data = data.view(np.float16)
    out = gguf.quants.dequantize(data.reshape(1, -1), quantisation)
    assert out.dtype == np.float32 and out.size == BLOCKS * values and np.isfinite(out).all(), name
    cases.append({
        "type": int(quantisation),
        "name": name,
        "scales": scales,
        "bytes": BLOCKS * size,
        "first": base64.b64encode(out.ravel()[:SHOWN].tobytes()).decode(),
        "sha256": hashlib.sha256(out.tobytes()).hexdigest(),
    })

golden = {
    "reference": f"gguf {importlib.metadata.version('gguf')} (PyPI), gguf.quants.dequantize; made by ggml_blocks.py",
    "blocks": BLOCKS,
    "cases": cases,
}
path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, indent=1) + "\n")
print(len(cases), "types,", path.stat().st_size, "bytes")
