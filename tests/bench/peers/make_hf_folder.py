"""A Hugging Face folder from a GGUF: every weight dequantised to float32. Arguments: GGUF, folder."""
import os
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

gguf, folder = sys.argv[1:]
where = {"pretrained_model_name_or_path": os.path.dirname(gguf), "gguf_file": os.path.basename(gguf)}
loaded = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
if hasattr(loaded.config, "quantization_config"):
    del loaded.config.quantization_config
# what was loaded from a GGUF refuses to be saved: its numbers go into a plain model
plain = AutoModelForCausalLM.from_config(loaded.config, dtype=torch.float32)
plain.load_state_dict(loaded.state_dict())
plain.tie_weights()
plain.save_pretrained(folder)
AutoTokenizer.from_pretrained(**where).save_pretrained(folder)
