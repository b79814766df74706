"""
onnxruntime-genai's own builder, with its own arguments. transformers 5 keeps a theta for each kind of layer, which genai
0.18's builder for Gemma 3 does not find: it is handed the configuration as transformers 4 had it.
"""
import transformers
from onnxruntime_genai.models import builder


class Config:
    @staticmethod
    def from_pretrained(*args, **kwargs):
        config = transformers.AutoConfig.from_pretrained(*args, **kwargs)
        by_layer = getattr(config, "rope_parameters", None) or {}
        if "full_attention" in by_layer and "sliding_attention" in by_layer:
            config.rope_parameters = dict(by_layer["full_attention"])
            config.rope_theta = by_layer["full_attention"]["rope_theta"]
            config.rope_local_base_freq = by_layer["sliding_attention"]["rope_theta"]
        return config


builder.AutoConfig = Config  # for what the builder reads itself; the weights are loaded by the folder's own
args = builder.get_args()
options = builder.parse_extra_options(
    args.model_name, args.input, args.output, args.precision, args.execution_provider, args.cache_dir, args.extra_options
)
builder.create_model(
    args.model_name, args.input, args.output, args.precision, args.execution_provider, args.cache_dir, **options
)
